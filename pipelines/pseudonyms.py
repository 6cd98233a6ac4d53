"""Pseudonyms: what stands for the manifest's identifiers of people in all that a run makes.

With a salt a pseudonym is a salted hash of the value. Without, a hash of it could be found by trying values
(addresses, names), so a pseudonym is made from the name of the first file that the value belongs to, which is
published anyway: it tells who is the same person in this collection, and nothing else. A run folder
remembers it, as it does identities, so that more files do not rename a person.
"""

import dataclasses
from collections.abc import Mapping, Sequence

from pipelines.intake_config import PublishConfig
from schemas.ids import pseudonym
from schemas.records.source import Source

FIELDS = ("speaker_id", "consent_reference", "rights_holder")
# By field and value what stands for it. Private: it holds the values.
Known = Mapping[str, Mapping[str, str]]


def with_pseudonyms(
    sources: Sequence[Source], config: PublishConfig, salt: str, known: Known
) -> tuple[list[Source], Known]:
    """Return the sources with pseudonyms where values are not to be published, and which stand for which.

    Args:
        known: what an earlier run returned; holds where there is no salt.
    """
    found: dict[str, Mapping[str, str]] = {}
    named = list(sources)
    for field in FIELDS:
        if getattr(config, field):
            continue
        before = {} if salt else known.get(field, {})
        found[field] = stand_ins(field, [(getattr(s, field), s.name) for s in sources], salt, before)
        named = [_renamed(source, field, found[field]) for source in named]
    return named, found


def stand_ins(
    field: str, pairs: Sequence[tuple[str | None, str]], salt: str, known: Mapping[str, str]
) -> dict[str, str]:
    """Return what stands for each value.

    Args:
        pairs: values, None where there is none, with the names of their files, in any order.
    """
    first: dict[str, str] = {}
    for value, name in sorted((value, name) for value, name in pairs if value is not None):
        first.setdefault(value, name)
    if salt:
        return {value: pseudonym(field, value, salt) for value in first}
    found = {value: known[value] for value in first if value in known}
    taken = set(found.values())
    for value in sorted(first.keys() - found.keys()):
        number = 0
        while (made := pseudonym(field, f"{number}:{first[value]}", "")) in taken:
            number += 1  # two people in one file, or a file that was another's
        found[value] = made
        taken.add(made)
    return found


def _renamed(source: Source, field: str, names: Mapping[str, str]) -> Source:
    value = getattr(source, field)
    return source if value is None else dataclasses.replace(source, **{field: names[value]})
