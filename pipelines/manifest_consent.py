"""What the rows of a manifest say of consent, terms and rights, and what of that forbids to open a file."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.manifest_columns import GUARDIAN
from pipelines.manifest_rows import Row
from schemas.consent import REASONS, Consent, read_consent
from schemas.records.source import Terms
from schemas.visible import visible
from transforms.judge_consent import MISSING, ConsentConfig, Fault, empty_scope, read_terms

_MOST_LISTED = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a row says. `faults` are the reasons that its cells alone give against it, the worst first."""

    consent: Consent | None
    terms: Terms
    faults: tuple[Fault, ...]

    def refusal(self, row: Row) -> tuple[str, ...]:
        """Return why the row's file may not be opened: the reason, where it is said, and other reasons."""
        if not self.faults:
            return ()
        (reason, column), *others = self.faults
        place = f"{row.place} of the manifest"
        where = place if column == "consent" else f"{place}, column {column}"
        return (reason, where, *(other for other, _ in others))


def said_of(row: Row, config: ConsentConfig) -> Said:
    """Return what a row says; what depends on the day, or on a list of what is allowed, is judged later."""
    terms, unclear = read_terms(row.values)
    word = row.values.get("consent")
    said = None if word is None else read_consent(word)
    faults: list[Fault] = []
    if said is not None and said in REASONS:
        faults.append((REASONS[said], "consent"))
    faults += unclear
    if said is None and ("consent" in row.values if config.require is None else config.require):
        faults.append((MISSING["consent"], "consent"))
    if row.values.get("consent_scope") is None:
        missing = empty_scope(config, has_column="consent_scope" in row.values)
        faults += [] if missing is None else [(missing, "consent_scope")]
    return Said(consent=said, terms=terms, faults=tuple(faults))


def guardian_consent(row: Row) -> Consent | None:
    """Return what a row says of a guardian's consent; only 'granted' is a yes."""
    word = row.values.get(GUARDIAN)
    return None if word is None else read_consent(word)


def remarks_on_consent(rows: Sequence[Row], said: Sequence[Said]) -> list[str]:
    """Say which cells are not clear, by row and word, and which rows lack what is asked for."""
    unclear: list[str] = []
    missing: dict[str, list[str]] = {}
    guardians = [
        f"{row.place} says {visible(row.values[GUARDIAN] or '')[:60]!r}"
        for row in rows
        if guardian_consent(row) == "unclear"
    ]
    for row, about in zip(rows, said, strict=True):
        for reason, column in about.faults:
            if reason.endswith("_unclear"):
                unclear.append(f"{row.place}: {column} says {visible(row.values[column] or '')[:60]!r}")
            elif reason.endswith("_missing"):
                missing.setdefault(column, []).append(row.place)
    listed = [("not clear, so never opened", unclear)]
    listed += [(f"no {column} where it is asked for, so never opened", of) for column, of in missing.items()]
    listed.append(("a guardian's consent that is not clearly given, so it counts as none", guardians))
    return [f"{what}: {_shortened(of)}" for what, of in listed if of]


def _shortened(listed: Sequence[str]) -> str:
    more = f" and {len(listed) - _MOST_LISTED} more" if len(listed) > _MOST_LISTED else ""
    return f"{'; '.join(listed[:_MOST_LISTED])}{more}"
