"""The questions of a datasheet, by section: Gebru et al., Datasheets for Datasets, CACM 64(12), 2021.

In our words, in the paper's order; names are those under which a publisher answers (`dataset.answers`).
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question of the datasheet: the name by which it is answered, its section, the question."""

    name: str
    section: str
    text: str


_SECTIONS: dict[str, dict[str, str]] = {
    "Motivation": {
        "purpose": "For what purpose was the data set created? Was there a task in mind, or a gap to fill?",
        "creators": "Who created it, and on behalf of whom?",
        "funding": "Who funded its creation?",
        "motivation_other": "Anything else about the motivation?",
    },
    "Composition": {
        "instances": "What do the instances represent?",
        "num_instances": "How many instances are there, of each type?",
        "sample": "Are these all possible instances, or a sample of a larger set? How was it drawn, "
        "and is it representative?",
        "instance_data": "What data does each instance consist of?",
        "labels": "Is there a label or target with each instance?",
        "missing": "Is information missing from individual instances? Why?",
        "relationships": "Are relationships between instances made explicit?",
        "splits": "Are there recommended splits?",
        "noise": "Are there errors, sources of noise, or redundancies?",
        "self_contained": "Is the data set self-contained, or does it rely on outside resources?",
        "confidential": "Does it contain data that might be considered confidential?",
        "offensive": "Does it contain data that, if viewed directly, might offend, insult, threaten, or "
        "cause anxiety?",
        "subpopulations": "Does it identify subpopulations, for example by age or gender? How are they "
        "distributed?",
        "identifiable": "Can individuals be identified, directly or indirectly?",
        "sensitive": "Does it contain data that might be considered sensitive in any way?",
        "composition_other": "Anything else about the composition?",
    },
    "Collection process": {
        "acquisition": "How was the data of each instance acquired: observed, reported, or inferred? Was it "
        "validated?",
        "mechanisms": "What mechanisms or procedures were used to collect it, and how were they validated?",
        "sampling": "If it is a sample of a larger set, what was the sampling strategy?",
        "collectors": "Who was involved in the collection, and how were they compensated?",
        "timeframe": "Over what time was the data collected?",
        "ethics_review": "Were ethical review processes conducted?",
        "direct": "Was the data collected from the individuals directly, or by way of third parties?",
        "notified": "Were the individuals notified about the collection?",
        "consent": "Did the individuals consent to the collection and use of their data?",
        "revocation": "Can consent be revoked, now or for certain uses? How?",
        "impact": "Has the potential impact on the people shown been analysed?",
        "collection_other": "Anything else about the collection?",
    },
    "Preprocessing, cleaning, labelling": {
        "preprocessing": "Was the data preprocessed, cleaned or labelled? How?",
        "refused": "What was refused or left out, and why?",
        "raw": "Is the raw data saved beside what was made of it?",
        "software": "Is the software that did this available?",
        "preprocessing_other": "Anything else about preprocessing?",
    },
    "Uses": {
        "used": "Has the data set been used for any tasks already?",
        "repository": "Is there a repository of papers or systems that use it?",
        "tasks": "What other tasks could it be used for?",
        "future_risks": "Is there anything about its composition or making that might affect future uses, "
        "such as unfair treatment of groups? What can be done about that?",
        "not_for": "Are there tasks for which it should not be used?",
        "uses_other": "Anything else about uses?",
    },
    "Distribution": {
        "third_parties": "Will it be distributed to third parties outside the entity that created it?",
        "how": "How will it be distributed? Does it have a DOI?",
        "when": "When will it be distributed?",
        "licence": "Under what licence or terms of use is it distributed?",
        "third_party_rights": "Have third parties imposed restrictions on the data of the instances?",
        "export": "Do export controls or other regulations apply?",
        "distribution_other": "Anything else about distribution?",
    },
    "Maintenance": {
        "maintainer": "Who supports, hosts and maintains it?",
        "contact": "How can its owner, curator or manager be contacted?",
        "erratum": "Is there an erratum?",
        "updates": "Will it be updated: to correct labels, add or delete instances? How often, by whom, "
        "and how is that told?",
        "retention": "Are there limits on how long data of people is kept? How are they enforced?",
        "old_versions": "Will older versions be supported?",
        "contribute": "Can others extend or contribute to it? How are contributions validated?",
        "maintenance_other": "Anything else about maintenance?",
    },
}


def _questions() -> Iterator[Question]:
    for section, questions in _SECTIONS.items():
        for name, text in questions.items():
            yield Question(name=name, section=section, text=text)


QUESTIONS: tuple[Question, ...] = tuple(_questions())
SECTIONS: tuple[str, ...] = tuple(_SECTIONS)
