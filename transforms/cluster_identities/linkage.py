"""Divide a component of near faces into people, and name them."""

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.cluster.hierarchy import DisjointSet

from backends.protocols import FloatArray
from transforms.cluster_identities.records import Face, IdentityConfig, Member
from transforms.face_blocks import Ints

# Faces of two tracks that share so much time of a shot are two people.
_SIDE_BY_SIDE_SECONDS = 0.2


@dataclass(slots=True, eq=False)
class Cluster:
    """Faces taken for one person so far."""

    members: list[int]
    mean: FloatArray
    scatter: float  # mean squared distance of the members from their mean
    strangers: float  # mean distance of look-alike strangers from the members
    registered: str | None
    shots: dict[str, list[tuple[str, float, float]]]  # tracks and their spans, by shot
    near: set[int] = field(default_factory=set)

    def squared_distance(self, other: "Cluster") -> float:
        """Return the mean squared relative distance of this cluster's members from another's."""
        apart = float(((self.mean - other.mean) ** 2).sum()) + self.scatter + other.scatter
        return apart / (self.strangers * other.strangers)


def link_component(faces: Sequence[Face], pairs: Ints, config: IdentityConfig) -> list[list[int]]:
    """Divide one component's faces into people; returns their indices, sorted.

    Args:
        pairs: (p, 2) indices of near faces.
    """
    return sorted(sorted(c.members) for c in linked_clusters(faces, pairs, config.merge_distance))


def linked_clusters(faces: Sequence[Face], pairs: Ints, reach: float) -> list[Cluster]:
    """Merge near faces as long as two clusters' root mean square distance is within reach.

    Average linkage on squared distances (UPGMA; Sokal and Michener 1958) between neighbouring clusters:
    the mean squared distance between two clusters' members is |mean - mean|^2 + scatter + scatter, so
    three numbers and a mean a cluster are all that is kept.
    """
    linker = _Linker(faces, pairs, reach)
    linker.run()
    return list(linker.clusters.values())


class _Linker:
    def __init__(self, faces: Sequence[Face], pairs: Ints, reach: float) -> None:
        self._limit = reach**2
        groups = _certain_groups(faces)
        self.clusters = {i: _start_cluster(faces, members) for i, members in enumerate(groups)}
        self._next = len(groups)
        self._heap: list[tuple[float, int, int]] = []
        cluster_of = {m: i for i, members in enumerate(groups) for m in members}
        for a, b in pairs.tolist():
            i, j = cluster_of[a], cluster_of[b]
            if i != j:
                self.clusters[i].near.add(j)
                self.clusters[j].near.add(i)
        for i in self.clusters:
            self._push(i, above=i)

    def run(self) -> None:
        """Merge the nearest two clusters until none are near enough."""
        while self._heap:
            _, i, j = heapq.heappop(self._heap)
            if i in self.clusters and j in self.clusters and _may_join(self.clusters[i], self.clusters[j]):
                self._merge(i, j)

    def _push(self, i: int, above: int) -> None:
        """Queue the near clusters of i (those numbered above a bound) that are near enough to merge."""
        near = sorted(j for j in self.clusters[i].near if j > above)
        if not near:
            return
        means = np.array([self.clusters[j].mean for j in near])
        scatters = np.array([self.clusters[j].scatter for j in near])
        cluster = self.clusters[i]
        away = ((means - cluster.mean) ** 2).sum(axis=1) + scatters + cluster.scatter
        away = away / (cluster.strangers * np.array([self.clusters[j].strangers for j in near]))
        for j, squared in zip(near, away.tolist(), strict=True):
            if squared <= self._limit:
                heapq.heappush(self._heap, (squared, min(i, j), max(i, j)))

    def _merge(self, i: int, j: int) -> None:
        a, b = self.clusters.pop(i), self.clusters.pop(j)
        number, self._next = self._next, self._next + 1
        share = len(b.members) / (len(a.members) + len(b.members))
        apart = float(((a.mean - b.mean) ** 2).sum())
        self.clusters[number] = Cluster(
            members=a.members + b.members,
            mean=(a.mean + np.float32(share) * (b.mean - a.mean)).astype(np.float32),
            scatter=(1 - share) * a.scatter + share * b.scatter + share * (1 - share) * apart,
            strangers=(1 - share) * a.strangers + share * b.strangers,
            registered=a.registered or b.registered,
            shots={s: a.shots.get(s, []) + b.shots.get(s, []) for s in a.shots.keys() | b.shots.keys()},
            near=(a.near | b.near) - {i, j},
        )
        for k in self.clusters[number].near:
            self.clusters[k].near -= {i, j}
            self.clusters[k].near.add(number)
        self._push(number, above=-1)


