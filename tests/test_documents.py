"""Documents that follow from code are as the code is now, and their links lead somewhere."""

import re
import textwrap
from pathlib import Path

import pytest

from schemas import layout
from tools import document_config

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_pages_made_from_code_are_current() -> None:
    again = "python tools/document_config.py writes it anew"
    assert document_config.TARGET.read_text(encoding="utf-8") == document_config.render(), again
    assert document_config.SCHEMA_FILE.read_text(encoding="utf-8") == document_config.render_schema(), again
    page = document_config.ARCHITECTURE.read_text(encoding="utf-8")
    assert page == document_config.with_stages(page), again
    page = document_config.PROVENANCE.read_text(encoding="utf-8")
    assert page == document_config.with_questions(page), again


def test_the_run_folder_is_drawn_as_its_layout_says() -> None:
    drawn = re.search(r"\n\n(    OUT/.*?)\n\n", layout.__doc__ or "", re.DOTALL)
    assert drawn is not None
    page = (ROOT / "docs" / "run-folder.md").read_text(encoding="utf-8")
    assert f"```\n{textwrap.dedent(drawn[1])}\n```" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [t for t in targets if not (page.parent / t).exists()] == []


def tables(text: str) -> list[list[str]]:
    """Return the runs of lines outside code that begin with a bar."""
    outside = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [run.strip().splitlines() for run in re.findall(r"(?:^\|.*\n?)+", outside, re.MULTILINE)]


def cells(row: str) -> int:
    return len(re.findall(r"(?<!\\)\|", row.strip())) - 1


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_tables_are_drawn_as_tables(page: Path) -> None:
    """A head, a line of dashes, and as many cells in each row; a row that stands alone is drawn as text."""
    for table in tables(page.read_text(encoding="utf-8")):
        assert len(table) > 1 and re.fullmatch(r"\|(:?-+:?\|)+", table[1].replace(" ", "")), table[0]
        assert {cells(row) for row in table} == {cells(table[1])}, table[0]


def test_a_blank_line_in_a_table_would_be_seen() -> None:
    broken = tables("| a | b |\n|---|---|\n| 1 | 2 |\n\n| 3 | 4 |\n")
    assert [len(table) for table in broken] == [3, 1]
