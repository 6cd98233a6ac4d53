"""Rules on what people and holders of rights allow, as the tables have it."""

import datetime
import re
from collections.abc import Iterator

from lint.records import IDS, RecordFacts, accepted, where
from lint.rules import Found, Rule
from schemas.consent import GRANTED
from schemas.days import day_of
from schemas.ids import ID_HEX_DIGITS
from schemas.terms import no_longer

_PSEUDONYM = re.compile(f"[0-9a-f]{{{ID_HEX_DIGITS}}}")


def _consent(facts: RecordFacts) -> Iterator[Found]:
    for table in ("videos", "clips"):
        for row in facts.rows[table]:
            if row["source_consent"] not in (None, GRANTED):
                yield where(table), row[IDS[table]], f"consent is {row['source_consent'][:40]!r}"


def _over(facts: RecordFacts, day: datetime.date) -> Iterator[tuple[str, str]]:
    """Yield the keys of samples whose consent does not hold on a day, with the reason."""
    for row in accepted(facts):
        reason = no_longer(row["source_terms_expires_on"], row["source_terms_withdrawn_on"], day)
        if reason is not None:
            yield row["clip_id"], reason


def over_by(facts: RecordFacts, day: datetime.date) -> int:
    """Return how many samples' consents do not hold on a day."""
    return len(list(_over(facts, day)))


def _consent_over(facts: RecordFacts) -> Iterator[Found]:
    day = None if facts.consent_day is None else day_of(facts.consent_day)
    for key, reason in () if day is None else _over(facts, day):
        yield where("clips"), key, f"is accepted, and {reason} by {day}, the run's day"


def _scope_lacking(facts: RecordFacts) -> Iterator[Found]:
    for row in accepted(facts):
        scope = row["source_terms_scope"]
        lacking = set() if scope is None else facts.scopes - set(scope.split())
        if lacking:
            yield where("clips"), row["clip_id"], f"its consent is not for {', '.join(sorted(lacking))}"


def _private_identifier(facts: RecordFacts) -> Iterator[Found]:
    for row in facts.rows["clips"]:
        for field in ("speaker_id", "consent_reference", "rights_holder"):
            value = row[f"source_{field}"]
            if value is not None and field not in facts.published and not _PSEUDONYM.fullmatch(value):
                yield where("clips"), row["clip_id"], f"its {field} is no pseudonym (not repeated here)"


RULES: tuple[Rule, ...] = (
    Rule(code="consent", means="the tables hold a source whose people did not agree",
         advice="do not pass the result on; withdraw the source in the manifest and curate again",
         check=_consent),
    Rule(code="consent-over", means="a sample's consent had ended on the day of its run",
         advice="do not pass the result on; curate again", check=_consent_over),
    Rule(code="scope-lacking", means="a sample's consent is not for all that the settings want it for",
         advice="do not pass the result on; curate again", check=_scope_lacking),
    Rule(code="private-identifier", means="a person's identifier is where a pseudonym belongs",
         advice="do not pass the result on; curate again, recall copies", check=_private_identifier),
)  # fmt: skip
