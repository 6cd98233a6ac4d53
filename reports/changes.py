"""What changed between two results, clip by clip, and why: a changelog from their tables and settings."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reports import formats

Kind = Literal["came", "went", "split", "identity", "label"]
Row = Mapping[str, Any]
_MOST_SETTINGS = 3
_IDENTITY_SECTIONS = ("identities", "embed", "faces")
_LABEL_SECTIONS = ("attributes", "pool")
# What decides where clips are compared or counted with each other.
_COMPARING = {"people": ("duplicates", *_IDENTITY_SECTIONS), "balance": ("balance", "split")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change of one clip. `why` is what the two results tell of its cause."""

    change: Kind
    source_name: str
    clip_id: str
    attribute: str | None = None
    before: str | None
    after: str | None
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One of the two results.

    `clips` are rows of the table by key; `ends` what ended a clip that was not accepted (a rejection or a
    failure) by key; `sources` the id of each source's video by name, None for one that never became one, and
    `lost` what ended such a source. `config` are the settings, `weights` the models' hashes by name.
    """

    clips: Mapping[str, Row]
    ends: Mapping[str, Row]
    sources: Mapping[str, str | None]
    lost: Mapping[str, Row]
    config: Mapping[str, Any]
    weights: Mapping[str, str | None]

    def accepted(self) -> dict[str, Row]:
        """Return the rows of accepted clips by key."""
        return {key: row for key, row in self.clips.items() if row["status"] == "accepted"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results beside each other; `sections` are the settings that each stage reads."""

    old: Side
    new: Side
    sections: Mapping[str, Sequence[str]]

    def changes(self) -> list[Change]:
        """Return all changes, by kind, source and clip."""
        before, after = self.old.accepted(), self.new.accepted()
        found = [self._came(row) for key, row in after.items() if key not in before]
        found += [self._went(row) for key, row in before.items() if key not in after]
        both = {key: (before[key], after[key]) for key in before.keys() & after.keys()}
        moved = self._other_people(both)
        for key, (one, other) in both.items():
            found += [*self._split(one, other), *self._identity(one, other, moved)]
            found += self._labels(one, other, key in moved)
        return sorted(found, key=lambda c: (c.change, c.source_name, c.clip_id, c.attribute or ""))

    # ---- Came and went -----------------------------------------------------------------------------

    def _came(self, row: Row) -> Change:
        why = f"in the first result {self._absent(self.old, self.new, row)}"
        return _change("came", row, why, _status(self.old, row), "accepted")

    def _went(self, row: Row) -> Change:
        why = f"in the second result {self._absent(self.new, self.old, row)}"
        return _change("went", row, why, "accepted", _status(self.new, row))

    def _absent(self, side: Side, other: Side, row: Row) -> str:
        """Return why an accepted clip of one result is not accepted in the other."""
        key, name = row["clip_id"], row["source_name"]
        if key in side.clips:
            return self._ended(side, side.clips[key], row)
        if (video := side.sources.get(name)) is not None:
            if video != row["video_id"]:
                return "the file of this name has other content"
            return f"its video was cut into other clips ({self._cause('survey', None, None)})"
        if lost := side.lost.get(name):
            return _lost_source(lost)
        return "the source is not among the inputs"

    def _ended(self, side: Side, there: Row, accepted: Row) -> str:
        end = side.ends.get(there["clip_id"])
        if end is None:
            return f"it is {there['status']}"
        if "reason" not in end:
            return f"it failed in {end['stage']} ({formats.prose(end['error'], 120)})"
        reason, stage = end["reason"], end["stage"].removeprefix("filter_")
        told = f"it was rejected as {reason}"
        if end["score"] is not None and end["threshold"] is not None:
            told += f" (score {formats.number(end['score'])}, bound {formats.number(end['threshold'])})"
        rules = self._settings(f"filter.rules.{reason}")
        if rules:
            return f"{told}; {rules}"
        if stage not in self.sections:  # what compares or counts clips with each other
            sections = _COMPARING.get(stage, (stage,))
            return f"{told}; {self._settings(*sections) or 'the clips beside it changed'}"
        return f"{told}; {self._cause(stage, there, accepted)}"

    # ---- Of clips in both --------------------------------------------------------------------------

    def _split(self, one: Row, other: Row) -> Iterator[Change]:
        if one["split"] == other["split"]:
            return
        why = self._settings("split")
        if not why and one["identity_split_group"] != other["identity_split_group"]:
            why = "its person, or the group of look-alikes, has another id, by which splits are drawn"
        yield _change("split", other, why or "nothing in settings or ids tells", one["split"], other["split"])

    def _other_people(self, both: Mapping[str, tuple[Row, Row]]) -> set[str]:
        """Return the clips that show somebody else than before: ids may change, who is with whom counts.

        Identities are matched by most clips in common, the largest first.
        """
        column = "identity_identity_id"
        known = [(one[column], other[column]) for one, other in both.values()]
        pairs = Counter((one, other) for one, other in known if one and other)
        matched: dict[str, str] = {}
        for (before, after), _ in sorted(pairs.items(), key=lambda item: (-item[1], item[0])):
            if before not in matched and after not in matched.values():
                matched[before] = after
        return {
            key for key, (one, other) in both.items()
            if (one[column] or other[column]) and matched.get(one[column] or "") != other[column]
        }  # fmt: skip

    def _identity(self, one: Row, other: Row, moved: set[str]) -> Iterator[Change]:
        if other["clip_id"] in moved:
            why = self._settings(*_IDENTITY_SECTIONS) or self._remade("look", one, other)
            others = self.old.clips.keys() != self.new.clips.keys()
            why = why or ("other clips came or went" if others else "nothing in settings or clips tells")
            yield _change("identity", other, why, one["identity_identity_id"], other["identity_identity_id"])

    def _labels(self, one: Row, other: Row, moved: bool) -> Iterator[Change]:
        before, after = _labels_of(one), _labels_of(other)
        for name in sorted(before.keys() | after.keys()):
            was, now = before.get(name), after.get(name)
            if was == now:
                continue
            if "declared" in (was and was[1], now and now[1]):
                why = "the manifest declares it otherwise"
            elif moved:
                why = "the clip is counted to another person"
            else:
                why = self._settings(*_LABEL_SECTIONS) or self._remade("look", one, other)
                why = why or self._pooled(one, other)
            yield _change("label", other, why, _told(was), _told(now), name)

    def _pooled(self, one: Row, other: Row) -> str:
        """Say whether the person has other clips than before, all of which tell the labels together."""
        column = "identity_identity_id"
        before, after = (
            {key for key, row in side.accepted().items() if row[column] == of[column]}
            for side, of in ((self.old, one), (self.new, other))
        )
        return "the person has other clips" if before != after else "nothing in settings or clips tells"

    # ---- Causes ------------------------------------------------------------------------------------

    def _settings(self, *paths: str) -> str:
        """Return which settings below some paths changed; '' if none did."""
        found = [
            f"{name}: {formats.prose(str(was), 40)} -> {formats.prose(str(now), 40)}"
            for path in paths
            for name, was, now in _differing(
                _below(self.old.config, path), _below(self.new.config, path), path
            )
        ]
        more = f" and {len(found) - _MOST_SETTINGS} more" if len(found) > _MOST_SETTINGS else ""
        return f"changed settings: {', '.join(found[:_MOST_SETTINGS])}{more}" if found else ""

    def _remade(self, stage: str, one: Row | None, other: Row | None) -> str:
        """Return why a stage made something else of a clip; '' if it made the same."""
        if one is not None and other is not None and _artefact(one, stage) == _artefact(other, stage):
            return ""
        why = self._settings(*self.sections.get(stage, ())) or self._models()
        return why or f"the code of {stage}, or what it reads, changed"

    def _cause(self, stage: str, one: Row | None, other: Row | None) -> str:
        same = f"{stage} made the same of it; its rules, or the clips beside it, changed"
        return self._remade(stage, one, other) or same

    def _models(self) -> str:
        old, new = self.old.weights, self.new.weights
        names = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
        return f"other weights: {', '.join(names[:_MOST_SETTINGS])}" if names else ""


