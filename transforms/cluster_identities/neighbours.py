"""Blocks of near faces, pairs of near neighbours in them, and the components the pairs make."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import faiss
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from backends.protocols import FloatArray
from transforms.cluster_identities.records import IdentityConfig

Ints = npt.NDArray[np.int64]


def num_blocks(count: int, config: IdentityConfig) -> int:
    """Return into how many blocks so many faces are divided."""
    return max(-(-count // config.block_size), 1)


def block_centres(sample: FloatArray, count: int) -> FloatArray:
    """Return (count, d) centres of blocks from a sample of descriptors in a fixed order (k-means)."""
    if count == 1:
        return sample.mean(axis=0, keepdims=True)
    faiss.omp_set_num_threads(1)
    means = faiss.Kmeans(sample.shape[1], count, niter=10, seed=1, min_points_per_centroid=1)
    means.train(np.ascontiguousarray(sample, np.float32))
    return np.asarray(means.centroids, np.float32)


def nearest_blocks(descriptor: FloatArray, centres: FloatArray, probes: int) -> list[int]:
    """Return the blocks a face goes to, the nearest first."""
    away = ((centres - descriptor) ** 2).sum(axis=1)
    return np.argsort(away, kind="stable")[: max(probes, 1)].tolist()


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
    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatL2(descriptors.shape[1])
    data = np.ascontiguousarray(descriptors, np.float32)
    index.add(data)  # pyright: ignore[reportCallIssue]
    squared, found = index.search(data, min(config.neighbours + 1, count))  # pyright: ignore[reportCallIssue]
    first = np.repeat(np.arange(count), found.shape[1])
    second, away = found.ravel(), np.sqrt(np.maximum(squared.ravel(), 0))
    away = away / np.sqrt(strangers[first] * strangers[second])
    near = (first != second) & (away <= config.merge_distance)
    pairs = np.sort(np.stack([first[near], second[near]], axis=1), axis=1)
    unique, where = np.unique(pairs, axis=0, return_index=True)
    return unique, away[near][where].astype(np.float32)


def components(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return for every id in a pair the smallest id of its connected component."""
    names: dict[str, int] = {}
    ends = [(names.setdefault(a, len(names)), names.setdefault(b, len(names))) for a, b in pairs]
    if not ends:
        return {}
    rows, columns = np.array(ends).T
    graph = coo_matrix((np.ones(len(ends), np.bool_), (rows, columns)), shape=(len(names), len(names)))
    _, labels = connected_components(graph, directed=False)
    smallest: dict[int, str] = {}
    for name, label in zip(names, labels.tolist(), strict=True):
        smallest[label] = min(smallest.get(label, name), name)
    return {name: smallest[label] for name, label in zip(names, labels.tolist(), strict=True)}


def certain_pairs(faces: Sequence[tuple[str, str, str | None]]) -> list[tuple[str, str]]:
    """Return pairs that need no look: clips of one track, clips registered as one person.

    Args:
        faces: clip id, track id, registered identity of each.
    """
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for clip_id, track_id, registered in faces:
        groups["track", track_id].append(clip_id)
        if registered is not None:
            groups["registered", registered].append(clip_id)
    return [(members[0], other) for members in groups.values() for other in members[1:]]
