"""Identify: who is who among all faces of a collection.

    faces -> blocks -> near pairs ┬-> groups -> components -> linkage -> number of people
                                  └-------------------------^   |            v
                                                                └-> linkage again -> members
                                                                          └-> look-alikes -> components

Every step is keyed by a block, a clip, a component or a pair, so no worker holds the collection.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import AsSingleton

from pipelines.components import Components, Settle
from schemas.ids import derived_seed
from schemas.merges import IdentityMerge
from schemas.records.clip import Clip
from transforms import cluster_identities as ci
from transforms.embed_faces import ClipFace
from transforms.face_blocks import Blocks, Ints, block_centres, nearest_blocks, num_blocks

# Faces that the blocks' centres are computed from, for each block.
_SAMPLE_PER_BLOCK = 64
# And of all: beyond 256 blocks (a million faces) centres come from fewer faces each.
_MOST_SAMPLED = 16_384


@dataclasses.dataclass(frozen=True, slots=True)
class Placed:
    """A face with what is near it, and the component it is in as far as the rounds have told."""

    face: ci.Face
    near: Mapping[str, float]  # distances by clip id
    label: str
    unsettled: Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True, slots=True)
class Linked:
    """One component's faces, their near pairs (p, 2), and who they would be in a small collection."""

    placed: Sequence[Placed]
    pairs: Ints
    people: Sequence[Sequence[int]]


@dataclasses.dataclass(frozen=True, slots=True)
class People:
    """The identities of one component, what made them, and what each of its clips knows of look-alikes.

    `alike`: two clips of one group of look-alikes, and the identity of one of its members.
    """

    members: Sequence[ci.Member]
    merges: Sequence[IdentityMerge]
    alike: Sequence[tuple[tuple[str, str], str]]


class Identified(NamedTuple):
    """PCollections, and a side input: the blocks' centres."""

    members: Any  # Member, one a clip with a face
    merges: Any  # IdentityMerge
    alike: Any  # what identities are told of look-alikes
    centres: Any


def identify(faces: Any, registry: Any, config: ci.IdentityConfig) -> Identified:
    """Return who is who among `faces`.

    Args:
        faces: PCollection of (Clip, ClipFace).
        registry: PCollection of (clip id, identity id) that an earlier run registered.
    """
    # Of a clip no more than clustering asks for: its record and its print are five times as much.
    by_clip = faces | "FaceById" >> beam.MapTuple(lambda clip, face: (clip.clip_id, element_of(clip, face)))
    elements = (
        {"faces": by_clip, "registered": registry}
        | "KnownFaces" >> beam.CoGroupByKey()
        | "Element" >> beam.FlatMapTuple(known)
    )
    centres = block_centres_of(elements, config)
    found = elements | "Blocks" >> InBlocks(config, centres) | "Pairs" >> beam.Map(_pairs_of, config)
    people = _linked(elements, found, config)
    told = (
        people
        | "Alike" >> beam.FlatMap(lambda p: p.alike)
        | "ByPair" >> beam.GroupByKey()
        | "TieAlike" >> beam.FlatMapTuple(lambda _, identities: ci.tie(identities))
        | "TellAlike" >> Components()
    )
    return Identified(
        members=people | "Members" >> beam.FlatMap(lambda p: p.members),
        merges=people | "Merges" >> beam.FlatMap(lambda p: p.merges),
        alike=told,
        centres=centres,
    )


def block_centres_of(elements: Any, config: ci.IdentityConfig) -> Any:
    """Return the centres of the blocks of faces as a side input."""
    count = elements | "CountFaces" >> beam.combiners.Count.Globally()
    sample = elements | "Rank" >> beam.Map(_ranked) | "Sample" >> beam.combiners.Top.Of(_MOST_SAMPLED)
    return AsSingleton(sample | "Centres" >> beam.Map(centres_of, AsSingleton(count), config))


class InBlocks(beam.PTransform):
    """Anything with a `descriptor` in; (block, those whose nearest blocks it is among) out."""

    def __init__(self, config: ci.IdentityConfig, centres: Any) -> None:
        super().__init__()
        self._config, self._centres = config, centres

    def expand(self, pcoll: Any) -> Any:
        """Return the groups."""
        probes = self._config.probes
        return pcoll | "Nearest" >> beam.FlatMap(_to_blocks, self._centres, probes) | beam.GroupByKey()


def _linked(elements: Any, found: Any, config: ci.IdentityConfig) -> Any:
    """Return the People of every component."""
    sure = elements | "Certain" >> beam.FlatMap(certain_ties)
    groups = found | "Groups" >> beam.FlatMap(lambda f: (m for group in f.groups for m in ci.tie(group)))
    placed = (
        {
            "face": elements | "ById" >> beam.Map(lambda f: (f.clip_id, f)),
            "near": found | "Ends" >> beam.FlatMap(_ends),
            "told": (sure, groups) | "Ties" >> beam.Flatten() | "TellFaces" >> Components(),
        }
        | "JoinPairs" >> beam.CoGroupByKey()
        | "Place" >> beam.FlatMapTuple(place)
    )
    settled = placed | "Unsettled" >> beam.FlatMap(lambda p: p.unsettled) | "SettleFaces" >> Settle()
    linked = (
        placed
        | "ByComponent" >> beam.Map(lambda p, roots: (roots.get(p.label, p.label), p), AsSingleton(settled))
        | "GroupComponents" >> beam.GroupByKey()
        | "Link" >> beam.Map(lambda component: link(component[1], config))
    )
    counted = linked | "NumPeople" >> beam.Map(lambda found: len(found.people)) | beam.CombineGlobally(sum)
    return linked | "LinkAgain" >> beam.Map(people_of, AsSingleton(counted), config)


