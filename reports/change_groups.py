"""Changes of files' terms that are one: the same words otherwise, for the same reason, of many files."""

from collections.abc import Iterable
from dataclasses import dataclass

from reports import formats
from reports.change_records import Change, Side
from reports.changed_terms import TERMS

_MOST_NAMED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class TermsGroup:
    """What changed in the terms of some files, by the manifest's column, and the clips that it concerns."""

    attribute: str
    before: str
    after: str
    why: str
    sources: tuple[str, ...]
    num_clips: int
    num_accepted: int

    @property
    def concerns(self) -> str:
        """How many files and clips it concerns."""
        files, clips = formats.plural(len(self.sources), "file"), formats.plural(self.num_clips, "clip")
        return f"{files} with {clips}, {formats.count(self.num_accepted)} of them accepted"

    @property
    def examples(self) -> str:
        """The first few files, and how many more there are."""
        names = ", ".join(formats.printable(name, 100) for name in self.sources[:_MOST_NAMED])
        more = len(self.sources) - _MOST_NAMED
        return f"{names} and {formats.count(more)} more" if more > 0 else names


def terms_groups(changes: Iterable[Change], new: Side) -> list[TermsGroup]:
    """Return the changes of terms in groups, in the order of the columns, those of most files first.

    Args:
        new: the second result, whose clips are counted.
    """
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for one in changes:
        if one.change == "terms":
            key = one.attribute or "", _words(one.before), _words(one.after), one.why
            found.setdefault(key, []).append(one.source_name)
    statuses, order = new.statuses(), list(TERMS)
    groups = [
        TermsGroup(
            attribute=attribute,
            before=before,
            after=after,
            why=why,
            sources=tuple(sources),
            num_clips=sum(len(statuses.get(name, ())) for name in sources),
            num_accepted=sum(statuses.get(name, []).count("accepted") for name in sources),
        )
        for (attribute, before, after, why), sources in found.items()
    ]
    return sorted(groups, key=lambda g: (order.index(g.attribute), -len(g.sources), g.before, g.after, g.why))


def _words(value: str | None) -> str:
    return formats.prose(value, 100) if value else "not declared"
