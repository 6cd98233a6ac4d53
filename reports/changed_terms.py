"""What two results say otherwise of a file's terms: its licence, whose it is, and what consent covers it."""

from collections.abc import Callable, Iterator, Mapping

from reports.change_records import Change, Row, Side
from reports.same_names import matched_names
from reports.setting_changes import changed_settings, told

# By the manifest's column what the table of videos calls it, in the order in which they are told.
TERMS: Mapping[str, str] = {
    "licence": "source_licence",
    "rights_holder": "source_rights_holder",
    "consent": "source_consent",
    "consent_basis": "source_terms_basis",
    "consent_scope": "source_terms_scope",
    "consent_expires": "source_terms_expires_on",
    "consent_withdrawn": "source_terms_withdrawn_on",
    "consent_reference": "source_consent_reference",
    "guardian_consent": "source_guardian_consent",
    "jurisdiction": "source_terms_jurisdiction",
}
LICENCE_ID = "source_terms_licence_id"
# Of these a pseudonym stands in the tables, unless the settings publish the values.
_PSEUDONYMS = ("rights_holder", "consent_reference")
# Of files of one content the narrowest hold for the one that is kept.
_OF_ALL_COPIES = ("consent_scope", "consent_expires", "consent_withdrawn")
_Same = Callable[[Row, Row], bool]


def terms_changes(old: Side, new: Side) -> Iterator[Change]:
    """Yield how the terms of files changed that both results could read; see `TERMS` for which."""
    both = sorted(old.declared.keys() & new.declared.keys())
    for name, column in TERMS.items():
        is_same = _comparison(old, new, name, both)
        for source in both:
            one, other = old.declared[source], new.declared[source]
            if not is_same(one, other):
                yield Change(
                    change="terms",
                    source_name=source,
                    clip_id=None,
                    attribute=name,
                    before=one[column],
                    after=other[column],
                    why=_why(old, new, name, source),
                )


def _comparison(old: Side, new: Side, name: str, both: list[str]) -> _Same:
    """Return what says whether two files' words of a column are the same."""
    column = TERMS[name]
    if name == "licence":
        return _same_licence
    pairs = [(old.declared[source][column], new.declared[source][column]) for source in both]
    if name not in _PSEUDONYMS or _is_comparable(old, new, name, pairs):
        return lambda one, other: one[column] == other[column]
    matched = matched_names(pairs)

    def is_same(one: Row, other: Row) -> bool:
        was, now = one[column], other[column]
        return was == now or (was is not None and now is not None and matched.get(was) == now)

    return is_same


def _same_licence(one: Row, other: Row) -> bool:
    """Return whether two licences are one, however they are written."""
    ids = one[LICENCE_ID], other[LICENCE_ID]
    return ids[0] == ids[1] if all(ids) else one[TERMS["licence"]] == other[TERMS["licence"]]


def _is_comparable(old: Side, new: Side, name: str, pairs: list[tuple[str | None, str | None]]) -> bool:
    """Return whether equal values have equal names in both results: values as they are, or one salt.

    Elsewhere a name only tells which files have one value.
    """
    configs = old.config, new.config
    if all(config.get("publish", {}).get(name) for config in configs):
        return True
    salted = all(config.get("identities", {}).get("salt") for config in configs)
    return salted and bool({one for one, _ in pairs if one} & {other for _, other in pairs if other})


def _why(old: Side, new: Side, name: str, source: str) -> str:
    videos = old.sources[source], new.sources[source]
    if videos[0] != videos[1]:
        return "the file of this name has other content"
    copies = (
        side.copies.get(video or "", frozenset()) for side, video in zip((old, new), videos, strict=True)
    )
    if name in _OF_ALL_COPIES and len(set(copies)) > 1:
        return "other files of the same content are there, and the narrowest terms of all hold"
    published = told(changed_settings(old.config, new.config, (f"publish.{name}",)))
    return published or "the manifest declares it otherwise"
