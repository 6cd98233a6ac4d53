"""People: who is who across the collection, copies of one recording, and the check of the splits.

    clips -> faces -> blocks -> pairs -> components -> identities
    clips x identities -> near-duplicates -> look-alikes -> faces compared across splits

Descriptors of faces are biometric data: they are read from and written to OUT/biometric alone, which
may be deleted when a run is done. Ids of identities registered there are kept when videos are added.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import AsDict, AsList, AsSingleton

from pipelines import progress
from pipelines.config import CurateConfig
from pipelines.steps import failure_of, summary
from schemas.ids import derived_seed
from schemas.outcomes import Rejection
from schemas.records import Clip, Identity
from schemas.run import PeopleSummary
from transforms import cluster_identities as ci
from transforms.assign_split import assign_split
from transforms.embed_faces import FOLDER, ClipFace, face_path, read_face
from transforms.estimate_attributes import complete_attributes
from transforms.find_near_duplicates import DuplicateConfig, duplicate_groups, reduced
from transforms.storage import join, parquet_bytes, read_bytes, write_bytes

STAGE = "people"
# Faces that the blocks' centres are computed from, for each block.
_SAMPLE_PER_BLOCK = 64
_MOST_NAMED = 20


class PeopleResult(NamedTuple):
    """PCollections that a run goes on with: what is kept, lost, failed, counted and written."""

    kept: Any  # Clip, with identity and attributes
    rejections: Any  # Rejection
    lost: Any  # Clip, rejected here
    failures: Any  # Failure
    failed: Any  # Clip, failed here
    summaries: Any
    written: Any


class People(beam.PTransform):
    """Give clips their identity and attributes; reject copies; compare faces across splits."""

    def __init__(self, config: CurateConfig, output: str) -> None:
        super().__init__("People")
        self._config, self._output = config, output

    def expand(self, pcoll: Any) -> Any:
        """Return what becomes of a PCollection of Clip, as a PeopleResult."""
        read = pcoll | "Expect" >> beam.Map(progress.expect, STAGE)
        faced, dead = read | "ReadFace" >> beam.Map(with_face, self._output).with_exception_handling()
        faces = faced | "Faces" >> beam.FlatMapTuple(
            lambda clip, face: [] if face is None else [(clip, face)]
        )
        pairs, members = self._identities(faces)
        named = self._named(faced, members)
        judged = (
            named
            | "ByPerson" >> beam.Map(lambda c: (c.identity.identity_id if c.identity else c.clip_id, c))
            | "GroupPeople" >> beam.GroupByKey()
            | "JudgePeople" >> beam.FlatMap(judge_person, self._config, self._output)
        )
        stays = judged | "Keep" >> beam.FlatMapTuple(lambda clip, why: [clip] if why is None else [])
        lost = judged | "Drop" >> beam.FlatMapTuple(lambda clip, why: [] if why is None else [(clip, why)])
        kept = self._with_lookalikes(stays, pairs, members)
        failures = dead | "FaceDead" >> beam.Map(failure_of, STAGE, "clip")
        return PeopleResult(
            kept=kept,
            rejections=lost | "Why" >> beam.Map(lambda pair: pair[1]),
            lost=lost | "Lost" >> beam.Map(lambda pair: pair[0]),
            failures=failures,
            failed=dead | "Failed" >> beam.MapTuple(lambda clip, _: clip),
            summaries=(
                kept | "CountKept" >> beam.Map(_count_kept),
                lost | "CountLost" >> beam.Map(lambda _: summary(STAGE, "clip", num_rejected=1)),
                failures | "CountDead" >> beam.Map(lambda _: summary(STAGE, "clip", num_failed=1)),
            ),
            written=(self._register(members), self._report(kept, faces, named)),
        )

    def _identities(self, faces: Any) -> tuple[Any, Any]:
        """Return pairs of near faces (clip id, clip id, distance), and every face's Member."""
        config, path = self._config.identities, join(self._output, FOLDER, "registry.parquet")
        registry = faces.pipeline | "Registry" >> beam.Create([path]) | beam.FlatMap(read_registry)
        elements = faces | "Element" >> beam.Map(element_of, AsDict(registry))
        count = elements | "CountFaces" >> beam.combiners.Count.Globally()
        most = config.block_size and _SAMPLE_PER_BLOCK * 64
        sample = elements | "Rank" >> beam.Map(_ranked) | "Sample" >> beam.combiners.Top.Of(most)
        centres = sample | "Centres" >> beam.Map(centres_of, AsSingleton(count), config)
        pairs = (
            elements
            | "Blocks" >> beam.FlatMap(_to_blocks, AsSingleton(centres), config)
            | "GroupBlocks" >> beam.GroupByKey()
            | "Pairs" >> beam.FlatMap(pairs_of, config)
            | "OnePair" >> beam.Distinct()
        )
        certain = (
            elements
            | "Certainty" >> beam.Map(lambda f: (f.clip_id, f.track_id, f.registered))
            | "AllCertain" >> beam.combiners.ToList()
            | "Certain" >> beam.FlatMap(ci.certain_pairs)
        )
        near = pairs | "Ends" >> beam.MapTuple(lambda a, b, _: (a, b))
        roots = (
            (near, certain)
            | "AllPairs" >> beam.Flatten()
            | "Together" >> beam.combiners.ToList()
            | "Components" >> beam.FlatMap(lambda pairs: ci.components(pairs).items())
        )
        members = (
            elements
            | "ByRoot" >> beam.Map(lambda f, roots: (roots.get(f.clip_id, f.clip_id), f), AsDict(roots))
            | "GroupComponents" >> beam.GroupByKey()
            | "Link" >> beam.FlatMap(link, config)
        )
        return pairs, members

    def _named(self, faced: Any, members: Any) -> Any:
        """Return clips with their identity and all their attributes."""
        reach = self._config.identities.merge_distance
        clips = faced | "ClipById" >> beam.MapTuple(lambda clip, face: (clip.clip_id, (clip, face)))
        found = members | "MemberById" >> beam.Map(lambda member: (member.clip_id, member))
        return (
            {"clips": clips, "members": found}
            | "Join" >> beam.CoGroupByKey()
            | "Name" >> beam.FlatMap(identified, reach)
        )

    def _with_lookalikes(self, clips: Any, pairs: Any, members: Any) -> Any:
        """Return clips whose identities know with which others they must share a split."""
        bound = self._config.identities.lookalike_distance
        names = AsDict(members | "Names" >> beam.Map(lambda m: (m.clip_id, m.identity_id)))
        together = (
            pairs
            | "Lookalikes" >> beam.FlatMap(lookalikes, bound, names)
            | "AllLookalikes" >> beam.combiners.ToList()
            | "JoinLookalikes" >> beam.FlatMap(lambda pairs: ci.components(pairs).items())
        )
        return clips | "SplitGroup" >> beam.Map(with_split_group, AsDict(together))

    def _register(self, members: Any) -> Any:
        path = join(self._output, FOLDER, "registry.parquet")
        return (
            members | "AllMembers" >> beam.combiners.ToList() | "Register" >> beam.Map(write_registry, path)
        )

    def _report(self, kept: Any, faces: Any, named: Any) -> Any:
        """Compare faces across splits, identities with declared speakers; write work/people.json."""
        config = self._config.split
        placed = (
            {
                "split": kept | "SplitById" >> beam.Map(lambda c: (c.clip_id, assign_split(c, config).split)),
                "face": faces | "FaceById" >> beam.MapTuple(lambda c, f: (c.clip_id, f)),
            }
            | "JoinSplits" >> beam.CoGroupByKey()
            | "Placed" >> beam.FlatMapTuple(_placed)
        )
        held_out = placed | "HeldOut" >> beam.Filter(lambda face: face[1] != "train")
        near = (
            placed | beam.BatchElements(256, 1024) | "Across" >> beam.FlatMap(across_splits, AsList(held_out))
        )
        nearest = near | "Nearest" >> beam.combiners.Top.Smallest(_MOST_NAMED)
        speakers = (
            named
            | "Declared" >> beam.FlatMap(_speaker_of)
            | "DistinctSpeakers" >> beam.Distinct()
            | "Speakers" >> beam.combiners.ToList()
        )
        people = named | "Ids" >> beam.FlatMap(lambda c: [c.identity.identity_id] if c.identity else [])
        path = join(self._output, "work", "people.json")
        return (
            people
            | "PerPerson" >> beam.combiners.Count.PerElement()
            | "Counts" >> beam.combiners.ToList()
            | "WritePeople"
            >> beam.Map(
                write_people,
                AsSingleton(nearest),
                AsSingleton(speakers),
                self._config.identities.lookalike_distance,
                path,
            )
        )


