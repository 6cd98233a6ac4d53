"""Reservations of text and data mining for whole places: TDMRep's file of a site, in a copy of the site.

A site says in `/.well-known/tdmrep.json` which of its paths it reserves (W3C Community Group, TDM Reservation
Protocol, 2024). Of files of this machine all folders above are looked at: a copy of a site keeps its paths.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from media.source import is_remote, local_path
from schemas.consent import refusal
from schemas.records.source import Source
from transforms.judge_consent import RESERVED, ConsentConfig, heeds_reservations

_WHERE = Path(".well-known") / "tdmrep.json"
_MAX_BYTES = 2**20
_MAX_RULES = 1000
# Patterns of paths that a site reserves. None: its file cannot be read, so any may be.
_Rules = Sequence[str] | None


def with_reserved_places(sources: Sequence[Source], config: ConsentConfig) -> list[Source]:
    """Return the sources, with a refusal for each that lies in a copy of a site which reserves it."""
    known: dict[Path, _Rules] = {}
    return [
        dataclasses.replace(source, refusal=(RESERVED, "the tdmrep.json of a folder above it"))
        if not refusal(source) and heeds_reservations(source, config) and _is_reserved(source, known)
        else source
        for source in sources
    ]


def _is_reserved(source: Source, known: dict[Path, _Rules]) -> bool:
    if is_remote(source.uri):
        return False
    path = local_path(source.uri).absolute()
    for folder in path.parents:
        if folder not in known:
            known[folder] = _rules_of(folder / _WHERE)
        rules = known[folder]
        if rules is None:
            return True
        location = f"/{path.relative_to(folder).as_posix()}"
        if any(fits(location, pattern) for pattern in rules):
            return True
    return False


def _rules_of(place: Path) -> _Rules:
    """Return what a site reserves; nothing where there is no such file."""
    try:
        if not place.is_file():
            return ()
        with place.open("rb") as handle:
            data = handle.read(_MAX_BYTES + 1)
        rules: Any = json.loads(data)
        if len(data) > _MAX_BYTES or not isinstance(rules, list) or len(rules) > _MAX_RULES:
            return None
        return [str(rule["location"]) for rule in rules if _reserves(rule)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _reserves(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule reserves what it names; what it leaves free, another one may reserve."""
    return str(rule.get("tdm-reservation", "0")) != "0"


def fits(location: str, pattern: str) -> bool:
    """Return whether a pattern as robots.txt has them (RFC 9309, 2.2.3) names a path that begins with `/`.

    It names what begins with it; `*` stands for anything, `$` at its end for the end of the path.
    """
    whole = pattern.endswith("$")
    first, *others = f"/{pattern.removesuffix('$').lstrip('/')}".split("*")
    if not location.startswith(first):
        return False
    at = len(first)
    last = others.pop() if others and whole else None
    for part in others:
        found = location.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    if last is not None:
        return location.endswith(last) and len(location) - len(last) >= at
    return not whole or at == len(location)
