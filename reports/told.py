"""Sections as a language tells them: plain text for the template, with what is in another language marked."""

from collections.abc import Sequence

from reports.cells import Cell, Said, Section, Table
from reports.language import Language
from reports.views import LONG, View, list_view, text_view

_NUMBERS = frozenset(("count", "share", "number", "span", "length", "of"))


def told_sections(sections: Sequence[Section], language: Language) -> list[View]:
    """Return sections as the template takes them: an id, a title, and parts in their order."""
    return [
        {
            "id": section.key,
            "title": language.word(f"section.{section.key}"),
            "parts": [told_part(part, language) for part in section.parts],
        }
        for section in sections
    ]


def told_part(part: Said | tuple[Said, ...] | Table, language: Language) -> View:
    """Return a sentence, a list of sentences or a table as the template takes it."""
    if isinstance(part, Table):
        return told_table(part, language)
    if isinstance(part, tuple):
        return list_view([language.sentence(one) for one in part])
    return text_view(language.sentence(part))


def told_table(table: Table, language: Language) -> View:
    """Return a table as text; columns have their kind, cells that are in English elsewhere a language."""
    places = range(len(table.columns))
    numeric = [any(row[place].kind in _NUMBERS for row in table.rows) for place in places]
    long = [max((len(language.cell(row[p])) for row in table.rows), default=0) > LONG for p in places]
    return {
        "kind": "table",
        "title": _title(table, language),
        "columns": [
            {"text": language.word(f"column.{column}"), "numeric": numeric[place], "long": long[place]}
            for place, column in enumerate(table.columns)
        ],
        "rows": [[_cell(cell, language) for cell in row] for row in table.rows],
        "more": f"{language.word('more_rows')} {language.cell(Cell('count', table.num_more))}"
        if table.num_more
        else "",
        "hidden": language.word("hidden_groups").format(groups=", ".join(map(language.cell, table.hidden)))
        if table.hidden
        else "",
        "nothing": "" if table.rows else language.word("no_rows"),
    }


def _title(table: Table, language: Language) -> str:
    known = language.texts.get(f"table.{table.title}")
    if known is not None:
        return known
    named = language.name_of(table.title)
    return language.word("table.groups").format(
        attribute=named[:1].lower() + named[1:] if language.lowers_names else named
    )


def _cell(cell: Cell, language: Language) -> View:
    foreign = language.code != "en" and language.is_foreign(cell)
    return {"text": language.cell(cell), "lang": "en" if foreign else ""}
