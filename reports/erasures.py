"""The page of what was erased from a run folder: when, why, how named, and whether its receipts hold."""

from collections.abc import Iterator, Sequence
from typing import Any

from reports import formats
from reports.document import document, link
from reports.erasure_told import NAMED_BY, Filed, day_told, erasure_parts, why_told
from reports.languages.en import LANGUAGE as EN
from reports.views import View, list_view, table_view, text_view, tiles_view

_MOST_ROWS, _MOST_TOLD = 500, 20
_HOW_TO_CHECK = (
    "Signatures were checked as this page was made. A signature shows that a receipt was not changed, and "
    "whose key signed it; whose key that is, is for you to know.",
    "erase OUT --page FILE checks all receipts, searches the whole folder again and writes this page.",
    "erase OUT --verify RECEIPT does so for one. With --with photo.jpg, or a video, of the person it "
    "searches by face and sound too; --models DIR asks a model elsewhere.",
    "The page holds nothing of what was erased. Reasons are told as they were given.",
)


def erasures_page(receipts: Sequence[Filed], *, searched_on: str | None, report: str | None) -> bytes:
    """Return the page, UTF-8.

    Args:
        receipts: in the order of their time.
        searched_on: the day on which the folder was searched again; None if it was not.
        report: where the first page of the current result is, as a link; None where there is none to follow.
    """
    newest = sorted(receipts, key=lambda one: one.file, reverse=True)
    return document(
        EN,
        title="What was erased",
        lead=_lead(newest),
        subject=formats.plural(len(receipts), "erasure"),
        sections=[
            {"id": "overview", "title": "At a glance", "parts": list(_overview(newest, searched_on))},
            *map(_section, newest[:_MOST_TOLD]),
            {"id": "check", "title": "How to check", "parts": [list_view(_HOW_TO_CHECK)]},
        ],
        links=[{"label": "Pages", "links": [link("What became of the videos", report)]}] if report else [],
        footer="Made by run_pipeline.py erase from the receipts in OUT/erasures.",
    )


def is_sound(receipts: Sequence[Filed]) -> bool:
    """Return whether all are as they were signed, and nothing of what they tell of was found again."""
    return all(one.is_intact and not one.left for one in receipts)


def _lead(receipts: Sequence[Filed]) -> str:
    if not receipts:
        return "Nothing was erased from this folder."
    clips, _, files = _totals(receipts)
    wrong = sum(not one.is_intact for one in receipts)
    holds = "each receipt is as it was signed"
    if wrong:
        holds = f"{formats.plural(wrong, 'receipt')} of {len(receipts)} cannot be trusted"
    return (
        f"{formats.plural(len(receipts), 'erasure')}: {formats.plural(clips, 'clip')} and "
        f"{formats.plural(files, 'whole file')}; {holds}."
    )


def _totals(receipts: Sequence[Filed]) -> tuple[int, int, int]:
    """Return how many clips were erased, how many of them were accepted, and how many whole files."""
    told = [one.says.erased for one in receipts if one.says is not None]
    return sum(e.clips for e in told), sum(e.accepted_clips for e in told), sum(e.sources for e in told)


def _overview(receipts: Sequence[Filed], searched_on: str | None) -> Iterator[View]:
    yield tiles_view(_tiles(receipts, searched_on))
    yield table_view(
        "All erasures, the newest first",
        ("Receipt", "Ended", "Named by", "Why", "Clips", "Files", "Left", "Signature"),
        list(map(_row, receipts)),
        numeric=("Clips", "Files", "Left"),
        most=_MOST_ROWS,
        elsewhere=", in OUT/erasures",
        nothing="none",
    )
    if len(receipts) > _MOST_TOLD:
        yield text_view(f"The newest {_MOST_TOLD} are told in full below.")


def _tiles(receipts: Sequence[Filed], searched_on: str | None) -> list[tuple[str, str, str]]:
    clips, accepted, files = _totals(receipts)
    told = [one.says for one in receipts if one.says is not None]
    models = {model.folder for says in told for model in says.models}
    now = None if searched_on is None else len({place for one in receipts for place, _ in one.left or ()})
    again = f"places found on {searched_on}" if searched_on else "not searched again"
    counted = (
        ("Erasures", len(receipts), "each with a receipt"),
        ("Clips", clips, f"{formats.count(accepted)} of them accepted"),
        ("Files", files, "erased whole"),
        ("Receipts that hold", sum(one.is_intact for one in receipts), "as they were signed"),
        (
            "Left at the end",
            sum(says.search.left for says in told),
            "places found by the erasure's own search",
        ),
        ("Left now", now, again),
        ("Models", len(models), "learnt from it, or may have"),
    )
    return [(label, formats.count(number), remark) for label, number, remark in counted]


def _row(one: Filed) -> tuple[str, ...]:
    if one.says is None:
        return (one.name, *(formats.MISSING for _ in range(6)), "cannot be read")
    says = one.says
    return (
        one.name,
        day_told(says.ended),
        NAMED_BY[says.request.by],
        why_told(says),
        formats.count(says.erased.clips),
        formats.count(says.erased.sources),
        formats.count(says.search.left if one.left is None else len(one.left)),
        "holds" if one.is_intact else "CHANGED since",
    )


def _section(one: Filed) -> dict[str, Any]:
    nothing = text_view("This file is no receipt, or was damaged.")
    parts = [nothing] if one.says is None else list(erasure_parts(one, one.says))
    return {"id": f"erasure-{one.name}", "title": f"Erasure {one.name}", "parts": parts}
