"""What a run says about itself: run.json and the stage table."""

from dataclasses import dataclass, field
from typing import Any

CURATE = "curate"
ERASE = "erase"  # the command that takes clips out of a result


@dataclass(frozen=True, kw_only=True, slots=True)
class StageSummary:
    """Counts and cost of one stage. in = out + rejected + failed, always.

    `cpu_seconds` is processor time of the stage's own work; `media_seconds` the length of the
    material it saw, so media_seconds / cpu_seconds is its speed on one core as a multiple of
    real time. `cpu_by_step` divides cpu_seconds among the steps that share the stage's visit.
    `num_reused` elements were taken from earlier runs, whose cost counts here.
    """

    stage: str
    level: str
    num_in: int
    num_out: int
    num_rejected: int
    num_failed: int
    cpu_seconds: float
    media_seconds: float
    frames_decoded: int
    cpu_by_step: dict[str, float] = field(default_factory=dict[str, float])
    num_reused: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class PeopleSummary:
    """What comparing people across the collection found. Names clips and identities, holds no faces.

    `nearest_across_splits` is the smallest distance between faces of two splits, None where there is
    one split; `too_near` names pairs of clips below the bound, the nearest first.
    """

    num_faces: int = 0
    num_identities: int = 0
    nearest_across_splits: float | None = None
    too_near: list[str] = field(default_factory=list[str])
    speakers_with_several_identities: list[str] = field(default_factory=list[str])
    identities_with_several_speakers: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, kw_only=True, slots=True)
class BackendInfo:
    """An outside model as it ran (or would run): version, licence and hash of its weights.

    `package` is what the version is of; `expected_sha256` what the weights must be, None for a program;
    `card` tells of weights that ship with Mentor.
    """

    name: str
    purpose: str
    version: str | None
    licence: str
    weights_sha256: str | None
    available: bool
    if_missing: str
    package: str = ""
    expected_sha256: str | None = None
    card: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StageRecipe:
    """With which code, settings and models a stage made what the result holds of it.

    `settings_sha256` is of the `sections` of run.json's `config`, as JSON with sorted keys and no spaces;
    `models` says by job who did it: names, versions and SHA-256 of weights. Artefacts are named by
    `recipe`, a hash of all of this; it is None for stages that leave no artefacts.
    """

    stage: str
    code_version: int
    sections: list[str]
    settings_sha256: str
    models: dict[str, str] = field(default_factory=dict[str, str])
    recipe: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IgnoredInput:
    """A file among the inputs that nobody looked at, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSummary:
    """The content of run.json.

    `inputs_hash` names all that the result was made from; None where `package` made it from another result.
    `consent_day` is the day (UTC) on which consents had to hold, None in results of versions without one.
    `recipes` are the stages' in their order; `package` keeps those of visits.
    """

    schema_version: str
    command: str
    config: dict[str, dict[str, Any]]
    config_hash: str
    versions: dict[str, str]
    backends: list[BackendInfo]
    stages: list[StageSummary]
    totals: dict[str, float]
    rejected_by_reason: dict[str, int]
    failed_by_stage: dict[str, int]
    rejected_seconds_by_reason: dict[str, float] = field(default_factory=dict[str, float])
    ignored_inputs: list[IgnoredInput] = field(default_factory=list[IgnoredInput])
    wall_seconds: float = 0.0
    people: PeopleSummary = field(default_factory=PeopleSummary)
    problems: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    inputs_hash: str | None = None
    consent_day: str | None = None
    recipes: list[StageRecipe] = field(default_factory=list[StageRecipe])
