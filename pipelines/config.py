"""The configuration of a run: one frozen dataclass, read from YAML, with every default in code."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dacite
import yaml

from pipelines.intake_config import ConsentConfig, ManifestConfig, PublishConfig
from pipelines.isolation import IsolationConfig
from pipelines.stages import VisitSections
from schemas.outcomes import BadInputError
from transforms.assign_split import SplitConfig
from transforms.balance import BalanceConfig
from transforms.cluster_identities import IdentityConfig
from transforms.filter_clips import DEFAULT_RULES, Rule, merge_rules
from transforms.find_near_duplicates import DuplicateConfig
from transforms.shard_layout import ShardConfig
from transforms.summarise_bias import BiasConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class FilterConfig:
    """The rules in force. In YAML, `rules` maps a rule's name to the keys that change."""

    rules: tuple[Rule, ...] = DEFAULT_RULES


@dataclass(frozen=True, kw_only=True, slots=True)
class RunConfig:
    """How much may go wrong before a run counts as failed."""

    max_failed_share: float = 0.5
    # With fewer elements than this a share says nothing.
    min_elements_to_judge: int = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class CurateConfig(VisitSections):
    """Everything that decides what `curate` produces; sections are named after their steps."""

    manifest: ManifestConfig = field(default_factory=ManifestConfig)
    consent: ConsentConfig = field(default_factory=ConsentConfig)
    publish: PublishConfig = field(default_factory=PublishConfig)
    filter: FilterConfig = field(default_factory=FilterConfig)
    balance: BalanceConfig = field(default_factory=BalanceConfig)
    identities: IdentityConfig = field(default_factory=IdentityConfig)
    duplicates: DuplicateConfig = field(default_factory=DuplicateConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    shards: ShardConfig = field(default_factory=ShardConfig)
    bias: BiasConfig = field(default_factory=BiasConfig)
    isolation: IsolationConfig = field(default_factory=IsolationConfig)
    run: RunConfig = field(default_factory=RunConfig)


# Sections that change how a run goes, or what it says about itself, but not the data.
_WITHOUT_EFFECT = ("bias", "isolation", "run")
# Stands for a value that is not written down.
SECRET = "(secret)"


def load_config(path: str | None) -> CurateConfig:
    """Read a YAML file of changes to the defaults; None gives the defaults.

    Raises:
        BadInputError: naming the file and the key that is unknown or of the wrong type.
    """
    if path is None:
        return CurateConfig()
    file = Path(path)
    if not file.is_file():
        raise BadInputError(f"--config {path}: no such file")
    try:
        changes = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise BadInputError(f"--config {path}: not valid YAML: {error}") from error
    if not isinstance(changes, dict):
        raise BadInputError(f"--config {path}: the top level must be sections with settings")
    return config_from(changes, path)


def config_from(changes: dict[str, Any], origin: str) -> CurateConfig:
    """Return the defaults with changes applied; `origin` names them in errors."""
    changes = dict(changes)
    rules = _filter_rules(changes.pop("filter", None), origin)
    settings = dacite.Config(strict=True, cast=[tuple], type_hooks={float: _as_float, int: _as_int})
    try:
        config = dacite.from_dict(CurateConfig, changes, settings)
    except (dacite.DaciteError, ValueError, TypeError) as error:
        raise BadInputError(f"{origin}: {error}") from error
    try:
        return dataclasses.replace(config, filter=FilterConfig(rules=merge_rules(rules)))
    except BadInputError as error:
        raise BadInputError(f"{origin}: {error}") from error


def _filter_rules(section: Any, origin: str) -> dict[str, Any]:
    """Return what the `filter` section says about rules, by name."""
    section = {} if section is None else section
    if not isinstance(section, dict) or set(section) - {"rules"}:
        raise BadInputError(f"{origin}: the filter section holds 'rules' and nothing else")
    rules = section.get("rules") or {}
    if not isinstance(rules, dict):
        raise BadInputError(f"{origin}: filter.rules maps names of rules to what changes in them")
    return rules


def _as_float(value: Any) -> Any:
    """YAML writes 10 for 10.0."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else _as_int(value)


def _as_int(value: Any) -> Any:
    """Python counts true and false as whole numbers; as words they fail the type check."""
    return str(value) if isinstance(value, bool) else value


def config_dict(config: CurateConfig) -> dict[str, Any]:
    """Return the resolved configuration as plain values that may be published.

    Whoever knows the salt of identities can link their ids to another collection's, and where a model lies is
    nobody's concern: of an absolute path its last part stays.
    """
    return _without_folders(without_secrets(config))


def without_secrets(config: CurateConfig) -> dict[str, Any]:
    """Return the resolved configuration as plain values, without the salt of identities."""
    plain = dataclasses.asdict(config)
    if plain["identities"]["salt"]:
        plain["identities"]["salt"] = SECRET
    return plain


def _without_folders(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_folders(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_folders(item) for item in value]
    if isinstance(value, str) and value.startswith(("/", "~")):
        return Path(value).name
    return value


def config_from_dict(plain: dict[str, Any], origin: str) -> CurateConfig:
    """Return the configuration that `dataclasses.asdict` made plain, perhaps read from JSON since.

    Raises:
        BadInputError: if it is none of this version.
    """
    rules = {rule["name"]: rule for rule in plain.get("filter", {}).get("rules", ())}
    return config_from({**plain, "filter": {"rules": rules}}, origin)


def config_hash(config: CurateConfig) -> str:
    """Return a hash of everything in the configuration that has an effect on the data."""
    plain = {k: v for k, v in config_dict(config).items() if k not in _WITHOUT_EFFECT}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]
