"""Licences as SPDX expressions: what a manifest's words mean, and whether a list of licences covers them.

`license-expression` knows SPDX's list and its grammar (SPDX specification 2.3, annex D). Ahead of it come the
names and addresses of the Creative Commons licences, which media are under and few people write as SPDX does.
"""

import functools
import re
from collections.abc import Collection
from typing import Any

_MOST_CHARACTERS = 300
_CC_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?creativecommons\.org/(licenses|publicdomain)/"
    r"(by(?:-nc)?(?:-(?:nd|sa))?|zero)/([0-9]\.[0-9])(?:/([a-z]{2,3}))?"
    r"(?:/|/deed(?:\.[a-zA-Z_-]+)?|/legalcode)?/?",
    re.IGNORECASE,
)
_CC_NAME = re.compile(r"cc (by(?: nc)?(?: (?:nd|sa))?) ([0-9]\.[0-9])(?: ([a-z]{2,3}))?")
_CC_ZERO = re.compile(r"cc ?(?:0|zero)(?: 1\.0)?")
_CC_WORDS = (
    (r"creative commons", "cc"),
    (r"attribution", "by"),
    (r"non ?commercial", "nc"),
    (r"no ?deriv(?:ative)?s?(?: works)?", "nd"),
    (r"share ?alike", "sa"),
    (r"\b(?:licen[cs]e|international|unported|generic|universal|public domain dedication)\b", " "),
)
_OWN = re.compile(r"LicenseRef-[A-Za-z0-9.-]+", re.IGNORECASE)
_VERSION = re.compile(r"-v?[0-9].*$")


@functools.lru_cache(maxsize=10_000)
def licence_id(text: str) -> str | None:
    """Return the SPDX expression that a licence's name, address or identifier stands for.

    None where it is none, does not say which ('CC BY' may be any of seven versions), or where anything else
    stands beside it: '(not for training)' may take back what the licence gives.
    """
    plain = " ".join(text.split())
    if not plain or len(plain) > _MOST_CHARACTERS:
        return None
    known = _creative_commons(plain) or _expression(plain)
    if known is None and not re.search(r"\b(?:and|or|with)\b", plain, re.IGNORECASE):
        bare = re.sub(r"(?i)\s*\b(?:the|licen[cs]e|version)\b\s*,?\s*", " ", plain).strip()
        known = _expression(re.sub(r"\s+", "-", bare)) if bare else None
    return known


def is_allowed(expression: str, allowed: Collection[str]) -> bool:
    """Return whether a list of licences covers an expression: all of what AND joins, one of what OR does.

    Args:
        allowed: identifiers, or families of them (`CC-BY`), which stand for all their versions.
    """
    node = _parsed(expression)
    return node is not None and _covers(node, frozenset(name.casefold() for name in allowed))


def is_licence_or_family(name: str) -> bool:
    """Return whether a name may stand in a list of allowed licences."""
    if _OWN.fullmatch(name) or name.casefold() in _families():
        return True
    node = _parsed(name)
    return node is not None and hasattr(node, "key")


def _creative_commons(text: str) -> str | None:
    if (address := _CC_ADDRESS.fullmatch(text)) is not None:
        kind, version, port = address[2].lower(), address[3], address[4]
        found = f"CC0-{version}" if kind == "zero" else f"CC-{kind}-{version}"
    else:
        words = re.sub(r"[\s_,-]+", " ", text.casefold())
        for pattern, short in _CC_WORDS:
            words = re.sub(pattern, short, words)
        words = " ".join(words.split())
        if _CC_ZERO.fullmatch(words):
            return "CC0-1.0"
        if (name := _CC_NAME.fullmatch(words)) is None:
            return None
        found, port = f"CC-{name[1].replace(' ', '-')}-{name[2]}", name[3]
    return _expression(f"{found}-{port}" if port else found)


def _expression(text: str) -> str | None:
    node = _parsed(text)
    return None if node is None else node.render()


@functools.cache
def _licensing() -> Any:
    from license_expression import get_spdx_licensing  # reads an index of two thousand licences

    return get_spdx_licensing()


@functools.cache
def _families() -> frozenset[str]:
    return frozenset(_family(key) for key in _licensing().known_symbols)


def _family(key: str) -> str:
    return _VERSION.sub("", key.casefold())


def _parsed(text: str) -> Any:
    """Return an expression as a tree; None if it is none, or names a licence that nobody knows."""
    from license_expression import ExpressionError, ExpressionParseError

    licensing = _licensing()
    try:
        node = licensing.parse(text, validate=False, strict=True)
        unknown = licensing.unknown_license_keys(node) if node is not None else ()
    except (ExpressionError, ExpressionParseError, RecursionError):
        return None
    return None if any(_OWN.fullmatch(key) is None for key in unknown) else node


def _covers(node: Any, allowed: frozenset[str]) -> bool:
    licensing = _licensing()
    if isinstance(node, licensing.AND):
        return all(_covers(part, allowed) for part in node.args)
    if isinstance(node, licensing.OR):
        return any(_covers(part, allowed) for part in node.args)
    key = getattr(node, "license_symbol", node).key  # an exception allows more than the licence that it is to
    return key.casefold() in allowed or _family(key) in allowed