def element_of(clip: Clip, face: ClipFace) -> ci.Face:
    """Return a face as clustering wants it, before it is known whether it is registered."""
    return ci.Face(
        clip_id=clip.clip_id,
        descriptor=face.descriptor,
        stranger_distance=face.stranger_distance,
        shot_id=clip.shot_id,
        track_id=clip.track_id,
        start_seconds=clip.start_seconds,
        end_seconds=clip.end_seconds,
        voice=face.voice,
    )


def known(_: str, joined: Mapping[str, Any]) -> Iterator[ci.Face]:
    """Yield a face with the identity it is registered as; nothing for a clip that is no longer there."""
    for face in joined["faces"]:
        yield dataclasses.replace(face, registered=next(iter(joined["registered"]), None))


def _ranked(face: ci.Face) -> tuple[int, str, bytes]:
    """A number by which a sample is drawn that is the same in any order, and the descriptor."""
    return derived_seed(face.clip_id, "block_sample") >> 1, face.clip_id, face.descriptor.tobytes()


def centres_of(sample: Sequence[tuple[int, str, bytes]], count: int, config: ci.IdentityConfig) -> Blocks:
    """Return the blocks; one without faces."""
    if not sample:
        return block_centres(np.zeros((1, 1), np.float32), 1)
    blocks = num_blocks(count, config.block_size)
    used = sorted(sample)[: blocks * _SAMPLE_PER_BLOCK]
    return block_centres(np.array([np.frombuffer(data, np.float32) for _, _, data in used]), blocks)


def _to_blocks(face: Any, centres: Blocks, probes: int) -> list[tuple[int, Any]]:
    return [(block, face) for block in nearest_blocks(face.descriptor, centres, probes)]


def _pairs_of(block: tuple[int, Iterable[ci.Face]], config: ci.IdentityConfig) -> ci.BlockPairs:
    return ci.block_pairs(list(block[1]), config)


def _ends(found: ci.BlockPairs) -> Iterator[tuple[str, tuple[str, float]]]:
    """Yield each pair under both of its clips."""
    for pair in found.pairs:
        yield pair.first, (pair.second, pair.distance)
        yield pair.second, (pair.first, pair.distance)


def certain_ties(face: ci.Face) -> list[ci.Message]:
    """Return what needs no look: clips of one track are one person, and those registered as one.

    Tracks and registered identities are told as if they were ids; they pass it on in the first round and
    are forgotten.
    """
    keys = [f"track:{face.track_id}"]
    if face.registered is not None:
        keys.append(f"registered:{face.registered}")
    return [(key, (face.clip_id,)) for key in keys]


def place(clip_id: str, joined: Mapping[str, Any]) -> Iterator[Placed]:
    """Yield the face of a join with what is known of it."""
    # A pair found in two blocks may differ in the last digit.
    near = dict(sorted(joined["near"], reverse=True))
    told = list(joined["told"])
    for face in joined["face"]:
        yield Placed(face, near, ci.label_of(clip_id, told), ci.unsettled(clip_id, told))


def link(members: Iterable[Placed], config: ci.IdentityConfig) -> Linked:
    """Return one component's clips with the people they are by the bound of a small collection."""
    placed = sorted(members, key=lambda p: p.face.clip_id)
    number = {p.face.clip_id: i for i, p in enumerate(placed)}
    ends = [(i, number[o]) for i, p in enumerate(placed) for o in sorted(p.near) if number.get(o, -1) > i]
    pairs = np.array(ends, np.int64).reshape(-1, 2)
    people = ci.link_component([p.face for p in placed], pairs, config, config.merge_distance)
    return Linked(placed, pairs, people)


def people_of(linked: Linked, num_people: int, config: ci.IdentityConfig) -> People:
    """Return the identities of one component's clips by the bound of a collection of so many people."""
    faces, reach = [p.face for p in linked.placed], ci.merge_reach(num_people, config)
    groups, merges = ci.explained_component(faces, linked.pairs, config, reach)
    members = ci.members_of(faces, groups, config.salt)
    identity_of = {m.clip_id: m.identity_id for m in members}
    named = [dataclasses.replace(m, identity_id=identity_of[m.first_clip_id]) for m in merges]
    return People(
        members, named, [*_near_alike(linked, identity_of, config), *_once_one(linked, identity_of)]
    )


def _near_alike(
    linked: Linked, identity_of: Mapping[str, str], config: ci.IdentityConfig
) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield clips of two people that lie nearer than those of two people should."""
    for p in linked.placed:
        own = identity_of[p.face.clip_id]
        for other, distance in sorted(p.near.items()):
            if distance < config.lookalike_distance and identity_of.get(other) != own:
                yield (min(p.face.clip_id, other), max(p.face.clip_id, other)), own


def _once_one(linked: Linked, identity_of: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield people who would be one in a small collection: the larger one asks for more, splits need not."""
    for person in linked.people:
        names = [linked.placed[i].face.clip_id for i in person]
        identities = sorted({identity_of[name] for name in names})
        if len(identities) > 1:
            yield from (((min(names), max(names)), identity) for identity in identities)