def with_face(clip: Clip, output: str) -> tuple[Clip, ClipFace | None]:
    """Return a clip with its face, None if none was good enough to be kept."""
    path = face_path(output, clip.clip_id)
    return clip, read_face(read_bytes(path)) if FileSystems.exists(path) else None


def element_of(faced: tuple[Clip, ClipFace], registry: Mapping[str, str]) -> ci.Face:
    """Return a face as clustering wants it."""
    clip, face = faced
    return ci.Face(
        clip_id=clip.clip_id,
        descriptor=face.descriptor,
        stranger_distance=face.stranger_distance,
        shot_id=clip.shot_id,
        track_id=clip.track_id,
        start_seconds=clip.start_seconds,
        end_seconds=clip.end_seconds,
        registered=registry.get(clip.clip_id),
    )


def _ranked(face: ci.Face) -> tuple[int, str, Any]:
    """A number by which a sample is drawn that is the same in any order."""
    return derived_seed(face.clip_id, "block_sample") >> 1, face.clip_id, face.descriptor.tolist()


def centres_of(sample: Sequence[tuple[int, str, Any]], count: int, config: ci.IdentityConfig) -> Any:
    """Return the blocks' centres (n, d); none without faces."""
    if not sample:
        return np.zeros((1, 1), np.float32)
    blocks = ci.num_blocks(count, config)
    used = sorted(sample)[: blocks * _SAMPLE_PER_BLOCK]
    return ci.block_centres(np.array([values for _, _, values in used], np.float32), blocks)


