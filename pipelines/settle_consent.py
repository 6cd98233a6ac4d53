"""Settle consent: a no for any place or any copy of a file holds for all of them.

Files are the same if they are reached by one path (links and `..` resolved), are one file of the disk (hard
links), or hold the same bytes. Bytes of a refused file are hashed where another file of its size would be
used, or an earlier run may know it under another name; nothing else of it is read, and no decoder sees it.
"""

import dataclasses
import datetime
import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from media import MediaError, MediaLimits, is_remote, read_chunks
from media.source import local_path
from pipelines.artefacts import ArtefactStore
from pipelines.recipes import source_owner
from pipelines.reserved_places import with_reserved_places
from schemas.consent import refusal
from schemas.ids import ID_HEX_DIGITS, content_id
from schemas.records.source import Source
from transforms.judge_consent import ConsentConfig, judge_consent
from transforms.storage import map_files, sizes_of

# What a run remembers of withdrawn files: by veiled place their veiled contents and sizes, so that a place
# from which a file was moved or deleted still says which content was refused there.
Withdrawn = Mapping[str, Sequence[Sequence[Any]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """Sources whose refusals are known, the videos that are refused, and what a run is to remember."""

    sources: list[Source]
    video_ids: frozenset[str] = frozenset()
    withdrawn: Withdrawn = field(default_factory=dict)


def settle_consent(
    sources: Sequence[Source],
    config: ConsentConfig,
    withdrawn: Withdrawn,
    store: ArtefactStore,
    limits: MediaLimits,
    today: datetime.date,
) -> Settled:
    """Return the sources, with a refusal for each that must not be used on a day, or is the same file as one.

    Args:
        withdrawn: what the last run remembered.
        store: what earlier runs made, which knows contents of places.
    """
    asked = with_reserved_places([_judged(source, config, today) for source in sources], config)
    settled = _spread(asked, _refused_places(asked), "the same file as")
    if not any(map(refusal, settled)):
        return Settled(sources=settled)
    contents = _Contents(settled, store, limits, by_size=config.copies == "size")
    found = contents.of_refused(withdrawn)
    settled = contents.refuse_copies(found)
    return Settled(
        sources=settled,
        video_ids=frozenset(c.video_id for kept in found.values() for c in kept if c.video_id is not None),
        withdrawn={
            _veiled(place): [[c.veiled, c.size] for c in kept if c.veiled or config.copies == "content"]
            for place, kept in found.items()
            if kept
        },
    )


def _judged(source: Source, config: ConsentConfig, today: datetime.date) -> Source:
    """Return a source that is refused if what is declared of it does not do."""
    reasons = judge_consent(source, config, today)
    if not reasons:
        return source
    said = refusal(source)
    if said:
        others = [reason for reason in reasons if reason not in said]
        return dataclasses.replace(source, refusal=(*said, *others))
    where = () if source.row is None else (f"{source.row} of the manifest",)
    return dataclasses.replace(source, refusal=(reasons[0], *where, *reasons[1:]))


# Of a refused source its reason and its name: what is said of its copies.
_Refused = tuple[str, str]


def _spread(sources: Sequence[Source], refused: Mapping[Any, _Refused], how: str) -> list[Source]:
    """Return sources, of which those are refused too that have a place in common with a refused one."""
    spread: list[Source] = []
    for source in sources:
        named = None if refusal(source) else next((refused[k] for k in _places(source) if k in refused), None)
        spread.append(source if named is None else _refused(source, named[0], f"{how} {named[1]}"))
    return spread


def _refused(source: Source, reason: str, why: str) -> Source:
    return dataclasses.replace(source, refusal=(reason, why))


def _refused_places(sources: Iterable[Source]) -> dict[Any, _Refused]:
    return {key: _told(source) for source in sources if refusal(source) for key in _places(source)}


def _told(source: Source) -> _Refused:
    return refusal(source)[0], source.name


def _places(source: Source) -> Iterator[Any]:
    """Yield what tells a file from others without opening it: its path, and its number on its disk."""
    if is_remote(source.uri):
        scheme, _, path = source.uri.partition("://")
        yield f"{scheme.lower()}://{posixpath.normpath(path)}"
        return
    path = str(local_path(source.uri))
    yield os.path.realpath(path)
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return
    yield status.st_dev, status.st_ino


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a refused file: its video's id where it is known, a hash of that, its size in bytes.

    `veiled` is None for a file that cannot be read: whatever has its size may be a copy.
    """

    video_id: str | None
    veiled: str | None
    size: int


def _size(source: Source) -> int | None:
    """Return how long a file is, without opening it; None if that cannot be told."""
    try:
        return next(iter(sizes_of([source.uri]).values()), None)
    except Exception:  # Beam raises many types, by filesystem
        return None


class _Contents:
    """The contents of sources, as far as they must be known.

    `by_size` says that no refused file is opened: what has its size is taken for its copy, here and in the
    store.
    """

    def __init__(
        self, sources: Sequence[Source], store: ArtefactStore, limits: MediaLimits, *, by_size: bool
    ) -> None:
        self._sources, self._store, self._limits = sources, store, limits
        self._by_size = by_size
        remote = any(is_remote(source.uri) for source in sources)
        self._sizes = dict(zip([s.uri for s in sources], map_files(_size, sources, remote), strict=True))
        used = [self._sizes[s.uri] for s in sources if not refusal(s)]
        self._used_sizes = frozenset(size for size in used if size is not None)
        self._stored: Mapping[int, Sequence[str]] | None = None

    def of_refused(self, withdrawn: Withdrawn) -> dict[str, list[Content]]:
        """Return the contents of refused sources, by owner."""
        found: dict[str, list[Content]] = {}
        for source in filter(refusal, self._sources):
            place = source_owner(source)
            known = {c.veiled: c for c in self._remembered(place, withdrawn)}
            known |= {c.veiled: c for c in _made_of(self._store, place)}
            size = self._sizes[source.uri]
            if size is not None and self._may_be_known(size, known):
                known |= {c.veiled: c for c in self._contents_of(source, size)}
            found.setdefault(place, []).extend(known.values())
        return found

    def _remembered(self, place: str, withdrawn: Withdrawn) -> Iterator[Content]:
        for veiled, size in withdrawn.get(_veiled(place), ()):
            yield Content(None, veiled, size)

    def _may_be_known(self, size: int, known: Mapping[str | None, Content]) -> bool:
        """Return whether a refused file's bytes matter: for a copy that is used, or for what is stored."""
        if size in self._used_sizes:
            return True
        if size in {content.size for content in known.values()}:
            return False
        return size in self._of_sizes()

    def _of_sizes(self) -> Mapping[int, Sequence[str]]:
        """Return the ids of the videos that earlier runs knew, by size."""
        if self._stored is None:
            stored: dict[int, list[str]] = {}
            for video_id, size in self._store.probed():
                stored.setdefault(size, []).append(video_id)
            self._stored = stored
        return self._stored

    def _contents_of(self, source: Source, size: int) -> Iterator[Content]:
        if not self._by_size:
            yield self._read(source, size)
            return
        yield Content(None, None, size)
        for video_id in self._of_sizes().get(size, ()):
            yield Content(video_id, _veiled(video_id), size)

    def _read(self, source: Source, size: int) -> Content:
        try:
            video_id, size = content_id(read_chunks(source.uri, self._limits))
        except (MediaError, OSError, ValueError):
            return Content(None, None, size)
        return Content(video_id, _veiled(video_id), size)

    def refuse_copies(self, found: Mapping[str, Sequence[Content]]) -> list[Source]:
        """Return the sources, of which those are refused too that hold the content of a refused one."""
        told = {source_owner(s): _told(s) for s in self._sources if refusal(s)}
        by_size: dict[int, list[tuple[Content, _Refused]]] = {}
        for place, contents in found.items():
            for content in contents:
                by_size.setdefault(content.size, []).append((content, told[place]))
        return [
            self._compared(source, by_size.get(self._sizes[source.uri] or -1, ())) for source in self._sources
        ]

    def _compared(self, source: Source, alike: Sequence[tuple[Content, _Refused]]) -> Source:
        if refusal(source) or not alike:
            return source
        if self._by_size:
            reason, name = alike[0][1]
            return _refused(source, reason, f"as long as {name}, which is never opened")
        mine = self._read(source, 0)
        if mine.veiled is None:  # it will fail, and say why
            return source
        for content, (reason, name) in alike:
            if content.veiled is None:
                return _refused(source, reason, f"as long as {name}, which cannot be read")
            if content.veiled == mine.veiled:
                return _refused(source, reason, f"the same content as {name}")
        return source


def _made_of(store: ArtefactStore, place: str) -> Iterator[Content]:
    for record in store.records_of(place, "probe"):
        for video in record.get("videos", ()):
            yield Content(video["video_id"], _veiled(video["video_id"]), video["size_bytes"])


def _veiled(identifier: str) -> str:
    """Return a hash of an id: what is kept of a withdrawn file must not name it."""
    return hashlib.sha256(f"withdrawn:{identifier}".encode()).hexdigest()[:ID_HEX_DIGITS]
