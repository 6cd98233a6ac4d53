"""People: who is who across the collection, copies of one recording, and the check of the splits.

    clips -> faces -> identities (pipelines/identify.py)
    clips x identities x look-alikes -> people -> near-duplicates -> rules about people
    clips x faces -> blocks -> faces compared across splits

Descriptors of faces are biometric data: they are read from and written to OUT/biometric alone, which
may be deleted when a run is done. Ids of identities registered there are kept when videos are added.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from pipelines import progress
from pipelines.check_people import (
    MOST_NAMED,
    AddFound,
    across_found,
    across_splits,
    placed,
    speaker_found,
    write_people,
)
from pipelines.components import Settle
from pipelines.config import CurateConfig
from pipelines.failures import failure_of
from pipelines.identify import InBlocks, identify
from pipelines.identity_merges import shard_of_merge, write_merges
from pipelines.identity_registry import read_registry, shard_of, shard_paths, write_registry
from pipelines.judge_people import STAGE, judge_person
from pipelines.kept_faces import face_of
from pipelines.places import Places
from pipelines.splits import AssignSplits
from pipelines.steps import summary
from schemas.layout import MERGES, PEOPLE_JSON, REGISTRY
from schemas.outcomes import Rejection
from schemas.records.clip import Clip
from schemas.records.person import Identity
from transforms.embed_faces import ClipFace
from transforms.estimate_attributes import complete_attributes
from transforms.filter_clips import Rule, judge_clip
from transforms.storage import join


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
    """Give clips identity and attributes; reject copies, judge by rules; compare faces across splits."""

    def __init__(self, config: CurateConfig, places: Places) -> None:
        super().__init__("People")
        self._config, self._places = config, places

    def expand(self, pcoll: Any) -> Any:
        """Return what becomes of a PCollection of Clip, as a PeopleResult."""
        read = pcoll | "Expect" >> beam.Map(progress.expect, STAGE)
        faced, dead = read | "ReadFace" >> beam.Map(with_face, self._places).with_exception_handling()
        faces = faced | "Faces" >> beam.FlatMapTuple(
            lambda clip, face: [] if face is None else [(clip, face)]
        )
        paths = pcoll.pipeline | "Registry" >> beam.Create(shard_paths(self._known(REGISTRY)))
        registry = paths | "ReadRegistry" >> beam.FlatMap(read_registry)
        found = identify(faces, registry, self._config.identities)
        judged = self._judged(faced, found.members, found.alike)
        ruled = self._kept(judged) | "Rules" >> beam.Map(_ruled, self._config.filter.rules)
        kept = ruled | "Pass" >> beam.FlatMapTuple(lambda clip, why: [clip] if why is None else [])
        lost = (
            judged | "Copies" >> beam.FlatMap(lambda person: person.lost),
            ruled | "Drop" >> beam.Filter(lambda pair: pair[1] is not None),
        ) | "Lost" >> beam.Flatten()
        failures = dead | "FaceDead" >> beam.Map(failure_of, STAGE, "clip")
        return PeopleResult(
            kept=kept,
            rejections=lost | "Why" >> beam.Map(lambda pair: pair[1]),
            lost=lost | "LostClip" >> beam.Map(lambda pair: pair[0]),
            failures=failures,
            failed=dead | "Failed" >> beam.MapTuple(lambda clip, _: clip),
            summaries=(
                kept | "CountKept" >> beam.Map(_count_kept),
                lost | "CountLost" >> beam.Map(_count_lost),
                failures | "CountDead" >> beam.Map(lambda _: summary(STAGE, "clip", num_failed=1)),
            ),
            written=(
                self._register(found.members),
                self._explain(found.merges),
                self._report(judged, kept, faces, found.centres),
            ),
        )

    def _judged(self, faced: Any, members: Any, alike: Any) -> Any:
        """Return every person's clips, judged; a clip without identity is a person of its own."""
        reach = self._config.identities.merge_distance
        clips = faced | "ClipById" >> beam.MapTuple(
            lambda clip, face: (clip.clip_id, (clip, None if face is None else face.embedder))
        )
        found = members | "MemberById" >> beam.Map(lambda member: (member.clip_id, member))
        named = (
            {"clips": clips, "members": found}
            | "Join" >> beam.CoGroupByKey()
            | "Name" >> beam.FlatMap(identified, reach)
        )
        by_person = named | "ByPerson" >> beam.Map(
            lambda c: (c.identity.identity_id if c.identity else c.clip_id, c)
        )
        return (
            {"clips": by_person, "alike": alike}
            | "GroupPeople" >> beam.CoGroupByKey()
            | "JudgePeople" >> beam.FlatMap(judge_person, self._config, self._places)
        )

    def _kept(self, judged: Any) -> Any:
        """Return clips that are kept; their identities know with which others they must share a split."""
        left = judged | "UnsettledAlike" >> beam.FlatMap(lambda person: person.unsettled)
        settled = left | "SettleAlike" >> Settle()
        kept = judged | "Keep" >> beam.FlatMap(lambda person: person.kept)
        return kept | "SplitGroup" >> beam.Map(_with_split_group, AsSingleton(settled))

    def _known(self, room: str) -> str:
        """Return where earlier runs left what they knew of people."""
        return join(self._places.biometric, room)

    def _register(self, members: Any) -> Any:
        return (
            members
            | "RegistryShard" >> beam.Map(lambda member: (shard_of(member.clip_id), member))
            | "GroupMembers" >> beam.GroupByKey()
            | "Register" >> beam.Map(write_registry, self._known(REGISTRY), self._places.note(REGISTRY))
        )

    def _explain(self, merges: Any) -> Any:
        return (
            merges
            | "MergeShard" >> beam.Map(lambda merge: (shard_of_merge(merge), merge))
            | "GroupMerges" >> beam.GroupByKey()
            | "WriteMerges" >> beam.Map(write_merges, self._known(MERGES), self._places.note(MERGES))
        )

    def _report(self, judged: Any, kept: Any, faces: Any, centres: Any) -> Any:
        """Compare faces across splits, identities with declared speakers; note what was found."""
        config, bound = self._config, self._config.identities.lookalike_distance
        speakers = (
            judged
            | "Declared" >> beam.FlatMap(lambda person: person.declared)
            | "BySpeaker" >> beam.GroupByKey()
            | "SeveralIdentities" >> beam.FlatMapTuple(speaker_found)
        )
        found = [judged | "People" >> beam.FlatMap(lambda person: person.found), speakers]
        if config.split.val_share + config.split.test_share > 0:
            near = {"clips": kept, "faces": faces} | AcrossSplits(config, centres)
            found.append(near | "TooNear" >> beam.Map(across_found, bound))
        path = self._places.note(PEOPLE_JSON)
        return (
            found
            | "Found" >> beam.Flatten()
            | "AddUp" >> beam.CombineGlobally(AddFound())
            | "WritePeople" >> beam.Map(write_people, path)
        )


