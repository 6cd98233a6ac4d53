"""Divide a component of near faces into people, and name them."""

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import DisjointSet

from backends.protocols.arrays import FloatArray
from schemas.merges import MadeBy
from transforms.cluster_identities.records import Face, IdentityConfig, Member
from transforms.face_blocks import Ints

# Faces of two tracks that share so much time of a shot are two people.
_SIDE_BY_SIDE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Voices:
    """The voices of a cluster's members: of which share of them one is known, their mean and its scatter."""

    share: float
    mean: FloatArray
    scatter: float


_NO_VOICES = Voices(0.0, np.zeros(1, np.float32), 0.0)


@dataclass(slots=True, eq=False)
class Cluster:
    """Faces taken for one person so far."""

    members: list[int]
    mean: FloatArray
    scatter: float  # mean squared distance of the members from their mean
    strangers: float  # mean distance of look-alike strangers from the members
    registered: str | None
    shots: dict[str, list[tuple[str, float, float]]]  # tracks and their spans, by shot
    voices: Voices
    near: set[int] = field(default_factory=set)


# Told of each two clusters that become one, before they do.
Note = Callable[[Cluster, Cluster], None]


def link_component(
    faces: Sequence[Face], pairs: Ints, config: IdentityConfig, reach: float, note: Note | None = None
) -> list[list[int]]:
    """Divide one component's faces into people; returns their indices, sorted.

    Args:
        pairs: (p, 2) indices of near faces.
        reach: root mean square distance up to which two clusters are one person.
    """
    found = linked_clusters(faces, pairs, config, reach, note)
    return sorted(sorted(c.members) for c in found)


def linked_clusters(
    faces: Sequence[Face], pairs: Ints, config: IdentityConfig, reach: float, note: Note | None = None
) -> list[Cluster]:
    """Merge near faces as long as two clusters' root mean square distance is within reach.

    Average linkage on squared distances (UPGMA; Sokal and Michener 1958) between neighbouring clusters:
    the mean squared distance between two clusters' members is |mean - mean|^2 + scatter + scatter, so
    a few numbers and two means a cluster are all that is kept. Voices add to it what `squared_distances`
    says.
    """
    linker = _Linker(faces, pairs, config, reach, note)
    linker.run()
    return list(linker.clusters.values())


class _Linker:
    def __init__(
        self, faces: Sequence[Face], pairs: Ints, config: IdentityConfig, reach: float, note: Note | None
    ) -> None:
        self._config, self._limit, self._note = config, reach**2, note
        groups = _certain_groups(faces)
        self.clusters = {i: start_cluster(faces, members) for i, members in enumerate(groups)}
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
        away = squared_distances(self.clusters[i], [self.clusters[j] for j in near], self._config)
        for j, squared in zip(near, away.tolist(), strict=True):
            if squared <= self._limit:
                heapq.heappush(self._heap, (squared, min(i, j), max(i, j)))

    def _merge(self, i: int, j: int) -> None:
        a, b = self.clusters.pop(i), self.clusters.pop(j)
        if self._note is not None:
            self._note(a, b)
        number, self._next = self._next, self._next + 1
        self.clusters[number] = joined_clusters(a, b)
        self.clusters[number].near -= {i, j}
        for k in self.clusters[number].near:
            self.clusters[k].near -= {i, j}
            self.clusters[k].near.add(number)
        self._push(number, above=-1)


def squared_distances(
    cluster: Cluster, others: Sequence[Cluster], config: IdentityConfig
) -> npt.NDArray[np.float64]:
    """Return (k) mean squared distances of a cluster's members from those of others.

    Faces' are relative to strangers. Two voices add what they are farther apart than the neutral distance,
    times its weight (less than nothing if they are nearer), two clips of which a voice is not known nothing.
    """
    voices = voices_apart(cluster, others, config.neutral_voice_distance)
    return faces_apart(cluster, others) + config.voice_weight * voices


def faces_apart(cluster: Cluster, others: Sequence[Cluster]) -> npt.NDArray[np.float64]:
    """Return (k) mean squared distances of faces relative to strangers."""
    means = np.array([other.mean for other in others])
    scatters = np.array([other.scatter for other in others])
    apart = ((means - cluster.mean) ** 2).sum(axis=1) + scatters + cluster.scatter
    return apart / (cluster.strangers * np.array([other.strangers for other in others]))


