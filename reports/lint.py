"""What lint found, for people: lines for a terminal, and a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports import formats
from reports.summary import render

_MOST_LINES, _MOST_ROWS = 5, 100


def lint_lines(report: Mapping[str, Any]) -> list[str]:
    """Return lines that say what was looked at and what does not hold."""
    lines = [f"Result {formats.printable(report['result'], 100)}: {_looked_at(report)}"]
    for found in report["findings"]:
        lines += ["", f"{found['code']} ({formats.count(found['count'])}): {found['means']}"]
        for place in found["places"][:_MOST_LINES]:
            lines.append(f"    {_place(place)}: {formats.prose(place['says'], 300)}")
        if found["count"] > _MOST_LINES:
            lines.append(f"    and {formats.count(found['count'] - _MOST_LINES)} more (--json has them)")
        lines.append(f"    To do: {found['advice']}.")
    lines += ["", *(f"Note: {formats.prose(note, 600)}." for note in report["notes"])]
    return [*lines, _verdict(report)]


def _looked_at(report: Mapping[str, Any]) -> str:
    return ", ".join(f"{formats.count(n)} {name}" for name, n in report["looked_at"].items())


def _place(place: Mapping[str, str]) -> str:
    return " ".join(formats.printable(place[name], 200) for name in ("file", "item") if place[name])


def _verdict(report: Mapping[str, Any]) -> str:
    number = len(report["findings"])
    return (
        "All holds."
        if not number
        else f"{formats.plural(number, 'rule')} of the contract {'does' if number == 1 else 'do'} not hold."
    )


def lint_page(report: Mapping[str, Any]) -> bytes:
    """Return the page, UTF-8."""
    return render(
        "lint.html.j2",
        {
            "result": formats.printable(report["result"], 100),
            "verdict": _verdict(report),
            "sound": not report["findings"],
            "tiles": [
                (name.replace("_", " ").capitalize(), formats.count(n))
                for name, n in report["looked_at"].items()
            ],
            "notes": [formats.prose(note, 600) for note in report["notes"]],
            "findings": [_view(found) for found in report["findings"]],
        },
    )


def _view(found: Mapping[str, Any]) -> dict[str, Any]:
    places: Sequence[Mapping[str, str]] = found["places"][:_MOST_ROWS]
    return {
        "code": found["code"],
        "means": found["means"],
        "advice": found["advice"],
        "count": formats.plural(found["count"], "place"),
        "more": formats.count(found["count"] - len(places)) if found["count"] > len(places) else "",
        "places": [
            (
                formats.printable(p["file"], 200),
                formats.printable(p["item"], 200),
                formats.prose(p["says"], 300),
            )
            for p in places
        ],
    }
