"""A page of sections, in one language, with links to its like."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.language import Language
from reports.summary import render

INDEX, BIAS, DATASHEET, GOVERNANCE = "index.html", "bias.html", "datasheet.html", "governance.html"
_WORDS = ("skip", "no_network", "sections")


def document(
    language: Language,
    *,
    title: str,
    lead: str,
    subject: str,
    sections: Sequence[Mapping[str, Any]],
    links: Sequence[Mapping[str, Any]],
    footer: str,
) -> bytes:
    """Return a page, UTF-8.

    Args:
        subject: what it is about, in its title.
        sections: as `reports.told` makes them.
        links: groups of links, each with a `label` and `links` (text, href, lang, here).
        footer: what it was made from.
    """
    context = {
        "lang": language.code,
        "words": {word: language.word(word) for word in _WORDS},
        "title": title,
        "lead": lead,
        "subject": subject,
        "sections": sections,
        "links": links,
        "footer": footer,
    }
    return render("document.html.j2", context)


def link(text: str, href: str, lang: str = "en", *, here: bool = False) -> dict[str, Any]:
    """Return a link to another page; `here` is the page itself."""
    return {"text": text, "href": href, "lang": lang, "here": here}
