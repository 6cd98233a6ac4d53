"""Files of one content: which is kept, on whose terms, and what is said of the others."""

import dataclasses
import math
from collections.abc import Iterable

from schemas.consent import GRANTED
from schemas.outcomes import Rejection, video_rejection
from schemas.records.source import Source
from schemas.records.video import Video
from schemas.terms import narrowest
from transforms.find_minors import declared_years


def first_of(videos: Iterable[Video]) -> list[Video]:
    """Return videos of one content in the order in which the first is kept.

    Of rows that say different ages of one file the youngest holds, and no guardian's consent before one.
    """
    return sorted(videos, key=_first_first)


def _first_first(video: Video) -> tuple[float, bool, str, str]:
    source, years = video.source, declared_years(video.source)
    return math.inf if years is None else years, source.guardian_consent == GRANTED, source.name, source.uri


def kept_of(videos: Iterable[Video]) -> Video:
    """Return the video of one content that is kept: the first, on the narrowest terms of all."""
    ordered = first_of(videos)
    first, terms = ordered[0], narrowest([video.source.terms for video in ordered])
    return dataclasses.replace(first, source=dataclasses.replace(first.source, terms=terms))


def duplicates_of(videos: Iterable[Video]) -> list[Rejection]:
    """Return the rejections of all but the first video of one content."""
    first, *others = first_of(videos)
    return [
        video_rejection(
            other,
            "deduplicate",
            "duplicate",
            (f"same content as {first.source.name}", *_declared_otherwise(first.source, other.source)),
        )
        for other in others
    ]


def _declared_otherwise(first: Source, other: Source) -> list[str]:
    """Say in what the declarations of two files of one content differ: those of the first hold."""
    fields = [f.name for f in dataclasses.fields(Source) if f.name not in ("uri", "name", "refusal", "row")]
    differ = [name for name in fields if getattr(first, name) != getattr(other, name)]
    return [f"declared otherwise: {', '.join(differ)}"] if differ else []