def voices_apart(cluster: Cluster, others: Sequence[Cluster], neutral: float) -> npt.NDArray[np.float64]:
    """Return (k) by how much voices are farther apart than neutral ones, on average over all pairs."""
    found = np.zeros(len(others))
    known = [i for i, other in enumerate(others) if cluster.voices.share * other.voices.share > 0]
    if known:
        voices = [others[i].voices for i in known]
        squared = ((np.array([v.mean for v in voices]) - cluster.voices.mean) ** 2).sum(axis=1)
        squared = squared + np.array([v.scatter for v in voices]) + cluster.voices.scatter
        shares = cluster.voices.share * np.array([v.share for v in voices])
        found[known] = shares * (squared / 2 - neutral)  # 1 - cosine is half the squared distance
    return found


def joined_clusters(a: Cluster, b: Cluster) -> Cluster:
    """Return two clusters as one, near to whatever one of them is near to."""
    share = len(b.members) / (len(a.members) + len(b.members))
    mean, scatter = _joined((a.mean, a.scatter), (b.mean, b.scatter), share)
    return Cluster(
        members=a.members + b.members,
        mean=mean,
        scatter=scatter,
        strangers=(1 - share) * a.strangers + share * b.strangers,
        registered=a.registered or b.registered,
        shots={s: a.shots.get(s, []) + b.shots.get(s, []) for s in a.shots.keys() | b.shots.keys()},
        voices=_joined_voices(a.voices, b.voices, share),
        near=a.near | b.near,
    )


def _joined(
    a: tuple[FloatArray, float], b: tuple[FloatArray, float], share: float
) -> tuple[FloatArray, float]:
    """Return mean and scatter of two groups together, the second of which has a share of the members."""
    apart = float(((a[0] - b[0]) ** 2).sum())
    mean = (a[0] + np.float32(share) * (b[0] - a[0])).astype(np.float32)
    return mean, (1 - share) * a[1] + share * b[1] + share * (1 - share) * apart


def _joined_voices(a: Voices, b: Voices, share: float) -> Voices:
    known = (1 - share) * a.share + share * b.share
    if not a.share or not b.share:
        one = a if a.share else b
        return Voices(known, one.mean, one.scatter)
    return Voices(known, *_joined((a.mean, a.scatter), (b.mean, b.scatter), share * b.share / known))


def _voices_of(faces: Sequence[Face]) -> Voices:
    known = [face.voice for face in faces if face.voice is not None]
    if not known:
        return _NO_VOICES
    if len(known) == 1:
        return Voices(1 / len(faces), np.asarray(known[0], np.float32), 0.0)
    found = np.array(known, np.float32)
    mean = found.mean(axis=0)
    return Voices(len(known) / len(faces), mean, float(((found - mean) ** 2).sum(axis=1).mean()))


def certain_pairs(faces: Sequence[Face]) -> Iterator[tuple[MadeBy, int, int]]:
    """Yield which faces are one person by their track, or by what earlier runs registered."""
    first: dict[tuple[MadeBy, str], int] = {}
    for i, face in enumerate(faces):
        keys: list[tuple[MadeBy, str]] = [("one_track", face.track_id)]
        if face.registered is not None:
            keys.append(("registered", face.registered))
        for key in keys:
            yield key[0], first.setdefault(key, i), i


def _certain_groups(faces: Sequence[Face]) -> list[list[int]]:
    groups = DisjointSet(range(len(faces)))
    for _, one, other in certain_pairs(faces):
        groups.merge(one, other)
    return [sorted(members) for members in groups.subsets()]


def start_cluster(faces: Sequence[Face], members: list[int]) -> Cluster:
    """Return faces that are surely one person as a cluster."""
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
        voices=_voices_of([faces[m] for m in members]),
    )


def _lone_cluster(face: Face, members: list[int]) -> Cluster:
    return Cluster(
        members=members,
        mean=np.asarray(face.descriptor, np.float32),
        scatter=0.0,
        strangers=face.stranger_distance,
        registered=face.registered,
        shots={face.shot_id: [(face.track_id, face.start_seconds, face.end_seconds)]},
        voices=_voices_of([face]),
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
