"""The datasheet: the questions of Gebru et al., answered from a run's numbers or by the publisher.

What neither knows is marked as open; nothing is filled in.
"""

import re
from collections.abc import Iterator

from reports import formats
from reports.account import Account
from reports.datasheet_answers import ANSWERS, PARTLY
from reports.document import DATASHEET, document
from reports.languages.en import LANGUAGE as EN
from reports.links import page_links
from reports.run_data import RunData
from reports.told import told_part
from reports.views import View, text_view
from schemas.datasheet import QUESTIONS, SECTIONS, Question

FILE_NAME = DATASHEET
_OPEN = "The publisher must answer this: dataset.answers.{name} in the settings"
_PARTLY = "From the run; the publisher must complete it: dataset.answers.{name} in the settings"
_RUN, _PUBLISHER, _BOTH = "From the run", "From the publisher", "From the run and from the publisher"


def datasheet_page(run: RunData, account: Account) -> bytes:
    """Return the page, UTF-8."""
    sections = [
        {"id": f"section-{number}", "title": title, "parts": list(_parts(title, run, account))}
        for number, title in enumerate(SECTIONS, start=1)
    ]
    left = sum(part.get("open", False) for section in sections for part in section["parts"])
    return document(
        EN,
        title="Datasheet",
        lead="The questions of Gebru et al., Datasheets for Datasets (Communications of the ACM 64(12), "
        "2021). "
        "Numbers are the run's own; what no run can know, the publisher answers. "
        f"{formats.plural(left, 'question')} {'is' if left == 1 else 'are'} open.",
        subject=account.about.name or run.summary.config_hash,
        sections=sections,
        links=page_links(FILE_NAME),
        footer=f"Made from run.json and tables of the result with the fingerprint {account.fingerprint}.",
    )


def _parts(section: str, run: RunData, account: Account) -> Iterator[View]:
    for question in QUESTIONS:
        if question.section == section:
            yield from _answered(question, run, account)


def _answered(question: Question, run: RunData, account: Account) -> Iterator[View]:
    name = question.name
    found = [] if name not in ANSWERS else list(ANSWERS[name](run, account))
    own = account.about.answers.get(name)
    origin, is_open = _origin(name, bool(found), own is not None)
    optional = name.endswith("_other")
    if optional and own is None:
        return
    yield {"kind": "question", "id": name, "text": question.text, "origin": origin, "open": is_open}
    for part in found:
        yield text_view(part) if isinstance(part, str) else told_part(part, EN)
    if own is not None:
        paragraphs = [formats.prose(text, 4000) for text in re.split(r"\n\s*\n", own.strip())]
        yield {"kind": "quote", "paragraphs": paragraphs}


def _origin(name: str, by_run: bool, by_publisher: bool) -> tuple[str, bool]:
    """Return who answers a question, and whether the publisher still has to."""
    if by_publisher:
        return _BOTH if by_run else _PUBLISHER, False
    if by_run:
        return (_PARTLY.format(name=name), True) if name in PARTLY else (_RUN, False)
    return _OPEN.format(name=name), True
