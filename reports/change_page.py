"""What changed between two results, as a page."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports import formats
from reports.change_groups import terms_groups
from reports.change_lines import HEADS, NOTHING, judged_on, sizes
from reports.change_records import Change, Kind
from reports.changes import Comparison
from reports.document import document
from reports.languages.en import LANGUAGE as EN
from reports.setting_changes import setting_rows
from reports.views import View, table_view, text_view, tiles_view

MOST_ROWS = 200
_SIDES = ("First result", "Second result")
_BEFORE_AFTER = (*_SIDES, "Why")
_COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    "file": ("File", *_BEFORE_AFTER),
    "came": ("Clip", "File", "Why"),
    "went": ("Clip", "File", "Why"),
    "end": ("Clip", "File", *_BEFORE_AFTER),
    "split": ("Clip", "File", *_BEFORE_AFTER),
    "identity": ("Clip", "File", *_BEFORE_AFTER),
    "label": ("Clip", "File", "Label", *_BEFORE_AFTER),
}
_TERMS_COLUMNS = ("Term", *_SIDES, "Files", "Clips", "Accepted", "Such as", "Why")
_FOR_WHOM = (
    "This page names files and clips as the tables do, and two results tell more of people than one: "
    "give it only to those who may have both."
)


def change_page(compared: Comparison) -> bytes:
    """Return the page, UTF-8."""
    changes = compared.changes()
    counts: Counter[Kind] = Counter(change.change for change in changes)
    names = " and ".join(formats.printable(side.name, 100) for side in (compared.old, compared.new))
    return document(
        EN,
        title="What changed between two results",
        lead=sizes(compared),
        subject=names,
        sections=[
            {"id": "overview", "title": "At a glance", "parts": list(_overview(compared, counts))},
            *_settings(compared),
            *(
                {"id": kind, "title": HEADS[kind][2], "parts": [_table(kind, changes, compared)]}
                for kind in HEADS
                if counts[kind]
            ),
        ],
        links=[],
        footer=f"Made by run_pipeline.py diff from tables and settings of the results {names}.",
    )


def _overview(compared: Comparison, counts: Mapping[Kind, int]) -> Iterator[View]:
    yield tiles_view(
        [
            (title, formats.count(counts[kind]), f"{noun}s {words}")
            for kind, (noun, words, title) in HEADS.items()
        ]
    )
    if not counts:
        yield text_view(NOTHING)
    yield from map(text_view, (*judged_on(compared), _FOR_WHOM))


def _settings(compared: Comparison) -> Iterator[dict[str, Any]]:
    if rows := setting_rows(compared.old.config, compared.new.config):
        columns = ("Setting", *_SIDES)
        table = table_view(
            "Settings that differ", columns, rows, most=MOST_ROWS, elsewhere=_all_in("run.json")
        )
        yield {"id": "settings", "title": "Settings", "parts": [table]}


def _table(kind: Kind, changes: Sequence[Change], compared: Comparison) -> View:
    title = f"{HEADS[kind][2]}: what changed and why"
    if kind == "terms":
        rows = [
            (
                *(g.attribute, g.before, g.after, formats.count(len(g.sources))),
                *(formats.count(g.num_clips), formats.count(g.num_accepted), g.examples, g.why),
            )
            for g in terms_groups(changes, compared.new)
        ]
        columns = _TERMS_COLUMNS
    else:
        rows = [_row(change) for change in changes if change.change == kind]
        columns = _COLUMNS[kind]
    return table_view(
        title,
        columns,
        rows,
        numeric=("Files", "Clips", "Accepted"),
        most=MOST_ROWS,
        elsewhere=_all_in("diff --table FILE"),
    )


def _row(change: Change) -> tuple[str, ...]:
    name = formats.printable(change.source_name, 100)
    where = (name,) if change.clip_id is None else (change.clip_id, name)
    if change.change in ("came", "went"):
        return (*where, change.why)
    label = () if change.attribute is None else (formats.printable(change.attribute, 60),)
    was, now = (formats.prose(v, 100) if v else "unknown" for v in (change.before, change.after))
    return (*where, *label, was, now, change.why or formats.MISSING)


def _all_in(place: str) -> str:
    return f"; all of them are in {place}"
