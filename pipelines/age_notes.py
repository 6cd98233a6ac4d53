"""What a run says in words about ages that it cannot tell, and about who may be under age."""

from collections.abc import Mapping

from pipelines.config import CurateConfig
from schemas.records.person import AgeBasis

RULE = "may_be_minor"
_SAID: dict[AgeBasis, str] = {
    "declared": "declared",
    "perceived": "by their looks, less minors.margin_years",
    "unknown": "as nothing says how old they are",
}


def is_asked(config: CurateConfig) -> bool:
    """Return whether clips are turned down whose person may be under age."""
    return any(rule.name == RULE and rule.mode == "on" for rule in config.filter.rules)


def blind_note(config: CurateConfig) -> str | None:
    """Return what to know before a run that estimates no ages and turns down whoever may be under age."""
    if config.attributes.enabled or not is_asked(config):
        return None
    return (
        "attributes.enabled is false, so nobody's age is estimated: whoever is not declared an adult "
        f"(attribute_age in the manifest) is turned down as {RULE}; filter.rules.{RULE}.mode changes that"
    )


def age_notes(config: CurateConfig, num_by_basis: Mapping[AgeBasis, int]) -> list[str]:
    """Return what to know after a run.

    Args:
        num_by_basis: how many clips were turned down, by how it is known how old the person is.
    """
    notes = [] if (blind := blind_note(config)) is None else [blind]
    if num_by_basis:
        told = ((num_by_basis.get(basis, 0), said) for basis, said in _SAID.items())
        by = "; ".join(f"{count} {said}" for count, said in told if count)
        total = sum(num_by_basis.values())
        notes.append(
            f"{total} clips are left out whose person may be under age ({by}): declare adults' ages "
            "(attribute_age) or a guardian's consent (guardian_consent)"
        )
    return notes
