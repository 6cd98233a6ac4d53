"""Pairs of near neighbours in a block of faces, and which of them can come to one person."""

from collections.abc import Sequence

import numpy as np

from backends.protocols.arrays import FloatArray
from transforms.cluster_identities.components import components
from transforms.cluster_identities.linkage import linked_clusters, squared_distances
from transforms.cluster_identities.records import BlockPairs, Face, IdentityConfig, NearPair
from transforms.face_blocks import Ints, nearest_faces

# Within a block clusters are merged up to this share of the bound before their pairs are judged.
_SURE_SHARE = 0.8
# Means are summed in float32 in another order later; a pair on the bound stays.
_SLACK = 1.001


def neighbour_pairs(
    descriptors: FloatArray, strangers: FloatArray, config: IdentityConfig
) -> tuple[Ints, FloatArray]:
    """Return pairs (p, 2), i < j, of near neighbours within a block, and their relative distances (p,).

    Each of the nearest neighbours within `merge_distance`; the search is exact.

    Args:
        strangers: (n,) how far look-alike strangers are from each face.
    """
    count = len(descriptors)
    if count < 2:
        return np.zeros((0, 2), np.int64), np.zeros(0, np.float32)
    squared, found = nearest_faces(descriptors, config.neighbours + 1)
    first = np.repeat(np.arange(count), found.shape[1])
    second, away = found.ravel(), np.sqrt(np.maximum(squared.ravel(), 0))
    away = away / np.sqrt(strangers[first] * strangers[second])
    near = (first != second) & (away <= config.merge_distance)
    pairs = np.sort(np.stack([first[near], second[near]], axis=1), axis=1)
    unique, where = np.unique(pairs, axis=0, return_index=True)
    return unique, away[near][where].astype(np.float32)


def block_pairs(faces: Sequence[Face], config: IdentityConfig) -> BlockPairs:
    """Return a block's groups of faces that may turn out to be one person, and near pairs in them or alike.

    Two lookalikes are near now and then, and in a large collection such pairs tie everybody to everybody:
    one component, one worker. So clusters that are sure are merged first, and a pair ties only if its two
    clusters are near on average. Average linkage would never use the others: what it merges, and whether
    two clusters' mean is within the bound, does not depend on pairs above the bound, as the distance from a
    merged cluster is a mean of the distances from its parts.
    """
    ordered = sorted(faces, key=lambda f: f.clip_id)
    strangers = np.array([f.stranger_distance for f in ordered], np.float32)
    found, away = neighbour_pairs(np.array([f.descriptor for f in ordered]), strangers, config)
    clusters = linked_clusters(ordered, found, config, _SURE_SHARE * config.merge_distance)
    cluster_of = {m: cluster for cluster in clusters for m in cluster.members}
    bound = (_SLACK * config.merge_distance) ** 2
    pairs: list[NearPair] = []
    tied: list[tuple[str, str]] = []
    ends_of: list[tuple[int, int]] = found.tolist()
    distances: list[float] = away.tolist()
    for (i, j), distance in zip(ends_of, distances, strict=True):
        ends, a, b = (ordered[i].clip_id, ordered[j].clip_id), cluster_of[i], cluster_of[j]
        ties = a is b or squared_distances(a, [b], config)[0] <= bound
        if ties:
            tied.append(ends)
        if ties or distance < config.lookalike_distance:
            pairs.append(NearPair(first=ends[0], second=ends[1], distance=round(distance, 4)))
    groups: dict[str, list[str]] = {}
    for name, root in components(tied).items():
        groups.setdefault(root, []).append(name)
    return BlockPairs(pairs=pairs, groups=[tuple(sorted(group)) for group in groups.values()])
