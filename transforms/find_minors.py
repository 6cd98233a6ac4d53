"""Find minors: how old the person of a clip is at least, as far as anything says so.

What is declared of a clip's file counts first, then what is declared of another clip of the same person, then
how old the person looks in all their recordings together, less a margin. Of a range the first year counts.
Where nothing tells, nobody is known to be an adult. All clips of a person that declare nothing have one
answer, so that no child stays because one clip looked older; where recordings have dates, ages are those at
each date.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from schemas.adults import ADULT_YEARS
from schemas.attributes import declared_attributes
from schemas.consent import GRANTED
from schemas.groups import years_of
from schemas.records.clip import Clip
from schemas.records.person import AgeBasis, AgeBound
from schemas.records.source import Source
from transforms.recordings import by_recording, years_apart

_AGE = "age_group"


@dataclass(frozen=True, kw_only=True, slots=True)
class MinorConfig:
    """How far a perceived age is trusted where the rule `may_be_minor` asks whether somebody is an adult.

    Of the labelled people of 13 to 17 that it was set on (29 faces) none looks older than 24.3 years to the
    estimator, of 28 others one does by more than the margin; docs/people.md says who is missed and lost.
    """

    margin_years: float = 7.0


def may_be_minor(perceived_years: float, config: MinorConfig) -> bool:
    """Return whether somebody may be under age of whom nothing is known but how old they look."""
    return perceived_years - config.margin_years < ADULT_YEARS


def bound_ages(clips: Sequence[Clip], config: MinorConfig) -> list[Clip]:
    """Return the clips of one person, in the same order, with `age_bound`."""
    offsets = [float(years) for years in years_apart(clips)]
    own = [declared_years(clip.source) for clip in clips]
    # As of the person's mean recording.
    declared = [years - offset for years, offset in zip(own, offsets, strict=True) if years is not None]
    perceived = _perceived_years(clips, offsets)
    bounded: list[Clip] = []
    for clip, years, offset in zip(clips, own, offsets, strict=True):
        if years is not None:
            bound = _bound(clip, years, "declared")
        elif declared:
            bound = _bound(clip, min(declared) + offset, "declared")
        elif perceived is not None:
            bound = _bound(clip, perceived + offset - config.margin_years, "perceived")
        else:
            bound = _bound(clip, 0.0, "unknown")
        bounded.append(replace(clip, age_bound=bound))
    return bounded


def declared_years(source: Source) -> float | None:
    """Return the least age that a file is declared to show, None if nothing is, or it is not understood."""
    age = next((a for a in declared_attributes(source) if a.name == _AGE), None)
    if age is None or age.score is not None:
        return None if age is None else age.score
    span = years_of(age.value)
    return None if span is None else float(span[0])


def _bound(clip: Clip, years: float, basis: AgeBasis) -> AgeBound:
    least = max(years, 0.0)
    guarded = clip.source.guardian_consent == GRANTED
    return AgeBound(years_at_least=least, basis=basis, unguarded_years=None if guarded else least)


def _perceived_years(clips: Sequence[Clip], offsets: Sequence[float]) -> float | None:
    """Return how old a person looks as of their mean recording: the mean over recordings, None if unknown.

    Estimates that are too unsure to be told count too: they are all there is.
    """
    told: dict[int, float] = {}
    for i, clip in enumerate(clips):
        for attribute in (*(clip.attributes or ()), *clip.overruled):
            estimated = attribute.name == _AGE and attribute.source == "estimated"
            if estimated and attribute.score is not None:
                told[i] = attribute.score - offsets[i]
    if not told:
        return None
    return fmean(fmean(told[i] for i in recording) for recording in by_recording(told, clips))
