"""Rules on the tables together: ids, parents, spans, outcomes, splits and weights."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lint.rules import Found, Rule
from schemas.ids import span_id
from schemas.sample import KEY_PATTERN

Rows = Sequence[Mapping[str, Any]]

SPLITS = ("train", "val", "test")
# Times of parents and children come from one clock; what rounding makes of them is far below this.
_EPSILON_SECONDS = 1e-3
# Weights are written with six digits, and bounded by the settings.
_WEIGHT_OFF = 1e-3
# What the rules read: by table its id, its parents (column and table) and other columns.
IDS = {"videos": "video_id", "shots": "shot_id", "face_tracks": "track_id", "clips": "clip_id"}
PARENTS = {
    "shots": {"video_id": "videos"},
    "face_tracks": {"video_id": "videos", "shot_id": "shots"},
    "clips": {"video_id": "videos", "shot_id": "shots", "track_id": "face_tracks"},
}
SPAN = ("start_seconds", "end_seconds")
COLUMNS: dict[str, tuple[str, ...]] = {
    "videos": ("video_id", "source_name", "source_consent", "duration_seconds"),
    "shots": ("shot_id", "video_id", *SPAN, "start_frame", "end_frame"),
    "face_tracks": ("track_id", "shot_id", "video_id", *SPAN),
    "clips": (
        *("clip_id", "video_id", "shot_id", "track_id", *SPAN, "num_frames", "fps", "width", "height"),
        *("status", "split", "sampling_weight", "identity_identity_id", "identity_split_group"),
        *("source_name", "source_consent", "source_speaker_id", "source_consent_reference"),
        *("source_rights_holder", "source_terms_scope", "source_terms_expires_on"),
        "source_terms_withdrawn_on",
        "transcript_language",
    ),
    "rejections": ("stage", "level", "subject_id", "reason", "source_name", "seconds"),
    "failures": ("stage", "level", "subject_id", "source_name"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordFacts:
    """Rows of the tables that `COLUMNS` names; `published` are fields that settings publish as they are.

    `consent_day` is the day on which the run judged consents, None where it does not say; `scopes` are what
    the result is for by its settings.
    `balanced` is false after an erasure, which takes clips away and leaves the weights of the others.
    """

    rows: Mapping[str, Rows]
    published: frozenset[str] = frozenset()
    consent_day: str | None = None
    scopes: frozenset[str] = frozenset()
    balanced: bool = True


def where(table: str) -> str:
    return f"tables/{table}"


def _duplicate_id(facts: RecordFacts) -> Iterator[Found]:
    for table, column in IDS.items():
        for key, number in Counter(row[column] for row in facts.rows[table]).items():
            if number > 1:
                yield where(table), str(key)[:100], f"is there {number} times"


def _orphan(facts: RecordFacts) -> Iterator[Found]:
    ids = {table: {row[column] for row in facts.rows[table]} for table, column in IDS.items()}
    for table, parents in PARENTS.items():
        for row in facts.rows[table]:
            for column, parent in parents.items():
                if row[column] not in ids[parent]:
                    yield where(table), row[IDS[table]], f"its {column} {row[column][:40]!r} is no {parent}"


def _ends(row: Mapping[str, Any], parent: Mapping[str, Any]) -> bool:
    """Return whether a row's span lies in its parent's; a video begins at 0."""
    start, end = row["start_seconds"], row["end_seconds"]
    first, last = parent.get("start_seconds", 0.0), parent.get("end_seconds", parent.get("duration_seconds"))
    return first - _EPSILON_SECONDS <= start < end <= last + _EPSILON_SECONDS


def _span_outside(facts: RecordFacts) -> Iterator[Found]:
    by_id = {table: {row[column]: row for row in facts.rows[table]} for table, column in IDS.items()}
    for table, parents in PARENTS.items():
        for row in facts.rows[table]:
            for column, parent in parents.items():
                above = by_id[parent].get(row[column])
                if above is not None and not _ends(row, above):
                    yield (
                        where(table),
                        row[IDS[table]],
                        f"[{row['start_seconds']:g}, {row['end_seconds']:g}) s is no span inside its "
                        f"{column.removesuffix('_id')}",
                    )
                    break


def _clip_length(facts: RecordFacts) -> Iterator[Found]:
    for row in facts.rows["clips"]:
        fps, frames = row["fps"], row["num_frames"]
        if not (fps > 0 and frames > 0):
            yield where("clips"), row["clip_id"], f"{frames} frames at {fps} a second"
        elif abs((row["end_seconds"] - row["start_seconds"]) * fps - frames) > 0.5:
            yield (
                where("clips"),
                row["clip_id"],
                f"{frames} frames at {fps:g} a second do not fill {row['start_seconds']:g} to "
                f"{row['end_seconds']:g} s",
            )


def _shot_id(facts: RecordFacts) -> Iterator[Found]:
    for row in facts.rows["shots"]:
        if row["shot_id"] != span_id(row["video_id"], "shot", row["start_frame"], row["end_frame"]):
            yield where("shots"), row["shot_id"], "is not the hash of its video and frames"


def _key_name(facts: RecordFacts) -> Iterator[Found]:
    for row in facts.rows["clips"]:
        if not KEY_PATTERN.fullmatch(row["clip_id"]):
            yield where("clips"), row["clip_id"][:120], "cannot name a sample"


def _clip_status(facts: RecordFacts) -> Iterator[Found]:
    ended: dict[str, dict[str, int]] = {}
    for table in ("rejections", "failures"):
        ended[table] = Counter(row["subject_id"] for row in facts.rows[table] if row["level"] == "clip")
    wanted = {"accepted": (0, 0), "rejected": (1, 0), "failed": (0, 1)}
    for row in facts.rows["clips"]:
        key = row["clip_id"]
        there = ended["rejections"].get(key, 0), ended["failures"].get(key, 0)
        if wanted.get(row["status"]) != there:
            yield (
                where("clips"),
                key,
                f"is {row['status']!r} and has {there[0]} rejections, {there[1]} failures",
            )


def _unknown_clip(facts: RecordFacts) -> Iterator[Found]:
    known = {row["clip_id"] for row in facts.rows["clips"]}
    for table in ("rejections", "failures"):
        for row in facts.rows[table]:
            if row["level"] == "clip" and row["subject_id"] not in known:
                yield (
                    where(table),
                    row["subject_id"][:100],
                    f"{row['stage']} lost a clip of no table",
                )


def accepted(facts: RecordFacts) -> Rows:
    """Return the rows of accepted clips."""
    return [row for row in facts.rows["clips"] if row["status"] == "accepted"]


def _split_name(facts: RecordFacts) -> Iterator[Found]:
    for row in accepted(facts):
        if row["split"] not in SPLITS:
            yield where("clips"), row["clip_id"], f"is accepted for the split {str(row['split'])[:40]!r}"


def _person(row: Mapping[str, Any]) -> str:
    """Return whom an accepted clip shows: the identity, else the declared speaker, else the video's."""
    return row["identity_identity_id"] or row["source_speaker_id"] or row["video_id"]


