"""Documents that follow from code are as the code is now, and their links lead somewhere."""

import re
import textwrap
from pathlib import Path

import pytest

from schemas import layout
from tools import document_config

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_pages_made_from_code_are_current() -> None:
    again = "python tools/document_config.py writes it anew"
    assert document_config.TARGET.read_text(encoding="utf-8") == document_config.render(), again
    page = document_config.ARCHITECTURE.read_text(encoding="utf-8")
    assert page == document_config.with_stages(page), again


def test_the_run_folder_is_drawn_as_its_layout_says() -> None:
    drawn = re.search(r"\n\n(    OUT/.*?)\n\n", layout.__doc__ or "", re.DOTALL)
    assert drawn is not None
    page = (ROOT / "docs" / "run-folder.md").read_text(encoding="utf-8")
    assert f"```\n{textwrap.dedent(drawn[1])}\n```" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [t for t in targets if not (page.parent / t).exists()] == []