def _to_blocks(face: ci.Face, centres: Any, config: ci.IdentityConfig) -> list[tuple[int, ci.Face]]:
    return [(block, face) for block in ci.nearest_blocks(face.descriptor, centres, config.probes)]


def pairs_of(
    block: tuple[int, Iterable[ci.Face]], config: ci.IdentityConfig
) -> Iterator[tuple[str, str, float]]:
    """Yield pairs of near faces in a block, by clip id, and their distances."""
    ordered = sorted(block[1], key=lambda f: f.clip_id)
    strangers = np.array([f.stranger_distance for f in ordered], np.float32)
    found, distances = ci.neighbour_pairs(np.array([f.descriptor for f in ordered]), strangers, config)
    for (i, j), distance in zip(found.tolist(), distances.tolist(), strict=True):
        yield ordered[i].clip_id, ordered[j].clip_id, round(distance, 4)


def link(component: tuple[str, Iterable[ci.Face]], config: ci.IdentityConfig) -> list[ci.Member]:
    """Return the identities of one component's clips."""
    ordered = sorted(component[1], key=lambda f: f.clip_id)
    return ci.members_of(ordered, ci.link_component(ordered, config), config.salt)


def identified(found: tuple[str, dict[str, Any]], reach: float) -> Iterator[Clip]:
    """Yield the clip of a join with its identity, if it has one, and its attributes."""
    joined = found[1]
    member = next(iter(joined["members"]), None)
    for clip, face in joined["clips"]:
        identity = None
        if member is not None and face is not None:
            confidence = max(1.0 - member.distance / reach, 0.0)
            identity = Identity(
                identity_id=member.identity_id,
                confidence=confidence,
                embedder=face.embedder,
                split_group=member.identity_id,
            )
        yield complete_attributes(dataclasses.replace(clip, identity=identity))


def judge_person(
    person: tuple[str, Iterable[Clip]], config: CurateConfig, output: str
) -> Iterator[tuple[Clip, Rejection | None]]:
    """Yield the clips of one person, the best first, and why those are rejected that are."""
    ordered = sorted(person[1], key=_best_first)
    gone = _copies(ordered, config.duplicates, output) if config.duplicates.enabled else {}
    for clip in ordered:
        yield clip, gone.get(clip.clip_id)


def _best_first(clip: Clip) -> tuple[Any, ...]:
    """Larger faces first, then sharper ones, then longer clips."""
    sharpness = (clip.quality.sharpness if clip.quality else None) or 0.0
    return -round(clip.face_height_px), -sharpness, -clip.num_frames, clip.clip_id


def _copies(clips: Sequence[Clip], config: DuplicateConfig, output: str) -> dict[str, Rejection]:
    """Return the rejections of all but the best of each recording, by clip id. Best come first."""
    if len(clips) < 2:
        return {}
    faces = [read_face(read_bytes(face_path(output, clip.clip_id))) for clip in clips]
    series = [reduced(f.motion, c.fps, config) for f, c in zip(faces, clips, strict=True)]
    gone: dict[str, Rejection] = {}
    for members, alike in duplicate_groups(np.array([f.descriptor for f in faces]), series, config):
        best = clips[members[0]]
        for index in members[1:]:
            clip = clips[index]
            why = _rejection(clip, "near_duplicate", alike[index], config.min_similarity)
            gone[clip.clip_id] = dataclasses.replace(why, also=(f"copy of {best.clip_id}",))
    return gone