def _leaks(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield who is in several splits, of (who, split), and in which."""
    found: dict[str, set[str]] = defaultdict(set)
    for who, split in pairs:
        found[who].add(split)
    yield from ((who, ", ".join(sorted(s))) for who, s in sorted(found.items()) if len(s) > 1)


def _split_leak(facts: RecordFacts) -> Iterator[Found]:
    for who, splits in _leaks((_person(row), str(row["split"])) for row in accepted(facts)):
        yield where("clips"), who, f"one person is in {splits}"


def _lookalike_leak(facts: RecordFacts) -> Iterator[Found]:
    one_split: dict[str, set[str]] = defaultdict(set)  # people who are in two themselves are told of above
    for row in accepted(facts):
        one_split[_person(row)].add(str(row["split"]))
    known = [
        (row["identity_split_group"], str(row["split"]))
        for row in accepted(facts)
        if row["identity_split_group"] and len(one_split[_person(row)]) == 1
    ]
    for who, splits in _leaks(known):
        yield where("clips"), who, f"people who look alike are in {splits}"


def _weight(facts: RecordFacts) -> Iterator[Found]:
    weights: dict[str, list[float]] = defaultdict(list)
    for row in facts.rows["clips"]:
        weight: float | None = row["sampling_weight"]
        sound = weight is not None and math.isfinite(weight) and weight >= 0
        if row["status"] == "accepted" and not sound:
            yield where("clips"), row["clip_id"], f"is accepted with the weight {weight}"
        elif (
            weight is not None and sound and row["status"] != "rejected"
        ):  # what failed later had its part in the mean
            weights[str(row["split"])].append(weight)
    for split, found in sorted(weights.items()) if facts.balanced else ():
        mean = sum(found) / len(found)
        if abs(mean - 1) > _WEIGHT_OFF:
            yield where("clips"), split[:40], f"the mean of the split's weights is {mean:.6g}, not 1"


def _source_name(facts: RecordFacts) -> Iterator[Found]:
    for table in ("videos", "clips", "rejections", "failures"):
        for name in sorted({row["source_name"] for row in facts.rows[table]}):
            parts = name.replace("\\", "/").split("/")
            if name.startswith(("/", "\\", "~")) or ".." in parts or "://" in name or name[1:3] == ":\\":
                yield where(table), name[:200], "names a place, not a source"


_AGAIN = "run curate again; if it comes back, report it"
RULES: tuple[Rule, ...] = (
    Rule(code="duplicate-id", means="an id is in its table more than once", advice=_AGAIN,
         check=_duplicate_id),
    Rule(code="orphan", means="a row's parent is in no table", advice=_AGAIN, check=_orphan),
    Rule(code="span-outside", means="a span is empty, or not inside that of its video, shot or face track",
         advice=_AGAIN, check=_span_outside),
    Rule(code="clip-length", means="a clip's frames do not fill its span", advice=_AGAIN, check=_clip_length),
    Rule(code="shot-id", means="a shot's id is not the hash of what it names",
         advice="somebody changed the row; run curate again", check=_shot_id),
    Rule(code="key-name", means="a clip's key has characters that a sample's name may not have",
         advice="do not unpack or load the shards; run curate again", check=_key_name),
    Rule(code="clip-status", means="a clip did not end in exactly one place: accepted, rejected or failed",
         advice=_AGAIN, check=_clip_status),
    Rule(code="unknown-clip", means="a rejection or a failure tells of a clip that is in no table",
         advice=_AGAIN, check=_unknown_clip),
    Rule(code="split-name", means="an accepted clip is in no split, or in one that loaders do not know",
         advice=_AGAIN, check=_split_name),
    Rule(code="split-leak", means="one person is in two splits",
         advice="do not report figures of the held-out split; package or curate again", check=_split_leak),
    Rule(code="lookalike-leak", means="people who may be one person are in two splits",
         advice="do not report figures of the held-out split; package or curate again",
         check=_lookalike_leak),
    Rule(code="weight", means="a sampling weight is no number from 0 up, or a split's are not 1 on average",
         advice="package again", check=_weight),
    Rule(code="source-name", means="a source is called by its place on a machine",
         advice="do not pass the result on; curate again", check=_source_name),
)  # fmt: skip
