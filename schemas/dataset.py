"""What only the publisher of a data set knows: its name, its licence, who made it and why."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.datasheet import QUESTIONS
from schemas.outcomes import BadInputError

# As Croissant wants versions: MAJOR.MINOR.PATCH (semver.org 2.0.0), the last two may be missing.
_VERSION = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)(\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?)?)?")
_URL = re.compile(r"https?://[^\s<>\"]{1,2000}")


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetConfig:
    """What croissant.json, the datasheet and the other pages say of the data set that no run can know.

    Nothing is invented in its place: what is not given is left out, and the pages name it as open. `licence`
    is a URL or an SPDX identifier, `url` where the data set is found, `cite_as` a citation, BibTeX at best,
    `date_published` a date (2026-11-30). `answers` are yours to the datasheet's questions, by their names
    (docs/provenance.md lists them).
    """

    name: str | None = None
    description: str | None = None
    version: str | None = None
    licence: str | None = None
    url: str | None = None
    creators: tuple[str, ...] = ()
    publisher: str | None = None
    contact: str | None = None
    cite_as: str | None = None
    date_published: str | None = None
    keywords: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        """Refuse what readers of croissant.json would refuse, and answers to no question."""
        if self.version is not None and not _VERSION.fullmatch(self.version):
            raise BadInputError(f"dataset.version: {self.version!r:.40} is not like 1.0.0")
        if self.url is not None and not _URL.fullmatch(self.url):
            raise BadInputError(f"dataset.url: {self.url!r:.80} is no http or https address")
        if self.date_published is not None:
            try:
                datetime.date.fromisoformat(self.date_published)
            except ValueError as error:
                raise BadInputError(
                    f"dataset.date_published: {self.date_published!r:.40} is no date like 2026-11-30"
                ) from error
        known = {question.name for question in QUESTIONS}
        if unknown := sorted(self.answers.keys() - known):
            raise BadInputError(
                f"dataset.answers: no question is called {unknown[0]!r:.60}; docs/provenance.md lists them"
            )