def _certain_groups(faces: Sequence[Face]) -> list[list[int]]:
    """Return indices grouped by track, and by what earlier runs registered."""
    groups = DisjointSet(range(len(faces)))
    first: dict[tuple[str, str], int] = {}
    for i, face in enumerate(faces):
        keys = [("track", face.track_id)]
        if face.registered is not None:
            keys.append(("registered", face.registered))
        for key in keys:
            groups.merge(first.setdefault(key, i), i)
    return [sorted(members) for members in groups.subsets()]


def _start_cluster(faces: Sequence[Face], members: list[int]) -> Cluster:
    if len(members) == 1:  # most of them, and NumPy takes its time over one number
        return _lone_cluster(faces[members[0]], members)
    found = np.array([faces[m].descriptor for m in members], np.float32)
    mean = found.mean(axis=0)
    shots: dict[str, list[tuple[str, float, float]]] = defaultdict(list)
    for face in (faces[m] for m in members):
        shots[face.shot_id].append((face.track_id, face.start_seconds, face.end_seconds))
    return Cluster(
        members=members,
        mean=mean,
        scatter=float(((found - mean) ** 2).sum(axis=1).mean()),
        strangers=float(np.mean([faces[m].stranger_distance for m in members])),
        registered=next((faces[m].registered for m in members if faces[m].registered), None),
        shots=dict(shots),
    )


def _lone_cluster(face: Face, members: list[int]) -> Cluster:
    return Cluster(
        members=members,
        mean=np.asarray(face.descriptor, np.float32),
        scatter=0.0,
        strangers=face.stranger_distance,
        registered=face.registered,
        shots={face.shot_id: [(face.track_id, face.start_seconds, face.end_seconds)]},
    )


def _may_join(a: Cluster, b: Cluster) -> bool:
    """People whom an earlier run told apart stay apart, and so do faces side by side in one picture."""
    if a.registered and b.registered and a.registered != b.registered:
        return False
    return not any(
        first[0] != second[0] and min(first[2], second[2]) - max(first[1], second[1]) > _SIDE_BY_SIDE_SECONDS
        for shot in a.shots.keys() & b.shots.keys()
        for first in a.shots[shot]
        for second in b.shots[shot]
    )


def identity_id(clip_ids: Sequence[str], salt: str) -> str:
    """Return the id of a person seen for the first time, from the smallest of the clips' ids."""
    return hashlib.sha256(f"{salt}:identity:{min(clip_ids)}".encode()).hexdigest()[:20]


def members_of(faces: Sequence[Face], people: Sequence[Sequence[int]], salt: str) -> list[Member]:
    """Return every clip's identity, registered or new, and its distance from the identity's mean."""
    found: list[Member] = []
    for person in people:
        known = sorted({name for i in person if (name := faces[i].registered) is not None})
        name = known[0] if known else identity_id([faces[i].clip_id for i in person], salt)
        middle = np.mean([faces[i].descriptor for i in person], axis=0)
        found += [
            Member(
                clip_id=faces[i].clip_id,
                identity_id=name,
                distance=float(np.linalg.norm(faces[i].descriptor - middle)) / faces[i].stranger_distance,
            )
            for i in person
        ]
    return found
