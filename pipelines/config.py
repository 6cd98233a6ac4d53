"""The configuration of a run: one frozen dataclass, read from YAML, with every default in code."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from pipelines.intake_config import ManifestConfig, PublishConfig
from pipelines.isolation import IsolationConfig
from pipelines.settings import json_schema, settings_of
from pipelines.settings_file import read_settings_file
from pipelines.stages import VisitSections
from schemas.bounds import Count, Share
from schemas.dataset import DatasetConfig
from schemas.outcomes import BadInputError
from transforms.assign_split import SplitConfig
from transforms.balance import BalanceConfig
from transforms.cluster_identities import IdentityConfig
from transforms.filter_clips import DEFAULT_RULES, Rule, is_score
from transforms.find_minors import MinorConfig
from transforms.find_near_duplicates import DuplicateConfig
from transforms.judge_consent import ConsentConfig
from transforms.pool_attributes import PoolConfig
from transforms.shard_layout import ShardConfig
from transforms.summarise_bias import BiasConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class FilterConfig:
    """The rules in force. In YAML, `rules` maps a rule's name to the keys that change."""

    rules: tuple[Rule, ...] = DEFAULT_RULES


@dataclass(frozen=True, kw_only=True, slots=True)
class RunConfig:
    """How much may go wrong before a run counts as failed."""

    max_failed_share: Share = 0.5
    # With fewer elements than this a share says nothing.
    min_elements_to_judge: Count = 10


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
    pool: PoolConfig = field(default_factory=PoolConfig)
    minors: MinorConfig = field(default_factory=MinorConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    shards: ShardConfig = field(default_factory=ShardConfig)
    bias: BiasConfig = field(default_factory=BiasConfig)
    isolation: IsolationConfig = field(default_factory=IsolationConfig)
    run: RunConfig = field(default_factory=RunConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)


# Sections that change how a run goes, or what it says about itself, but not the data.
_WITHOUT_EFFECT = ("bias", "isolation", "run", "dataset")
# Stands for a value that is not written down.
SECRET = "(secret)"  # noqa: S105


def load_config(path: str | None) -> CurateConfig:
    """Read a YAML file of changes to the defaults; None gives the defaults.

    A bare name, such as `fast`, is a file that comes with Mentor, unless one of that name is here.

    Raises:
        BadInputError: naming the file and the key that is unknown or whose value cannot be.
    """
    if path is None:
        return CurateConfig()
    shipped = Path(str(resources.files("configs"))) / f"{path}.yaml"
    named = path.isidentifier() and not Path(path).exists() and shipped.is_file()
    return config_from(read_settings_file(str(shipped) if named else path), f"--config {path}")


def config_from(changes: dict[str, Any], origin: str) -> CurateConfig:
    """Return the defaults with changes applied; `origin` names them in errors.

    Raises:
        BadInputError: naming the key that is unknown or whose value cannot be.
    """
    sections = {name: section for name, section in changes.items() if section is not None}
    try:
        rules = _rules(sections.pop("filter", {}))
        config = settings_of(CurateConfig, sections)
        if unknown := [path for path in config.bias.scores if not is_score(path)]:
            raise BadInputError(f"bias.scores: clips have no score {unknown[0]!r:.80}")
    except BadInputError as error:
        raise BadInputError(f"{origin}: {error}") from error
    return dataclasses.replace(config, filter=FilterConfig(rules=rules))


def _rules(section: Any) -> tuple[Rule, ...]:
    """Return the default rules with what the `filter` section changes by name; a new name is a new rule."""
    if not isinstance(section, dict) or set(section) - {"rules"}:
        raise BadInputError("the filter section holds 'rules' and nothing else")
    changes = section.get("rules") or {}
    if not isinstance(changes, dict):
        raise BadInputError("filter.rules maps names of rules to what changes in them")
    rules = {rule.name: rule for rule in DEFAULT_RULES}
    for name, change in changes.items():
        place = f"filter.rules.{name}"
        if not isinstance(change, dict):
            raise BadInputError(f"{place}: give the keys that change, not {change!r:.60}")
        settings = dataclasses.asdict(rules[name]) if name in rules else {"name": str(name)}
        settings |= change
        if isinstance(settings.get("mode"), bool):  # YAML 1.1 reads on and off as booleans
            settings["mode"] = "on" if settings["mode"] else "off"
        rules[name] = settings_of(Rule, settings, place)
    return tuple(rules.values())


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of settings, for editors and other programs."""
    schema = json_schema(CurateConfig)
    rule = schema["$defs"]["Rule"]
    schema["$defs"]["Rule"] = {**{k: v for k, v in rule.items() if k != "required"}, "minProperties": 1}
    named = {"type": "object", "additionalProperties": {"$ref": "#/$defs/Rule"}}
    schema["$defs"]["FilterConfig"]["properties"]["rules"] = named
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


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
    try:
        rules = {rule["name"]: rule for rule in plain["filter"]["rules"]}
    except (KeyError, TypeError) as error:
        raise BadInputError(f"{origin}: the run's settings are not whole; run curate again") from error
    return config_from({**plain, "filter": {"rules": rules}}, origin)


def config_hash(config: CurateConfig) -> str:
    """Return a hash of everything in the configuration that has an effect on the data."""
    plain = {k: v for k, v in config_dict(config).items() if k not in _WITHOUT_EFFECT}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]