def _change(kind: Kind, row: Row, why: str, before: Any, after: Any, attribute: str | None = None) -> Change:
    return Change(
        change=kind,
        source_name=row["source_name"],
        clip_id=row["clip_id"],
        attribute=attribute,
        before=before,
        after=after,
        why=why,
    )


def _status(side: Side, row: Row) -> str | None:
    return side.clips[row["clip_id"]]["status"] if row["clip_id"] in side.clips else None


def _lost_source(end: Row) -> str:
    if "reason" not in end:
        return f"its file failed in {end['stage']} ({formats.prose(end['error'], 120)})"
    words = {
        "consent_refused": "consent is refused or withdrawn",
        "consent_unclear": "consent is unclear",
        "consent_withdrawn": "consent was withdrawn",
        "consent_expired": "consent has expired",
        "rights_reserved": "its holder reserves text and data mining",
        "scope_not_granted": "consent does not cover what the result is for",
    }
    return words.get(end["reason"], f"its file was rejected as {end['reason']}")


def _labels_of(row: Row) -> dict[str, tuple[str, str]]:
    """Return value and source of each label, those of the person where there are any."""
    found = row["person_attributes"] or row["attributes"] or ()
    return {a["name"]: (a["value"], a["source"]) for a in found}


def _told(label: tuple[str, str] | None) -> str | None:
    return None if label is None else f"{label[0]} ({label[1]})"


