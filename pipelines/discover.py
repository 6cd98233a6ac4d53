"""Discover the inputs of a run: a folder, a pattern, a file, or a manifest (CSV or Parquet)."""

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from apache_beam.io.filesystems import FileSystems

from media import is_remote
from media.source import local_path
from pipelines.config import CurateConfig
from pipelines.manifest import MANIFEST_SUFFIXES, read_manifest
from schemas.outcomes import BadInputError
from schemas.records.source import Source
from schemas.run import IgnoredInput
from schemas.visible import published_name, visible

# Suffixes of the containers that we read (`media.source.CONTAINER_FORMATS`).
MEDIA_SUFFIXES = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3gpp", ".3g2", ".3gp2", ".f4v", ".mj2"),
        *(".mkv", ".mk3d", ".webm", ".avi", ".divx", ".flv", ".wmv", ".asf", ".ogv", ".ogm", ".mxf"),
        *(".mpg", ".mpeg", ".mpe", ".m2p", ".vob", ".mod", ".ts", ".m2ts", ".mts", ".m2t", ".tod"),
    )
)
_BROWSERS_OWN = frozenset((".ds_store", "thumbs.db", "desktop.ini", ".directory", ".localized"))
NO_SUFFIX = "no video suffix"
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run works on, the files it found but leaves alone, and the folder that was searched.

    `remarks` are for whoever started the run: what is done with what was declared.
    """

    sources: list[Source]
    ignored: list[IgnoredInput]
    folder: Path | None = None
    remarks: tuple[str, ...] = ()


def discover(location: str, config: CurateConfig) -> Inputs:
    """Find the inputs named by `--input`; what is there by that name is no pattern.

    Raises:
        BadInputError: if nothing is there, or a manifest is not usable.
    """
    if is_remote(location):
        return _manifest(location, config) if _is_manifest(location) else _match_remote(location)
    place = local_path(location)
    if place.is_dir():
        return _walk(place)
    if _is_manifest(place.name):
        return _manifest(str(place), config)
    if place.is_file():
        return Inputs([Source(uri=str(place), name=published_name(place.name))], [])
    if os.path.lexists(place):
        raise BadInputError(f"--input {_shown(place)}: {_kind(place) or 'a link to nothing'}, not a video")
    return _match(str(place))


def _is_manifest(location: str) -> bool:
    return location.lower().endswith(MANIFEST_SUFFIXES)


def _manifest(location: str, config: CurateConfig) -> Inputs:
    sources, remarks = read_manifest(location, config)
    return Inputs(sources, [], remarks=remarks)


def _walk(folder: Path) -> Inputs:
    sources, ignored = _divided(folder, _below(folder))
    if not sources:
        known = " ".join(sorted(MEDIA_SUFFIXES))
        raise BadInputError(
            f"--input {_shown(folder)}: no videos in this folder ({len(ignored)} other files; videos are "
            f"files ending in {known}, or whatever a manifest names)"
        )
    return Inputs(sources, ignored, folder)


def _below(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield all files below a folder, and folders that may be missed, with the reason.

    Links to folders are not followed: they may lead anywhere, and in circles.
    """
    unread: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=lambda e: unread.append(Path(e.filename))):
        here = Path(place)
        for path in (here / name for name in folders):
            if path.is_symlink():
                yield path, "a link to a folder, not followed"
            elif _has_media_suffix(path.name):
                yield path, "a folder; what is in it counts"
        yield from ((here / name, None) for name in files)
    yield from ((path, "a folder that cannot be read") for path in unread)


def _divided(root: Path, found: Iterable[tuple[Path, str | None]]) -> tuple[list[Source], list[IgnoredInput]]:
    """Divide files into sources and what is left alone, each in the order of names."""
    sources: list[Source] = []
    ignored: list[IgnoredInput] = []
    for path, known in sorted(found, key=lambda one: one[0]):
        name = published_name(path.relative_to(root).as_posix())
        reason = known or _reason_against(path)
        if reason is None:
            sources.append(Source(uri=str(path), name=name))
        else:
            ignored.append(IgnoredInput(name=name, reason=reason))
    return sources, ignored


def _reason_against(path: Path) -> str | None:
    """Return why a file is not looked at; None for what should be a video, broken links included."""
    if path.name.startswith("._"):
        return "a resource fork of macOS"
    if path.name.lower() in _BROWSERS_OWN:
        return "a file browser's own"
    return _kind(path) if _has_media_suffix(path.name) else NO_SUFFIX


def _has_media_suffix(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in MEDIA_SUFFIXES


def _kind(path: Path) -> str | None:
    """Return what is there instead of a file that can be read to its end."""
    try:
        mode = path.stat().st_mode
    except OSError:  # the probe says what is wrong
        return None
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), None)


def _match(pattern: str) -> Inputs:
    """Match a pattern on this machine; the folders that are there by their names are no part of it."""
    root = Path(pattern).parent
    while not root.is_dir():
        root = root.parent
    below = str(Path(pattern).relative_to(root))
    try:
        # A pattern's last `**` means all files, which pathlib takes for folders alone.
        paths = list(root.glob(f"{below}/*" if below.endswith("**") else below))
    except (ValueError, NotImplementedError) as error:
        raise BadInputError(f"--input {visible(pattern)}: no pattern ({error})") from error
    sources, ignored = _divided(root, ((path, None) for path in paths))
    return _matched(pattern, sources, ignored)


def _match_remote(pattern: str) -> Inputs:
    shown = visible(pattern)
    try:
        literal = FileSystems.exists(pattern)
        listed = FileSystems.match([glob.escape(pattern) if literal else pattern])[0].metadata_list
    except Exception as error:  # Beam raises many types, by filesystem
        raise BadInputError(f"--input {shown}: cannot be listed ({visible(str(error))})") from error
    start = pattern if literal else re.split(r"[*?\[]", pattern)[0]
    head = start.rpartition("/")[0]
    sources: list[Source] = []
    ignored: list[IgnoredInput] = []
    for path in sorted(m.path for m in listed):
        name = published_name(path.removeprefix(head).lstrip("/"))
        if _has_media_suffix(path):
            sources.append(Source(uri=path, name=name))
        else:
            ignored.append(IgnoredInput(name=name, reason=NO_SUFFIX))
    return _matched(pattern, sources, ignored)


def _shown(place: Path) -> str:
    return visible(str(place))


def _matched(pattern: str, sources: list[Source], ignored: list[IgnoredInput]) -> Inputs:
    shown = visible(pattern)
    if not sources and not ignored:
        raise BadInputError(f"--input {shown}: no such file or folder, and as a pattern it matches nothing")
    if not sources:
        raise BadInputError(f"--input {shown}: matches {len(ignored)} files, none of them a video")
    return Inputs(sources, ignored)