class AcrossSplits(beam.PTransform):
    """A dict of PCollections `clips`, `faces` in; the nearest faces of two splits out, one list of all."""

    def __init__(self, config: CurateConfig, centres: Any) -> None:
        super().__init__()
        self._config, self._centres = config, centres

    def expand(self, pcolls: Any) -> Any:
        """Return the PCollection of one list of distances and clip ids."""
        config = self._config.split
        return (
            {
                "split": pcolls["clips"]
                | AssignSplits(config)
                | "SplitById" >> beam.Map(lambda c: (c.clip_id, c.split)),
                "face": pcolls["faces"]
                | "SplitFace" >> beam.MapTuple(lambda c, f: (c.clip_id, (f.descriptor, f.stranger_distance))),
            }
            | "JoinSplits" >> beam.CoGroupByKey()
            | "Place" >> beam.FlatMapTuple(placed)
            | "SplitBlocks" >> InBlocks(self._config.identities, self._centres)
            | "Across" >> beam.FlatMapTuple(lambda _, faces: across_splits(faces))
            # A pair may be found in two blocks.
            | "Nearest" >> beam.combiners.Top.Smallest(2 * MOST_NAMED)
        )


def with_face(clip: Clip, places: Places) -> tuple[Clip, ClipFace | None]:
    """Return a clip with its face, None if none was good enough to be kept."""
    return clip, face_of(clip, places)


def identified(found: tuple[str, dict[str, Any]], reach: float) -> Iterator[Clip]:
    """Yield the clip of a join with its identity, if it has one, and its attributes."""
    joined = found[1]
    member = next(iter(joined["members"]), None)
    for clip, embedder in joined["clips"]:
        identity = None
        if member is not None and embedder is not None:
            confidence = max(1.0 - member.distance / reach, 0.0)
            identity = Identity(
                identity_id=member.identity_id,
                confidence=confidence,
                embedder=embedder,
                split_group=member.identity_id,
            )
        yield complete_attributes(dataclasses.replace(clip, identity=identity))


def _with_split_group(clip: Clip, settled: Mapping[str, str]) -> Clip:
    """Return a clip whose group of look-alikes is the one that was settled on at last."""
    if clip.identity is None or clip.identity.split_group not in settled:
        return clip
    group = settled[clip.identity.split_group]
    return dataclasses.replace(clip, identity=dataclasses.replace(clip.identity, split_group=group))


def _ruled(clip: Clip, rules: Sequence[Rule]) -> tuple[Clip, Rejection | None]:
    return clip, judge_clip(clip, rules, STAGE)


def _count_lost(lost: tuple[Clip, Any]) -> Any:
    return summary(STAGE, "clip", num_rejected=1, media_seconds=lost[0].duration_seconds)


def _count_kept(clip: Clip) -> Any:
    progress.count(STAGE, done=1, media_seconds=clip.duration_seconds)
    return summary(STAGE, "clip", num_out=1, media_seconds=clip.duration_seconds)
