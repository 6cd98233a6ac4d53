"""The stages of a run, in order: the one list that everything else which names stages derives from.

`pipelines/stages.py` says beside it how each visit is run; docs/adding-a-step.md shows what a new one takes.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["visit", "rules", "collection", "finish"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """One stage of the chain.

    `level` is that of the elements it sees. Kinds: a `visit` opens media, one element at a time, behind
    isolation; `rules` judge clips by what is known of them; a `collection` stage compares elements with each
    other; `finish` stages are what `package` does again. `filtered` stages are followed by the rules that
    name them; what these turn down carries `filter_` and the stage's name.
    """

    name: str
    level: Literal["video", "clip"]
    kind: Kind
    sentence: str
    filtered: bool = False


STAGES: tuple[Stage, ...] = (
    Stage(
        name="probe", level="video", kind="visit", sentence="reads the header and the streams of each file"
    ),
    Stage(name="deduplicate", level="video", kind="collection", sentence="finds files with the same bytes"),
    Stage(name="survey", level="video", kind="visit", sentence="finds cuts and speech, follows faces"),
    Stage(
        name="propose",
        level="clip",
        kind="rules",
        sentence="rules on clips before they are decoded",
        filtered=True,
    ),
    Stage(
        name="audio",
        level="clip",
        kind="visit",
        sentence="measures the sound, where somebody speaks and how many voices",
        filtered=True,
    ),
    Stage(
        name="look",
        level="clip",
        kind="visit",
        sentence="cuts the clip, finds landmarks, measures the picture",
        filtered=True,
    ),
    Stage(
        name="sync",
        level="clip",
        kind="visit",
        sentence="compares lips and sound, moves sound that is constantly off, finds who speaks",
        filtered=True,
    ),
    Stage(
        name="words",
        level="clip",
        kind="visit",
        sentence="transcribes and aligns words and phones",
        filtered=True,
    ),
    Stage(
        name="body",
        level="clip",
        kind="visit",
        sentence="fits the body model to the landmarks",
        filtered=True,
    ),
    Stage(
        name="people",
        level="clip",
        kind="collection",
        sentence="recognises who is who across the collection, finds copies and who may be under age",
        filtered=True,
    ),
    Stage(
        name="balance",
        level="clip",
        kind="finish",
        sentence="selects and weights clips by caps, quotas and targets",
    ),
    Stage(
        name="check",
        level="clip",
        kind="finish",
        sentence="packs the sample and checks that its parts fit",
    ),
)

STAGE: dict[str, Stage] = {stage.name: stage for stage in STAGES}
ORDER: dict[str, int] = {stage.name: index for index, stage in enumerate(STAGES)}


def stage_names(
    *, level: str | None = None, kind: str | None = None, filtered: bool | None = None
) -> tuple[str, ...]:
    """Return the names of the stages of a level or kind, or followed by rules, in order."""
    return tuple(
        s.name
        for s in STAGES
        if level in (None, s.level) and kind in (None, s.kind) and filtered in (None, s.filtered)
    )


FILTER_STAGES = stage_names(filtered=True)
CLIP_STAGES = stage_names(level="clip")
