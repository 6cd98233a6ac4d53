"""What changed between two results, as lines for people."""

from collections import Counter
from collections.abc import Mapping

from reports import formats
from reports.change_records import Change, Kind, Side
from reports.changes import Comparison
from reports.setting_changes import changed_settings, told

_MOST_SETTINGS = 20
_HEADS: Mapping[Kind, tuple[str, str]] = {
    "file": ("file", "came, went or ended otherwise"),
    "came": ("clip", "came"),
    "went": ("clip", "went"),
    "end": ("clip", "that neither accepts ended otherwise"),
    "split": ("clip", "changed the split"),
    "identity": ("clip", "counted to another person"),
    "label": ("label", "changed"),
}


def change_lines(compared: Comparison) -> list[str]:
    """Return the changelog in words: how much there is, what was set otherwise, each change and why."""
    changes = compared.changes()
    counts = Counter(change.change for change in changes)
    lines = _heading(compared)
    if not changes:
        return [*lines, "No file or clip came, went, or changed its split, person or labels."]
    lines.append(", ".join(_head(kind, counts[kind]) for kind in _HEADS if counts[kind]) + ".")
    for kind in _HEADS:
        if counts[kind]:
            lines += ["", f"{_head(kind, counts[kind])}:"]
            lines += [f"  {_line(change)}" for change in changes if change.change == kind]
    return lines


def _heading(compared: Comparison) -> list[str]:
    lines = [f"First: {_size(compared.old)}. Second: {_size(compared.new)}."]
    settings = changed_settings(compared.old.config, compared.new.config)
    if said := told(settings, _MOST_SETTINGS):
        lines.append(f"{said[0].upper()}{said[1:]}.")
    return lines


def _size(side: Side) -> str:
    files = formats.plural(len(side.sources) + side.num_erased, "file")
    erased = f", {side.num_erased} of them erased" if side.num_erased else ""
    clips = formats.plural(len(side.clips), "clip")
    return f"{files}{erased}, {clips}, {formats.count(len(side.accepted()))} of them accepted"


def _head(kind: Kind, number: int) -> str:
    noun, words = _HEADS[kind]
    return f"{formats.plural(number, noun)} {words}"


def _line(change: Change) -> str:
    where = " ".join(filter(None, (formats.printable(change.source_name, 100), change.clip_id)))
    if change.change in ("came", "went"):
        return f"{where}: {change.why}"
    what = f"{change.attribute} " if change.attribute else ""
    was, now = (formats.prose(v, 60) if v else "unknown" for v in (change.before, change.after))
    why = f"; {change.why}" if change.why else ""
    return f"{where}: {what}{was} -> {now}{why}"