def _artefact(row: Row, stage: str) -> str | None:
    return next((a["artefact_id"] for a in row["artefacts"] or () if a["stage"] == stage), None)


def _below(config: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(config, Sequence) and not isinstance(config, str):
            config = next((i for i in config if isinstance(i, Mapping) and i.get("name") == name), None)
        else:
            config = config.get(name) if isinstance(config, Mapping) else None
    return config


def _differing(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the settings that differ: path, before, after."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted(one.keys() | other.keys()):
            yield from _differing(one.get(name), other.get(name), f"{path}.{name}")
    elif one != other:
        yield path, one, other


def change_lines(changes: Sequence[Change]) -> list[str]:
    """Return the changelog in words."""
    counts = Counter(change.change for change in changes)
    if not changes:
        return ["No clip came, went, or changed its split, person or labels."]
    lines = [", ".join(_head(kind, counts[kind]) for kind in _HEADS if counts[kind]) + "."]
    for kind in _HEADS:
        if counts[kind]:
            lines += ["", f"{_head(kind, counts[kind])}:"]
            lines += [f"  {_line(change)}" for change in changes if change.change == kind]
    return lines


_HEADS: Mapping[Kind, tuple[str, str]] = {
    "came": ("clip", "came"),
    "went": ("clip", "went"),
    "split": ("clip", "changed the split"),
    "identity": ("clip", "counted to another person"),
    "label": ("label", "changed"),
}


def _head(kind: Kind, number: int) -> str:
    noun, words = _HEADS[kind]
    return f"{formats.plural(number, noun)} {words}"


def _line(change: Change) -> str:
    where = f"{formats.printable(change.source_name, 100)} {change.clip_id}"
    if change.change in ("came", "went"):
        return f"{where}: {change.why}"
    what = f"{change.attribute} " if change.attribute else ""
    was, now = (formats.prose(v, 60) if v else "unknown" for v in (change.before, change.after))
    return f"{where}: {what}{was} -> {now}; {change.why}"
