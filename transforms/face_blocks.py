"""Blocks of near faces, so that comparing all with all takes time in proportion to the faces.

Faces go to the blocks whose centres (k-means on a sample) are nearest to them, and are compared within
each block alone. A face that goes to two blocks is found together with its like on either side of a border.
"""

from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import FloatArray

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Blocks:
    """The centres (b, d) of blocks, and the squares of their lengths (b,)."""

    centres: FloatArray
    energies: FloatArray


def num_blocks(count: int, block_size: int) -> int:
    """Return into how many blocks so many faces are divided."""
    return max(-(-count // block_size), 1)


def block_centres(sample: FloatArray, count: int) -> Blocks:
    """Return `count` blocks from a sample of descriptors (n, d) in a fixed order (k-means)."""
    centres = sample.mean(axis=0, keepdims=True) if count == 1 else _means(sample, count)
    return Blocks(centres, np.einsum("bd,bd->b", centres, centres))


def _means(sample: FloatArray, count: int) -> FloatArray:
    faiss.omp_set_num_threads(1)
    means = faiss.Kmeans(sample.shape[1], count, niter=10, seed=1, min_points_per_centroid=1)
    means.train(np.ascontiguousarray(sample, np.float32))
    return np.asarray(means.centroids, np.float32)


def nearest_blocks(descriptor: FloatArray, blocks: Blocks, probes: int) -> list[int]:
    """Return the blocks a face goes to, the nearest first."""
    if len(blocks.centres) == 1:
        return [0]
    # |c - x|^2 without |x|^2, which is the same for all blocks.
    away = blocks.energies - 2.0 * (blocks.centres @ descriptor)
    return np.argsort(away, kind="stable")[: max(probes, 1)].tolist()


def nearest_faces(descriptors: FloatArray, count: int) -> tuple[FloatArray, Ints]:
    """Return squared distances and indices (n, k) of each face's nearest `count`, itself among them.

    k is `count`, or n if that is less. The search is exact.
    """
    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatL2(descriptors.shape[1])
    data = np.ascontiguousarray(descriptors, np.float32)
    index.add(data)  # pyright: ignore[reportCallIssue]
    squared, found = index.search(data, min(count, len(data)))  # pyright: ignore[reportCallIssue]
    return squared, found