def _rejection(clip: Clip, reason: str, score: float, threshold: float) -> Rejection:
    return Rejection(
        stage=STAGE,
        level="clip",
        subject_id=clip.clip_id,
        video_id=clip.video_id,
        uri=clip.source.uri,
        reason=reason,
        score=score,
        threshold=threshold,
        start_seconds=clip.start_seconds,
        end_seconds=clip.end_seconds,
        seconds=clip.duration_seconds,
    )


def lookalikes(pair: tuple[str, str, float], bound: float, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return two identities that must share a split because two of their faces are too near."""
    first, second, distance = pair
    a, b = names[first], names[second]
    return [(a, b)] if a != b and distance < bound else []


def with_split_group(clip: Clip, together: Mapping[str, str]) -> Clip:
    """Return a clip whose identity names the group of look-alikes that it shares a split with."""
    if clip.identity is None:
        return clip
    group = together.get(clip.identity.identity_id, clip.identity.identity_id)
    return dataclasses.replace(clip, identity=dataclasses.replace(clip.identity, split_group=group))


def _placed(clip_id: str, joined: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [(clip_id, split, face) for split in joined["split"] for face in joined["face"]]


def across_splits(
    faces: Sequence[tuple[str, str, ClipFace]], held_out: Sequence[tuple[str, str, ClipFace]]
) -> Iterator[tuple[float, str, str]]:
    """Yield for each face its nearest one in another split: relative distance and both clip ids."""
    if not held_out:
        return
    others = sorted(held_out, key=lambda face: face[0])
    there = np.array([face[2].descriptor for face in others], np.float64)
    strangers = np.array([face[2].stranger_distance for face in others])
    splits = np.array([face[1] for face in others])
    for clip_id, split, face in faces:
        squared = ((there - face.descriptor) ** 2).sum(axis=1) / (strangers * face.stranger_distance)
        away = np.where(splits == split, np.inf, squared)
        nearest = int(np.argmin(away))
        if np.isfinite(away[nearest]):
            first, second = sorted((clip_id, others[nearest][0]))
            yield round(float(np.sqrt(away[nearest])), 4), first, second


def _speaker_of(clip: Clip) -> list[tuple[str, str]]:
    known = clip.identity is not None and clip.source.speaker_id
    return [(str(clip.source.speaker_id), clip.identity.identity_id)] if known and clip.identity else []


def _count_kept(clip: Clip) -> Any:
    progress.count(STAGE, done=1, media_seconds=clip.duration_seconds)
    return summary(STAGE, "clip", num_out=1, media_seconds=clip.duration_seconds)


def read_registry(path: str) -> list[tuple[str, str]]:
    """Return the identities that an earlier run registered: clip id and identity id."""
    if not FileSystems.exists(path):
        return []
    table = pq.read_table(pa.BufferReader(read_bytes(path)))
    return list(zip(table["clip_id"].to_pylist(), table["identity_id"].to_pylist(), strict=True))


def write_registry(members: Sequence[ci.Member], path: str) -> str:
    """Write who was recognised, merged with what is registered; returns the path."""
    known = dict(read_registry(path)) | {m.clip_id: m.identity_id for m in members}
    rows = sorted(known.items())
    table = pa.table({"clip_id": [row[0] for row in rows], "identity_id": [row[1] for row in rows]})
    write_bytes(path, parquet_bytes(table))
    return path


def write_people(
    counts: Sequence[tuple[str, int]],
    nearest: Sequence[tuple[float, str, str]],
    speakers: Sequence[tuple[str, str]],
    bound: float,
    path: str,
) -> str:
    """Write what was found about people for run.json; returns the path."""
    found = PeopleSummary(
        num_faces=sum(count for _, count in counts),
        num_identities=len(counts),
        nearest_across_splits=nearest[0][0] if nearest else None,
        too_near=[f"{a} and {b} ({d:.3f})" for d, a, b in sorted(set(nearest)) if d < bound],
        speakers_with_several_identities=_with_several(speakers),
        identities_with_several_speakers=_with_several([(b, a) for a, b in speakers]),
    )
    write_bytes(path, json.dumps(dataclasses.asdict(found)).encode())
    return path


def _with_several(pairs: Sequence[tuple[str, str]]) -> list[str]:
    seen: dict[str, int] = {}
    for name, _ in pairs:
        seen[name] = seen.get(name, 0) + 1
    return sorted(name for name, count in seen.items() if count > 1)
