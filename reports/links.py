"""Links between the pages that a result says of itself."""

from typing import Any

from reports.document import BIAS, DATASHEET, GOVERNANCE, INDEX, link
from reports.languages import LANGUAGES

_PAGES = (
    ("What became of the videos", INDEX),
    ("Who is in the data", BIAS),
    ("Datasheet", DATASHEET),
    ("Data governance", GOVERNANCE),
)


def page_links(here: str) -> list[dict[str, Any]]:
    """Return the links of a page of English, itself among them."""
    pages = [link(text, page, here=page == here) for text, page in _PAGES]
    statements = [link(one.name, f"statement.{one.code}.html", one.code) for one in LANGUAGES]
    return [
        {"label": "Pages", "links": pages},
        {"label": "Statement of what the balance did", "links": statements},
    ]
