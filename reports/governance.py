"""The page on data governance: Article 10 of the EU AI Act, provision by provision, beside what a run shows.

Regulation (EU) 2024/1689, Article 10(2)(a) to (h), (3), (4) and (5), in our words. The page is evidence for a
provider's own documentation and no statement of conformity.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from reports import governance_evidence as shows
from reports.account import Account
from reports.document import GOVERNANCE, document
from reports.languages.en import LANGUAGE as EN
from reports.links import page_links
from reports.run_data import RunData
from reports.told import told_part
from reports.views import list_view, text_view

FILE_NAME = GOVERNANCE


@dataclass(frozen=True, kw_only=True, slots=True)
class Provision:
    """A provision: its place and title, what it asks for, what a run shows of it, and what it cannot show."""

    key: str
    title: str
    asks: str
    shows: Callable[[RunData, Account], shows.Shown]
    lacks: tuple[str, ...]
    answers: tuple[str, ...] = ()


def governance_page(run: RunData, account: Account) -> bytes:
    """Return the page, UTF-8."""
    sections = [
        {"id": f"article-{one.key}", "title": one.title, "parts": list(_parts(one, run, account))}
        for one in PROVISIONS
    ]
    return document(
        EN,
        title="Data governance: Article 10 of the EU AI Act",
        lead="What a curation run shows of what Article 10 of Regulation (EU) 2024/1689 asks of training, "
        "validation and "
        "testing data of high-risk AI systems, and what it cannot show. Whether a system is a high-risk "
        "one, and whether "
        "this evidence suffices for its intended purpose, is for its provider to decide. This page is no "
        "legal opinion.",
        subject=account.about.name or run.summary.config_hash,
        sections=sections,
        links=page_links(FILE_NAME),
        footer=f"Made from run.json and tables of the result with the fingerprint {account.fingerprint}.",
    )


def _parts(one: Provision, run: RunData, account: Account) -> Iterator[dict[str, Any]]:
    yield text_view(f"Asks for: {one.asks}")
    yield {"kind": "head", "text": "What the run shows"}
    for part in one.shows(run, account):
        yield text_view(part) if isinstance(part, str) else told_part(part, EN)
    told = [account.about.answers[key] for key in one.answers if key in account.about.answers]
    if told:
        yield {"kind": "head", "text": "What the publisher says"}
        yield {"kind": "quote", "paragraphs": told}
    yield {"kind": "head", "text": "What it does not show"}
    yield list_view(one.lacks)


PROVISIONS: tuple[Provision, ...] = (
    Provision(
        key="a", title="(2)(a) Design choices", asks="the relevant design choices.", shows=shows.choices,
        lacks=("Why these choices suit the intended purpose of a system.",), answers=("purpose",),
    ),
    Provision(
        key="b", title="(2)(b) Collection and origin",
        asks="how the data were collected and where they come from, and for personal data the original "
        "purpose of "
        "the collection.",
        shows=shows.origin,
        lacks=(
            "How, when and for which purpose the people were filmed.",
            "Whether the declared licences and consents are valid: they are taken as declared.",
        ),
        answers=("mechanisms", "acquisition", "consent", "timeframe"),
    ),
    Provision(
        key="c", title="(2)(c) Preparation",
        asks="the operations of preparation: annotation, labelling, cleaning, updating, enrichment, "
        "aggregation.",
        shows=shows.preparation,
        lacks=("What was done to the files before they came to Mentor.",), answers=("preprocessing",),
    ),
    Provision(
        key="d", title="(2)(d) Assumptions",
        asks="the assumptions, in particular about what the data are supposed to measure and represent.",
        shows=shows.assumptions,
        lacks=("Whether these assumptions hold for the intended use.",), answers=("sample",),
    ),
    Provision(
        key="e", title="(2)(e) Availability, quantity, suitability",
        asks="an assessment of the availability, quantity and suitability of the data that are needed.",
        shows=shows.quantity,
        lacks=("How much data a system needs: that follows from its purpose and its tests.",),
        answers=("tasks",),
    ),
    Provision(
        key="f", title="(2)(f) Examination for biases",
        asks="an examination for biases that are likely to affect health, safety or fundamental rights, or "
        "lead to prohibited "
        "discrimination.",
        shows=shows.bias,
        lacks=(
            "Biases of attributes that nobody declared and no model perceives.",
            "Effects on people of a model that is trained on the data.",
            "That no difference was found does not mean that there is none.",
        ),
        answers=("future_risks",),
    ),
    Provision(
        key="g", title="(2)(g) Measures against biases",
        asks="measures to detect, prevent and mitigate the biases found.", shows=shows.measures,
        lacks=(
            "Weights draw the same people more often and add nobody.",
            "Whether a model trained with these weights treats groups alike has to be tested.",
        ),
    ),
    Provision(
        key="h", title="(2)(h) Gaps and shortcomings",
        asks="the gaps and shortcomings of the data that stand in the way of compliance, and how they can "
        "be addressed.",
        shows=shows.gaps,
        lacks=("Gaps in what nobody declared or measured.",), answers=("not_for",),
    ),
    Provision(
        key="p3", title="(3) Relevance, representativeness, errors, completeness",
        asks="data that are relevant, sufficiently representative and, to the best extent possible, free "
        "of errors and "
        "complete in view of the intended purpose, with appropriate statistical properties as regards the "
        "people on "
        "whom the system is to be used.",
        shows=shows.representative,
        lacks=(
            "Who the people are on whom a system is to be used.",
            "The share of wrong labels: models' scores and doubts are kept with each sample, and are not "
            "proof.",
        ),
    ),
    Provision(
        key="p4", title="(4) Geographical, contextual, behavioural and functional setting",
        asks="data that take into account what is particular to the setting in which the system is to be "
        "used.",
        shows=shows.setting,
        lacks=("Where people live, and in which setting a system is to be used.",), answers=("uses_other",),
    ),
    Provision(
        key="p5", title="(5) Special categories of personal data",
        asks="that special categories are processed only as far as strictly necessary to detect and "
        "correct bias, and "
        "with safeguards: no other data would do; limits on re-use, security and pseudonyms; controlled "
        "access; no transfer "
        "to others; deletion when the purpose is reached; and a record of why it was necessary.",
        shows=shows.special,
        lacks=(
            "Why the processing is strictly necessary, who has access, and when the data are deleted.",
            "Faces and voices are personal data even where no special category is counted.",
        ),
        answers=("sensitive", "retention", "ethics_review"),
    ),
)  # fmt: skip
