"""Parts of a page of sections whose words are English and made on the spot: tiles and tables."""

from collections.abc import Collection, Sequence
from typing import Any

from reports import formats

# Characters from which on a column needs room for several words a line.
LONG = 36
# Up to which one is not broken: a day, a number with its unit.
_SHORT = 14

View = dict[str, Any]


def text_view(text: str) -> View:
    """Return a paragraph."""
    return {"kind": "text", "text": text}


def list_view(items: Sequence[str]) -> View:
    """Return a list of sentences."""
    return {"kind": "list", "items": items}


def facts_view(title: str, facts: Sequence[tuple[str, str]]) -> View:
    """Return a table of questions and answers."""
    return {"kind": "facts", "title": title, "facts": facts}


def tiles_view(tiles: Sequence[tuple[str, str, str]]) -> View:
    """Return tiles of key numbers: label, number, remark."""
    return {"kind": "tiles", "tiles": tiles}


def table_view(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numeric: Collection[str] = (),
    most: int | None = None,
    elsewhere: str = "",
    nothing: str = "",
) -> View:
    """Return a table; the first cell of a row names it.

    Args:
        numeric: the columns of numbers.
        most: how many rows are shown; of the others their number is told.
        elsewhere: where those are, as words that go on from their number.
        nothing: what is said where there are no rows.
    """
    shown = rows[:most]
    left = len(rows) - len(shown)
    longest = [max((len(row[place]) for row in shown), default=0) for place in range(len(columns))]
    return {
        "kind": "table",
        "title": title,
        "columns": [
            {"text": text, "numeric": text in numeric, "long": most > LONG, "short": most <= _SHORT}
            for text, most in zip(columns, longest, strict=True)
        ],
        "rows": [[{"text": text, "lang": ""} for text in row] for row in shown],
        "more": f"And {formats.count(left)} more{elsewhere}." if left else "",
        "hidden": "",
        "nothing": nothing,
    }
