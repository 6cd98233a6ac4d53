"""What sources are called in all that is published: the same on every machine, and no two files alike."""

import os
import posixpath
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from media.source import is_remote
from schemas.visible import published_name

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# Folders whose next part is somebody's name.
_HOMES = ("home", "Users", "root")


def source_names(uris: Sequence[str], manifest: str) -> list[str]:
    """Return the names of a manifest's sources: paths below its folder, of others the end of the path.

    Of a file elsewhere as much of the path's end is taken as tells it from all others, but nothing of a home
    folder; files that are alike even then are numbered. A relative path stays as it is written, tidied.

    Args:
        uris: as the manifest writes them, but paths in place of `file:` URIs.
        manifest: where it is.
    """
    folders = _folders(manifest)
    places = [_normal(uri) for uri in uris]
    known = {p: p if not is_absolute(p) else _below(p, folders) for p in places}
    named = {place: name for place, name in known.items() if name is not None}
    names = named | _ends(sorted(known.keys() - named.keys()), set(named.values()))
    return [published_name(names[place]) for place in places]


def _folders(manifest: str) -> tuple[str, ...]:
    """Return the folder of a manifest, as it is written and as it is without links."""
    if is_remote(manifest):
        return (_normal(manifest).rpartition("/")[0],)
    written = posixpath.normpath(Path(manifest).absolute())
    return posixpath.dirname(written), posixpath.dirname(os.path.realpath(written))


def _normal(uri: str) -> str:
    """Return a place without `.`, `..` and doubled slashes."""
    scheme = _SCHEME.match(uri)
    if scheme is None:
        return posixpath.normpath(uri)
    return scheme[0] + posixpath.normpath(uri[scheme.end() :])


def _below(place: str, folders: Sequence[str]) -> str | None:
    """Return a place relative to a folder that it lies in."""
    inside = [folder.rstrip("/") + "/" for folder in folders]
    return next((place.removeprefix(f) for f in inside if place.startswith(f)), None)


def _ends(places: Sequence[str], taken: set[str]) -> dict[str, str]:
    """Return the shortest ends of paths that tell them from one another and from the names that are taken."""
    parts = {place: _shown_parts(place) for place in places}
    names: dict[str, str] = {}
    left, length = list(places), 1
    while left:
        ends = {place: "/".join(parts[place][-length:]) for place in left}
        times = Counter(ends.values())
        alone = [p for p in left if times[ends[p]] == 1 and ends[p] not in taken]
        names |= {place: ends[place] for place in alone}
        taken |= {ends[place] for place in alone}
        left = [place for place in left if place not in names]
        used_up = [place for place in left if len(parts[place]) <= length]
        for place in used_up:
            names[place] = _numbered(ends[place], taken)
            taken.add(names[place])
        left = [place for place in left if place not in names]
        length += 1
    return names


def _shown_parts(place: str) -> list[str]:
    """Return the parts of a path that may be shown: those below a home folder; of a URI all but its host."""
    scheme = _SCHEME.match(place)
    if scheme is not None:
        return place[scheme.end() :].split("/")[1:] or [place[scheme.end() :]]
    parts = [part for part in place.split("/") if part]
    home = [part for part in str(Path.home()).split("/") if part]
    if home and parts[: len(home)] == home:
        return parts[len(home) :] or parts[-1:]
    hidden = 2 if len(parts) > 2 and parts[0] in _HOMES[:2] else int(parts[0] == _HOMES[2] and len(parts) > 1)
    return parts[hidden:]


def _numbered(name: str, taken: set[str]) -> str:
    stem, suffix = posixpath.splitext(name)
    number = 2
    while f"{stem}.{number}{suffix}" in taken:
        number += 1
    return name if name not in taken else f"{stem}.{number}{suffix}"


def is_absolute(uri: str) -> bool:
    """Return whether a URI does not depend on where the manifest lies."""
    return is_remote(uri) or uri.startswith("/")
