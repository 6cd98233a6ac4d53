"""What pages say before it is said in a language: numbers with their kinds, names, sentences by key.

A page that comes in several languages is made of these once, so that all of its languages tell the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Interval = tuple[float, float]
Kind = Literal[
    "count", "share", "number", "span", "length", "name", "words", "joined", "group", "of", "quota",
    "binding", "meaning", "raw", "said",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One value and how it is told.

    Kinds: a `count`; a `share` of one or a `number`, `more` being its interval; a `span` between two numbers;
    a `length` in seconds; the `name` of an attribute, a rule or a split, or of a group, `more` being its
    attribute; `words` of a closed list, `more` saying of which; several such, or licences, told together
    (`joined`); a `group` of an attribute with both names; so many `of` so many; a `quota`'s bound and group;
    what is `binding`, as balancing says it; the `meaning` of a reason; `raw` words of the user's; or
    something `said` by a key of the language's texts. None is told as a dash.
    """

    kind: Kind
    value: Any
    more: Any = None


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence by its key, and what fills its places."""

    key: str
    values: Mapping[str, Cell] = field(default_factory=dict[str, Cell])


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table: keys of its title and of its columns, and its rows; the first cell of a row names it.

    `hidden` are the names of rows that may not be shown, `num_more` rows that are left out for their number.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    num_more: int = 0
    hidden: tuple[Cell, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A section: the key of its title, and what it says in turn: sentences, lists of sentences, tables."""

    key: str
    parts: tuple["Said | tuple[Said, ...] | Table", ...]


def count(value: float | None) -> Cell:
    """Return a number of things."""
    return Cell("count", value)


def share(value: float | None, interval: Interval | None = None) -> Cell:
    """Return a share of one, told in percent, with the interval that it lies in."""
    return Cell("share", value, interval)


def number(value: float | None, interval: Interval | None = None) -> Cell:
    """Return a number of three digits, with the interval that it lies in."""
    return Cell("number", value, interval)


def span(low: float | None, high: float | None) -> Cell:
    """Return two numbers, from the one to the other."""
    return Cell("span", low, high)


def length(seconds: float | None) -> Cell:
    """Return a length of material."""
    return Cell("length", seconds)


def name(value: str, of: str = "") -> Cell:
    """Return the name of something that a language may have a word for; `of` is the attribute of a group."""
    return Cell("name", value, of)


def raw(text: str | None) -> Cell:
    """Return words that are told as they are."""
    return Cell("raw", text)


def said(key: str) -> Cell:
    """Return a word of the language's own."""
    return Cell("said", key)
