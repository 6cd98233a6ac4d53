"""What is meant by a name, and all that goes with it: pieces, copies, what is heard at the same time.

- A source is its content: other files of the same bytes go too. A speaker is all sources of that speaker.
- An identity is all clips recognised as that person, the other clips of their tracks, and the clips that
  rules turned down before anybody was recognised, if their face is within the merging distance. A video in
  which nobody else was recognised goes whole.
- A clip takes with it the other pieces of a clip that was divided, its copies, and clips of its video at the
  same time: they have its sound, and often its picture.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.erase.plan import ErasedSpan, ErasePlan, Request
from pipelines.erased import overlaps
from pipelines.results import Result
from schemas.outcomes import BadInputError

Row = Mapping[str, Any]
LooksLike = Callable[[Sequence[str]], Collection[str]]
"""The clips that were never given to anybody and whose face is one of these clips'."""

_CLIP_COLUMNS = [
    *("clip_id", "video_id", "track_id", "start_seconds", "end_seconds", "source_name", "source_speaker_id"),
    *("identity_identity_id", "identity_split_group", "piece_of_clip_id", "status"),
]
_LEAST_OF_A_NAME = 6  # digits of a key or an identity that tell it from others
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Known:
    """The rows of a result that choosing reads, and what the last run was told.

    `failed` are the names of files that could not be read or looked through.
    """

    clips: Sequence[Row]
    videos: Sequence[Row]
    rejections: Sequence[Row]
    failed: Collection[str] = ()
    declared: Sequence[Mapping[str, Any]] = ()
    pseudonyms: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def copies(self) -> list[tuple[str, str]]:
        """Pairs of clips that show one recording."""
        said = [r for r in self.rejections if r["reason"] == "near_duplicate"]
        return [
            (row["subject_id"], word.removeprefix("copy of "))
            for row in said
            for word in row["also"] or ()
            if word.startswith("copy of ")
        ]


def known_of(result: Result, last_run: Mapping[str, Any] | None) -> Known:
    """Return what is known of a result.

    Raises:
        BadInputError: if a table cannot be read.
    """
    last = last_run or {}
    rejections = ["subject_id", "reason", "also", "level", "video_id", "source_name"]
    return Known(
        clips=result.read_table("clips", _CLIP_COLUMNS).to_pylist(),
        videos=result.read_table("videos", ["video_id", "source_name", "source_speaker_id", "size_bytes"])
        .to_pylist(),
        rejections=result.read_table("rejections", rejections).to_pylist(),
        failed=set(result.read_table("failures", ["source_name"])["source_name"].to_pylist()),
        declared=last.get("sources", ()),
        pseudonyms=dict(last.get("pseudonyms", {}).get("speaker_id", {})),
    )  # fmt: skip


def choose(request: Request, known: Known, alike: LooksLike) -> ErasePlan:
    """Return all that goes with what a request names.

    Args:
        alike: finds clips that rules turned down and that show the people of some clips.

    Raises:
        BadInputError: if nothing or several things have that name.
    """
    if request.kind in ("source", "speaker"):
        names, words = _sources(request, known)
        videos = _contents(names, known)
        clips = {c["clip_id"] for c in known.clips if c["video_id"] in videos}
    else:
        words = ()
        clips, videos = _of_clips(request, known, alike)
        names = {v["source_name"] for v in known.videos if v["video_id"] in videos}
    clips = _with_company(clips, known)
    videos = _spread(request, clips, videos, known)
    clips = _with_company(clips | {c["clip_id"] for c in known.clips if c["video_id"] in videos}, known)
    names |= _names_of(videos, known)
    return _planned(request, known, clips, videos, names, words)


def _sources(request: Request, known: Known) -> tuple[set[str], tuple[str, ...]]:
    """Return the names of the sources that are meant, and the words for the speaker."""
    if request.kind == "speaker":
        word = request.name
        stand_in = known.pseudonyms.get(word, word)
        words = {raw for raw, told in known.pseudonyms.items() if told == stand_in} | {word, stand_in}
        names = {v["source_name"] for v in known.videos if v["source_speaker_id"] == stand_in}
        names |= {s["name"] for s in known.declared if s.get("speaker_id") in words}
        if not names:
            raise BadInputError(f"--speaker {word}: nobody is declared by that name or pseudonym")
        return names, tuple(sorted(words))
    known_names = {row["source_name"] for row in (*known.videos, *known.rejections)} | set(known.failed)
    named = {s["name"] for s in known.declared if request.name in (s["name"], s.get("uri"))}
    found = named or ({request.name} & known_names)
    if not found:
        near = sorted(n for n in known_names if request.name in n)[:_MOST_SHOWN]
        hint = f"; do you mean {', '.join(near)}?" if near else ""
        raise BadInputError(f"--source {request.name}: no source has that name{hint}")
    return found, ()


def _contents(names: Collection[str], known: Known) -> set[str]:
    """Return the ids of the videos that were found in sources, whatever became of them."""
    rows = [*known.videos, *(r for r in known.rejections if r["level"] == "video")]
    return {r["video_id"] for r in rows if r["source_name"] in names and r["video_id"]}


def _names_of(videos: Collection[str], known: Known) -> set[str]:
    rows = [*known.videos, *(r for r in known.rejections if r["level"] == "video")]
    return {row["source_name"] for row in rows if row["video_id"] in videos}


