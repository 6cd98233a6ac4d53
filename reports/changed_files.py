"""What became of a file in two results, and why it is not in one of them."""

import datetime
from collections.abc import Iterator, Sequence

from reports import formats
from reports.change_records import Change, Row, Side
from reports.changed_terms import TERMS
from reports.consent_reasons import CONSENT
from reports.setting_changes import changed_settings, told
from schemas.terms import EXPIRED, WITHDRAWN, last_day, no_longer

_WORDS = {
    "consent_refused": "consent is refused or withdrawn",
    "consent_unclear": "consent is unclear",
    WITHDRAWN: "consent was withdrawn",
    EXPIRED: "consent has expired",
    "rights_reserved": "its holder reserves text and data mining",
    "scope_not_granted": "consent does not cover what the result is for",
}
# How a reason begins that is found by a setting.
_JUDGED_BY = {
    "consent_missing": "consent.require",
    "scope_": "consent.scopes",
    "basis_": "consent.bases",
    "licence_": "consent.licences",
    "jurisdiction_": "consent.jurisdictions",
    "rights_reserved": "consent.bases_above_reservations",
}


def file_changes(old: Side, new: Side) -> Iterator[Change]:
    """Yield the files that came, went, have other content, or ended otherwise."""
    statuses = old.statuses(), new.statuses()
    for name in sorted(old.sources.keys() | new.sources.keys()):
        before, after = (_file_state(side, name) for side in (old, new))
        one, other = (side.sources.get(name) for side in (old, new))
        why = "" if name in new.sources else no_input(new, old)
        if one and other and one != other:
            why = "the file of this name has other content"
        if name not in old.sources or name not in new.sources:
            before, after = (
                f"{said}{_accepted_of(side, name, of.get(name) or [])}"
                for said, side, of in zip((before, after), (old, new), statuses, strict=True)
            )
        elif not why:
            why = why_other_consent(old, new, name)
        if before != after or why:
            yield Change(change="file", source_name=name, clip_id=None, before=before, after=after, why=why)


def no_input(side: Side, other: Side) -> str:
    """Return why one side has no file that the other has."""
    if side.num_erased <= other.num_erased:
        return "the file was not among the inputs"
    number = side.num_erased - other.num_erased
    were = "1 was, whose name is" if number == 1 else f"{formats.count(number)} were, whose names are"
    return f"the file was not among the inputs, or was erased ({were} not kept)"


def why_lost(side: Side, name: str) -> str:
    """Return why a result did not use a file that it had."""
    end = side.lost[name]
    if "reason" not in end:
        return f"its file failed in {end['stage']} ({formats.prose(end['error'], 120)})"
    return _WORDS.get(end["reason"], f"its file was rejected as {end['reason']}")


def why_other_consent(old: Side, new: Side, name: str) -> str:
    """Return which setting, or which day, lets one result use a file and not the other; '' if none tells."""
    for side, other in ((new, old), (old, new)):
        reason = (side.lost.get(name) or {}).get("reason")
        if reason in CONSENT and reason != (other.lost.get(name) or {}).get("reason"):
            over = _over(side, other.declared.get(name), reason)
            paths = _settings(reason)
            return over or (told(changed_settings(old.config, new.config, paths)) if paths else "")
    return ""


def _settings(reason: str) -> list[str]:
    """Return the settings by which a reason turns files down."""
    named = [path for word, path in _JUDGED_BY.items() if reason.startswith(word)]
    return [*named, "consent.columns"] if reason.endswith("_missing") else named


def _over(side: Side, terms: Row | None, reason: str) -> str:
    """Say whether terms of a file, as the other result has them, held no more on the day of a result."""
    if terms is None or side.consent_day is None or reason not in (EXPIRED, WITHDRAWN):
        return ""
    expires, withdrawn = terms[TERMS["consent_expires"]], terms[TERMS["consent_withdrawn"]]
    if no_longer(expires, withdrawn, datetime.date.fromisoformat(side.consent_day)) != reason:
        return "another end is declared of it, or of a copy of it"
    last = last_day(expires, None) if reason == EXPIRED else last_day(None, withdrawn)
    return f"it held until {last}, and that result judged by {side.consent_day}"


def told_end(end: Row | None) -> str | None:
    """Return what ended a clip or a file, None if nothing did."""
    if end is None:
        return None
    return f"rejected as {end['reason']}" if "reason" in end else f"failed in {end['stage']}"


def _file_state(side: Side, name: str) -> str:
    """Return what became of a file."""
    if name not in side.sources:
        return "not there"
    return told_end(side.lost.get(name)) or "read as a video"


def _accepted_of(side: Side, name: str, statuses: Sequence[str]) -> str:
    """Return how many clips of a file that was read are accepted, as words, from the statuses of all."""
    if name not in side.sources or name in side.lost:
        return ""
    return f", {statuses.count('accepted')} of {formats.plural(len(statuses), 'clip')} accepted"
