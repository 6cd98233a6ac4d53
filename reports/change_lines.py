"""What changed between two results, as lines for people."""

from collections import Counter
from collections.abc import Mapping, Sequence

from reports import formats
from reports.change_groups import TermsGroup, terms_groups
from reports.change_records import Change, Kind, Side
from reports.changes import Comparison
from reports.setting_changes import changed_settings, told

_MOST_SETTINGS = 20
# Of each kind what is counted, what became of it, and its title on a page.
HEADS: Mapping[Kind, tuple[str, str, str]] = {
    "file": ("file", "came, went or ended otherwise", "Files"),
    "terms": ("term", "of consent or licence changed", "Consent and licences"),
    "came": ("clip", "came", "Clips that came"),
    "went": ("clip", "went", "Clips that went"),
    "end": ("clip", "that neither accepts ended otherwise", "Turned down otherwise"),
    "split": ("clip", "changed the split", "Splits"),
    "identity": ("clip", "counted to another person", "People"),
    "label": ("label", "changed", "Labels"),
}
NOTHING = "No file or clip came, went, or changed its terms, split, person or labels."


def change_lines(compared: Comparison) -> list[str]:
    """Return the changelog in words: how much there is, what was set otherwise, each change and why."""
    changes = compared.changes()
    counts = Counter(change.change for change in changes)
    lines = _heading(compared)
    if not changes:
        return [*lines, NOTHING]
    lines.append(", ".join(head(kind, counts[kind]) for kind in HEADS if counts[kind]) + ".")
    for kind in HEADS:
        if counts[kind]:
            lines += ["", f"{head(kind, counts[kind])}:"]
            lines += [f"  {line}" for line in _lines(kind, changes, compared.new)]
    return lines


def _heading(compared: Comparison) -> list[str]:
    lines = [sizes(compared), *judged_on(compared)]
    settings = changed_settings(compared.old.config, compared.new.config)
    if said := told(settings, _MOST_SETTINGS):
        lines.append(f"{said[0].upper()}{said[1:]}.")
    return lines


def sizes(compared: Comparison) -> str:
    """Return how much is in both results."""
    return f"First: {_size(compared.old)}. Second: {_size(compared.new)}."


def judged_on(compared: Comparison) -> list[str]:
    """Return on which days consents had to hold, if those differ: a sentence, or none."""
    one, other = compared.old.consent_day, compared.new.consent_day
    return [f"Consents were judged by {one} and by {other}."] if one and other and one != other else []


def _size(side: Side) -> str:
    files = formats.plural(len(side.sources) + side.num_erased, "file")
    erased = f", {side.num_erased} of them erased" if side.num_erased else ""
    clips = formats.plural(len(side.clips), "clip")
    return f"{files}{erased}, {clips}, {formats.count(len(side.accepted()))} of them accepted"


def head(kind: Kind, number: int) -> str:
    """Return how many changes of a kind there are, in words."""
    noun, words, _ = HEADS[kind]
    return f"{formats.plural(number, noun)} {words}"


def _lines(kind: Kind, changes: Sequence[Change], new: Side) -> list[str]:
    if kind == "terms":
        return [_group_line(group) for group in terms_groups(changes, new)]
    return [_line(change) for change in changes if change.change == kind]


def _group_line(group: TermsGroup) -> str:
    what = f"{group.attribute} {group.before} -> {group.after}"
    return f"{what} of {group.concerns} ({group.examples}); {group.why}"


def _line(change: Change) -> str:
    where = " ".join(filter(None, (formats.printable(change.source_name, 100), change.clip_id)))
    if change.change in ("came", "went"):
        return f"{where}: {change.why}"
    what = f"{change.attribute} " if change.attribute else ""
    was, now = (formats.prose(v, 60) if v else "unknown" for v in (change.before, change.after))
    why = f"; {change.why}" if change.why else ""
    return f"{where}: {what}{was} -> {now}{why}"
