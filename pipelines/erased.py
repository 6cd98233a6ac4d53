"""What was erased and must not come back, though a manifest still names it: by keyed hashes, not by name.

`OUT/work/erased.json` holds a random key and what it makes of places, contents, declared speakers and videos
(HMAC-SHA-256): whoever does not have the key cannot try which file or person was meant. A face is not
remembered, so a person who was erased by identity is not recognised in new recordings: that would take the
descriptor which was erased.
"""

import dataclasses
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from media import MediaError, MediaLimits, is_remote, read_chunks
from pipelines.recipes import source_owner
from pipelines.run_folder import RunFolder
from schemas.ids import content_id, pseudonym
from schemas.outcomes import BadInputError
from schemas.records.source import Source
from schemas.sample import to_json_bytes
from transforms.storage import map_files, read_if_there, sizes_of, write_bytes

REASON = "erased"
Span = tuple[float, float]  # seconds of a video


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """What must not come back, veiled by `key`.

    `contents` are the sizes in bytes of erased files by their veiled ids, `spans` what was erased of videos
    of which the rest stays.
    """

    key: str
    places: frozenset[str] = frozenset()
    contents: Mapping[str, int] = field(default_factory=dict[str, int])
    speakers: frozenset[str] = frozenset()
    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=dict[str, tuple[Span, ...]])

    def veiled(self, kind: str, value: str) -> str:
        """Return what stands for a value."""
        return pseudonym(f"erased:{kind}", value, self.key)

    def spans_of(self, video_id: str) -> tuple[Span, ...]:
        """Return what was erased of a video, in seconds."""
        return self.spans.get(self.veiled("video", video_id), ()) if self.spans else ()


def read_erased(folder: RunFolder) -> Erased | None:
    """Return what was erased from a run folder; None if nothing ever was.

    Raises:
        BadInputError: if the file is damaged; it is never taken for an empty one.
    """
    data = read_if_there(folder.erasures.erased)
    if data is None:
        return None
    try:
        found = json.loads(data)
        return Erased(
            key=str(found["key"]),
            places=frozenset(found["places"]),
            contents={str(veiled): int(size) for veiled, size in found["contents"].items()},
            speakers=frozenset(found["speakers"]),
            spans={v: tuple((float(a), float(b)) for a, b in spans) for v, spans in found["spans"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInputError(
            f"{folder.erasures.erased}: damaged; restore it, for without it what was erased would come back"
        ) from error


def begun(folder: RunFolder) -> Erased:
    """Return what was erased from a run folder, with a new key if nothing was yet."""
    return read_erased(folder) or Erased(key=secrets.token_hex(32))


def write_erased(folder: RunFolder, erased: Erased) -> None:
    """Keep what was erased."""
    write_bytes(
        folder.erasures.erased,
        to_json_bytes(
            {
                "key": erased.key,
                "places": sorted(erased.places),
                "contents": dict(sorted(erased.contents.items())),
                "speakers": sorted(erased.speakers),
                "spans": {veiled: list(spans) for veiled, spans in sorted(erased.spans.items())},
            }
        ),
    )


def with_more(
    erased: Erased,
    *,
    places: Iterable[str],
    contents: Mapping[str, int],
    speakers: Iterable[str],
    spans: Mapping[str, Sequence[Span]],
) -> Erased:
    """Return what was erased with more of it, given by its names: places are owners, contents video ids."""
    more = {erased.veiled("video", video): tuple(found) for video, found in spans.items()}
    return dataclasses.replace(
        erased,
        places=erased.places | {erased.veiled("place", place) for place in places},
        contents={**erased.contents, **{erased.veiled("video", v): size for v, size in contents.items()}},
        speakers=erased.speakers | {erased.veiled("speaker", speaker) for speaker in speakers},
        spans={
            **erased.spans,
            **{v: tuple(sorted({*erased.spans.get(v, ()), *found})) for v, found in more.items()},
        },
    )


def without_erased(sources: Sequence[Source], erased: Erased | None, limits: MediaLimits) -> list[Source]:
    """Return the sources; those that were erased have no name, no place and no declaration any more.

    A file counts as erased by its place, by who is declared to speak, and by its bytes, wherever it lies.
    Bytes are hashed only of files that are as long as an erased one.
    """
    if erased is None:
        return list(sources)
    remote = any(is_remote(source.uri) for source in sources)
    gone = map_files(lambda source: _is_erased(source, erased, limits), sources, remote)
    kept: list[Source] = []
    number = 0
    for source, is_gone in zip(sources, gone, strict=True):
        number += is_gone
        kept.append(unnamed(number) if is_gone else source)
    return kept


def unnamed(number: int) -> Source:
    """Return what stands for an erased source."""
    return Source(uri=f"/erased/{number}", name=f"{REASON} {number}", refusal=(REASON,))


def overlaps(start: float, end: float, spans: Iterable[Span]) -> bool:
    """Return whether [start, end) has more than a millisecond in common with a span."""
    return any(min(end, last) - max(start, first) > 1e-3 for first, last in spans)


def _is_erased(source: Source, erased: Erased, limits: MediaLimits) -> bool:
    if source.refusal[:1] == (REASON,):
        return True
    if erased.veiled("place", source_owner(source)) in erased.places:
        return True
    if source.speaker_id is not None and erased.veiled("speaker", source.speaker_id) in erased.speakers:
        return True
    return bool(erased.contents) and _has_erased_content(source, erased, limits)


def _has_erased_content(source: Source, erased: Erased, limits: MediaLimits) -> bool:
    try:
        size = next(iter(sizes_of([source.uri]).values()), None)
        if size is None or size not in erased.contents.values():
            return False
        video_id, _ = content_id(read_chunks(source.uri, limits))
    except (MediaError, OSError, ValueError):  # the probe says what is wrong with it
        return False
    except Exception:  # Beam raises many types, by filesystem
        return False
    return erased.veiled("video", video_id) in erased.contents
