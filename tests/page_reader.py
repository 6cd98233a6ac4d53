"""Reads a report's page back: its tags, their attributes, and the text that people see."""

import re
from html.parser import HTMLParser

from reports.run_data import RunData
from reports.summary import render_report


class PageReader(HTMLParser):
    """Collects tags with attributes, ids, and the text outside style elements."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.parts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.parts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.parts))

    def tile(self, label: str) -> str:
        """The number of a tile, found by its label."""
        return re.sub(r"\s+", " ", "\n".join(self.parts)).split(f" {label} ", 1)[1][:40]


def page_of(run: RunData, name: str = "index.html") -> tuple[str, PageReader]:
    """Return one of a run's pages and what is in it."""
    html = render_report(run)[name].decode()
    reader = PageReader(html)
    assert not reader.unbalanced and not reader.open
    return html, reader
