"""What changed between two results, clip by clip, and why: a changelog from their tables and settings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports import formats
from reports.change_records import IDENTITY, Change, Kind, Row, Side
from reports.changed_files import file_changes, no_input, told_end, why_lost, why_other_consent
from reports.changed_terms import terms_changes
from reports.same_names import matched_names
from reports.setting_changes import changed_settings, told

_MOST_MODELS = 3
_People = Mapping[str, frozenset[str]]
_IDENTITY_SECTIONS = ("identities", "embed", "faces")
_LABEL_SECTIONS = ("attributes", "pool")
# What decides where clips are compared or counted with each other.
_COMPARING = {"people": ("duplicates", *_IDENTITY_SECTIONS), "balance": ("balance", "split")}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results beside each other; `sections` are the settings that each stage reads."""

    old: Side
    new: Side
    sections: Mapping[str, Sequence[str]]

    def changes(self) -> list[Change]:
        """Return all changes, by kind, source and clip."""
        before, after = self.old.accepted(), self.new.accepted()
        found = [*file_changes(self.old, self.new), *terms_changes(self.old, self.new)]
        found += [self._came(row) for key, row in after.items() if key not in before]
        found += [self._went(row) for key, row in before.items() if key not in after]
        found += self._ended_otherwise((self.old.clips.keys() & self.new.clips.keys()) - {*before, *after})
        both = {key: (before[key], after[key]) for key in before.keys() & after.keys()}
        moved = _other_people(both)
        people = self.old.people(), self.new.people()
        others = self.old.clips.keys() != self.new.clips.keys()
        for key, (one, other) in both.items():
            found += [*self._split(one, other), *self._identity(one, other, moved, others)]
            found += self._labels(one, other, key in moved, people)
        return sorted(found, key=lambda c: (c.change, c.source_name, c.clip_id or "", c.attribute or ""))

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
            if _overlaps(row, side.erased.get(video, ())):
                return "it, or a clip of the same time, was erased"
            return f"its video was cut into other clips ({self._cause('survey', None, None)})"
        if name in side.lost:
            causes = why_lost(side, name), why_other_consent(self.old, self.new, name)
            return "; ".join(filter(None, causes))
        return no_input(side, other)

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

    def _ended_otherwise(self, keys: Iterable[str]) -> Iterator[Change]:
        """Yield the clips that neither result accepts, and each for another reason."""
        for key in keys:
            one, other = (told_end(side.ends.get(key)) for side in (self.old, self.new))
            if one is not None and other is not None and one != other:
                reasons = {one.removeprefix("rejected as "), other.removeprefix("rejected as ")}
                why = self._settings(*(f"filter.rules.{reason}" for reason in sorted(reasons)))
                yield _change("end", self.new.clips[key], why, one, other)

    # ---- Of clips in both --------------------------------------------------------------------------

    def _split(self, one: Row, other: Row) -> Iterator[Change]:
        if one["split"] == other["split"]:
            return
        why = self._settings("split")
        if not why and one["identity_split_group"] != other["identity_split_group"]:
            why = "its person, or the group of look-alikes, has another id, by which splits are drawn"
        yield _change("split", other, why or "nothing in settings or ids tells", one["split"], other["split"])

    def _identity(self, one: Row, other: Row, moved: set[str], others: bool) -> Iterator[Change]:
        if other["clip_id"] in moved:
            why = self._settings(*_IDENTITY_SECTIONS) or self._remade("look", one, other)
            why = why or ("other clips came or went" if others else "nothing in settings or clips tells")
            yield _change("identity", other, why, one[IDENTITY], other[IDENTITY])

    def _labels(self, one: Row, other: Row, moved: bool, people: tuple[_People, _People]) -> Iterator[Change]:
        before, after = _labels_of(one), _labels_of(other)
        for name in sorted(before.keys() | after.keys()):
            was, now = before.get(name), after.get(name)
            if was == now:
                continue
            if "declared" in (was and was[1], now and now[1]):
                own = [_labels_of(row, "attributes").get(name) for row in (one, other)]
                of = " of another file of the person" if own[0] == own[1] else ""
                why = f"the manifest declares it otherwise{of}"
            elif moved:
                why = "the clip is counted to another person"
            else:
                why = self._settings(*_LABEL_SECTIONS) or self._remade("look", one, other)
                why = why or _pooled(one, other, people)
            yield _change("label", other, why, _told(was), _told(now), name)

    # ---- Causes ------------------------------------------------------------------------------------

    def _settings(self, *paths: str) -> str:
        """Return which settings below some paths changed; '' if none did."""
        return told(changed_settings(self.old.config, self.new.config, paths)) if paths else ""

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
        return f"other weights: {', '.join(names[:_MOST_MODELS])}" if names else ""


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


def _other_people(both: Mapping[str, tuple[Row, Row]]) -> set[str]:
    """Return the clips that show somebody else than before: ids may change, who is with whom counts."""
    known = {key: (one[IDENTITY], other[IDENTITY]) for key, (one, other) in both.items()}
    matched = matched_names(known.values())
    return {
        key for key, (one, other) in known.items()
        if (one or other) and matched.get(one or "") != other
    }  # fmt: skip


def _pooled(one: Row, other: Row, people: tuple[_People, _People]) -> str:
    """Say whether the person has other clips than before, all of which tell the labels together."""
    before, after = (of.get(row[IDENTITY]) for of, row in zip(people, (one, other), strict=True))
    return "the person has other clips" if before != after else "nothing in settings or clips tells"


def _overlaps(row: Row, spans: Sequence[tuple[float, float]]) -> bool:
    return any(row["start_seconds"] < end and start < row["end_seconds"] for start, end in spans)


def _status(side: Side, row: Row) -> str | None:
    return side.clips[row["clip_id"]]["status"] if row["clip_id"] in side.clips else None


def _labels_of(row: Row, column: str | None = None) -> dict[str, tuple[str, str]]:
    """Return value and source of each label in a column, or those of the person where there are any."""
    found = row[column] if column else row["person_attributes"] or row["attributes"]
    return {a["name"]: (a["value"], a["source"]) for a in found or ()}


def _told(label: tuple[str, str] | None) -> str | None:
    return None if label is None else f"{label[0]} ({label[1]})"


def _artefact(row: Row, stage: str) -> str | None:
    return next((a["artefact_id"] for a in row["artefacts"] or () if a["stage"] == stage), None)