def _of_clips(request: Request, known: Known, alike: LooksLike) -> tuple[set[str], set[str]]:
    """Return the clips that a key or an identity means, and the videos that go whole."""
    if request.kind == "clip":
        return {_only(request, [c["clip_id"] for c in known.clips])}, set()
    person = _only(request, [i for c in known.clips if (i := c["identity_identity_id"])])
    own = {c["clip_id"] for c in known.clips if c["identity_identity_id"] == person}
    tracks = {c["track_id"] for c in known.clips if c["clip_id"] in own}
    unknown = {c["clip_id"] for c in known.clips if c["identity_identity_id"] is None}
    own |= {c["clip_id"] for c in known.clips if c["track_id"] in tracks and c["clip_id"] in unknown}
    return own | (set(alike(sorted(own))) & unknown), set()


def _only(request: Request, names: Iterable[str]) -> str:
    """Return the one of some names that is meant: by the whole of it, or by its beginning."""
    every = set(names)
    fitting = {request.name} & every
    if not fitting and len(request.name) >= _LEAST_OF_A_NAME:
        fitting = {name for name in every if name.startswith(request.name)}
    if len(fitting) != 1:
        said = f"{len(fitting)} begin so" if fitting else f"none of the {len(every)} is called so"
        raise BadInputError(f"--{request.kind} {request.name}: {said}")
    return fitting.pop()


def _with_company(clips: Collection[str], known: Known) -> set[str]:
    """Return clips with all that hold the same sound or pictures."""
    gone = set(clips)
    by_video: dict[str, list[Row]] = defaultdict(list)
    for clip in known.clips:
        by_video[clip["video_id"]].append(clip)
    copies = known.copies
    while True:
        more = {other for pair in copies for other in pair if gone & set(pair)}
        for rows in by_video.values():
            mine = [row for row in rows if row["clip_id"] in gone]
            if mine:
                more |= _at_once(mine, rows)
        more &= {clip["clip_id"] for clip in known.clips}
        if more <= gone:
            return gone
        gone |= more


def _at_once(mine: Sequence[Row], rows: Sequence[Row]) -> set[str]:
    """Return the clips of a video that were cut from what some of them were, or lie at the same time."""
    spans = [(row["start_seconds"], row["end_seconds"]) for row in mine]
    wholes = {row["piece_of_clip_id"] for row in mine} - {None}
    return {
        row["clip_id"]
        for row in rows
        if row["piece_of_clip_id"] in wholes or overlaps(row["start_seconds"], row["end_seconds"], spans)
    }


def _spread(request: Request, clips: Collection[str], videos: set[str], known: Known) -> set[str]:
    """Return the videos that go whole: for a person also those in which nobody else was recognised."""
    if request.kind != "identity":
        return videos
    touched = {c["video_id"] for c in known.clips if c["clip_id"] in clips}
    others = {c["video_id"] for c in known.clips if c["clip_id"] not in clips and c["identity_identity_id"]}
    return videos | (touched - others)


def _planned(
    request: Request,
    known: Known,
    clips: set[str],
    videos: set[str],
    names: set[str],
    words: Sequence[str],
) -> ErasePlan:
    goes = [c for c in known.clips if c["clip_id"] in clips]
    stays = [c for c in known.clips if c["clip_id"] not in clips]
    sizes = {v["video_id"]: v["size_bytes"] for v in known.videos}
    ordered = sorted(videos)
    people = _wholly_gone("identity_identity_id", goes, stays)
    speakers = {s["source_speaker_id"] for s in known.videos if s["source_name"] in names} - {
        v["source_speaker_id"] for v in known.videos if v["source_name"] not in names
    }
    return ErasePlan(
        request=request,
        clip_ids=tuple(sorted(clips | {c["piece_of_clip_id"] for c in goes} - {None})),
        video_ids=tuple(ordered),
        sizes=tuple(sizes.get(video, 0) for video in ordered),
        source_names=tuple(sorted(names)),
        spans=tuple(
            ErasedSpan(video_id=c["video_id"], start_seconds=c["start_seconds"], end_seconds=c["end_seconds"])
            for c in goes
            if c["video_id"] not in videos
        ),
        identities=tuple(sorted(people)),
        speakers=tuple(sorted(speakers - {None})),
        speaker_words=tuple(words),
        groups=tuple(sorted(_renamed(people, stays).items())),
        remarks=tuple(_remarks(request, goes, stays)),
    )


def _wholly_gone(column: str, goes: Sequence[Row], stays: Sequence[Row]) -> set[str]:
    return {c[column] for c in goes} - {c[column] for c in stays} - {None}


def _renamed(people: Collection[str], stays: Sequence[Row]) -> dict[str, str]:
    """Return the new names of groups of look-alikes that are called after somebody who goes."""
    members: dict[str, set[str]] = defaultdict(set)
    for clip in stays:
        if clip["identity_split_group"] in people:
            members[clip["identity_split_group"]].add(clip["identity_identity_id"])
    return {group: min(identities) for group, identities in members.items()}


def _remarks(request: Request, goes: Sequence[Row], stays: Sequence[Row]) -> Iterator[str]:
    """Yield what stays and might be meant too."""
    people = {c["identity_identity_id"] for c in goes} - {None}
    left = [c for c in stays if c["identity_identity_id"] in people]
    for person in sorted({c["identity_identity_id"] for c in left}):
        number = sum(c["identity_identity_id"] == person for c in left)
        yield (f"{number} other clips show a person of those that go; `--identity {person}` erases these too")
    videos = {c["video_id"] for c in goes}
    unseen = [c for c in stays if c["video_id"] in videos and c["identity_identity_id"] is None]
    if request.kind == "identity" and unseen:
        names = sorted({c["source_name"] for c in unseen})
        yield (
            f"{len(unseen)} clips of {', '.join(names[:_MOST_SHOWN])} show nobody who could be recognised "
            "and stay; `--source` erases a video whole"
        )
