"""Find near-duplicates: re-encodes, other crops and other frame rates of one recording.

Two takes of a person look alike; two copies of a recording also move alike. Each clip leaves a series
of how its mouth opens, how its head turns and how loud it is, which no crop, size, codec or frame rate
changes; copies agree in it at one shift in time.

    a   ~~^^~v~~~^_^~~
    b        v~~~^_^~~~~^^     shifted: the overlap correlates
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import DisjointSet

from backends.protocols import FloatArray
from schemas.bounds import Positive, Share
from transforms.face_blocks import Ints, block_centres, nearest_blocks, nearest_faces, num_blocks

CHANNELS = ("mouth", "yaw", "pitch", "loudness")
_LIPS, _BROW, _CHIN, _NOSE, _EYES = (13, 14), 10, 152, 1, (33, 263)


@dataclass(frozen=True, kw_only=True, slots=True)
class DuplicateConfig:
    """When two clips count as copies. Copies of one recording correlate by 0.9 and more; independent
    series stay below 0.6 at the best of all shifts."""

    enabled: bool = True
    min_similarity: Share = 0.8
    # The shorter clip must lie in the other by this share.
    min_overlap: Share = 0.5
    # Faces farther apart than this are not compared: a copy shows the same face.
    max_face_distance: float = 0.8
    steps_per_second: Positive = 12.5


def motion_series(face: FloatArray, samples: FloatArray, fps: float, sampling_rate_hz: int) -> FloatArray:
    """Return (n, 4): mouth opening, yaw and pitch in shares of the face, loudness in dB, a frame each.

    Args:
        face: (n, 478, 3) px, NaN where the face was not seen; gaps are filled from their ends.
        samples: (m,) mono sound of the clip.
    """
    points = np.asarray(face[:, :, :2], np.float64)
    height = np.linalg.norm(points[:, _CHIN] - points[:, _BROW], axis=1)
    across = points[:, _EYES[1]] - points[:, _EYES[0]]
    down = points[:, _CHIN] - points[:, _BROW]
    mouth = np.linalg.norm(points[:, _LIPS[1]] - points[:, _LIPS[0]], axis=1) / height
    nose = points[:, _NOSE] - points[:, _EYES[0]]
    yaw = (nose * across).sum(1) / (across**2).sum(1)
    pitch = ((points[:, _NOSE] - points[:, _BROW]) * down).sum(1) / (down**2).sum(1)
    count = len(points)
    edges = np.round(np.arange(count + 1) / fps * sampling_rate_hz).astype(int)
    power = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    edges = np.minimum(edges, len(samples))
    energy = (power[edges[1:]] - power[edges[:-1]]) / np.maximum(np.diff(edges), 1)
    loudness = 10 * np.log10(energy + 1e-6)
    return np.stack([*map(_fill, (mouth, yaw, pitch)), loudness], axis=1).astype(np.float32)


def _fill(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    seen = np.isfinite(values)
    if not seen.any():
        return np.zeros_like(values)
    return np.interp(np.arange(len(values)), np.flatnonzero(seen), values[seen])


def similarity(a: FloatArray, b: FloatArray, min_steps: int) -> float:
    """Return how alike two series (n, 4), (m, 4) move at the best shift, -1 to 1.

    The mean over channels of the correlation on the overlap; a mirrored copy turns the other way, so
    yaw counts by its size. Channels that stay still on the overlap say nothing and are left out.
    """
    shifts = np.arange(min_steps - len(b), len(a) - min_steps + 1)
    if not len(shifts):
        return -1.0
    shift = int(shifts[np.argmax(_agreements(a, b, shifts))])
    first = a[max(shift, 0) : shift + len(b)]
    second = b[max(-shift, 0) : max(-shift, 0) + len(first)]
    return max(_agreement(first, second), -1.0)


def _agreements(a: FloatArray, b: FloatArray, shifts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return what `_agreement` says at all shifts (s), by sums over the overlaps and one correlation."""
    x, y = a - a.mean(axis=0, dtype=np.float64), b - b.mean(axis=0, dtype=np.float64)
    start, end = np.maximum(shifts, 0), np.minimum(shifts + len(b), len(a))
    count = (end - start)[:, None]
    sums = [_between(v, start - o, end - o) for v, o in ((x, 0), (x * x, 0), (y, shifts), (y * y, shifts))]
    # Row i of a full correlation is the shift i - (len(b) - 1).
    both = np.stack([np.correlate(x[:, c], y[:, c], "full") for c in range(x.shape[1])], axis=1)
    product = both[shifts + len(b) - 1] - sums[0] * sums[2] / count
    spread_x = np.maximum(sums[1] - sums[0] ** 2 / count, 0.0)
    spread_y = np.maximum(sums[3] - sums[2] ** 2 / count, 0.0)
    moving = (np.sqrt(spread_x / count) > _STILL) & (np.sqrt(spread_y / count) > _STILL)
    agree = product / np.maximum(np.sqrt(spread_x * spread_y), 1e-12)
    agree[:, 1] = np.abs(agree[:, 1])
    num_moving = moving.sum(axis=1)
    return np.where(num_moving < 2, -1.0, (agree * moving).sum(axis=1) / np.maximum(num_moving, 1))


def _between(
    values: npt.NDArray[np.float64], start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the sums (s, c) of rows [start, end) of values (n, c)."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return total[end] - total[start]


def _agreement(a: FloatArray, b: FloatArray) -> float:
    x, y = a - a.mean(axis=0), b - b.mean(axis=0)
    spread = np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
    moving = (x.std(axis=0) > _STILL) & (y.std(axis=0) > _STILL)
    if moving.sum() < 2:
        return -1.0
    agree = (x * y).sum(axis=0) / np.maximum(spread, 1e-12)
    agree[1] = abs(agree[1])
    return float(agree[moving].mean())


# To how many clips with near faces a clip is compared, and how many clips of a person are searched at once.
_MOST_COMPARED, _BLOCK_SIZE, _SAMPLE_PER_BLOCK, _PROBES = 20, 1_000, 64, 2
# Over less than a second and a half anybody moves like somebody else now and then.
_MIN_STEPS = 20
# Below these standard deviations a channel is noise: shares of the face, dB.
_STILL = np.array([0.004, 0.004, 0.002, 1.0], np.float32)


def reduced(series: FloatArray, fps: float, config: DuplicateConfig) -> FloatArray:
    """Return a series at the rate at which series are compared."""
    stride = max(round(fps / config.steps_per_second), 1)
    count = len(series) // stride
    return series[: count * stride].reshape(count, stride, -1).mean(axis=1)


def duplicate_groups(
    descriptors: FloatArray, series: Sequence[FloatArray], config: DuplicateConfig
) -> list[tuple[list[int], dict[int, float]]]:
    """Return groups of copies among clips of one person, with how alike each is to the group's nearest.

    Args:
        descriptors: (n, d) of the clips' faces.
        series: of the clips, at the reduced rate.
    """
    groups = DisjointSet(range(len(series)))
    alike: dict[int, float] = {}
    for i, j in _near_faces(descriptors, config.max_face_distance):
        shorter = min(len(series[i]), len(series[j]))
        overlap = max(int(config.min_overlap * shorter), min(_MIN_STEPS, shorter))
        score = similarity(series[i], series[j], overlap)
        if score >= config.min_similarity:
            groups.merge(i, j)
            for k in (i, j):
                alike[k] = max(alike.get(k, -1.0), score)
    copies = [sorted(members) for members in groups.subsets() if len(members) > 1]
    return [(members, {m: alike[m] for m in members}) for members in copies]


def _near_faces(descriptors: FloatArray, max_distance: float) -> list[tuple[int, int]]:
    """Return pairs i < j with near faces; each clip is compared with its 20 nearest at most.

    Clips of one person may be very many: they are compared within blocks of near ones. Copies are so
    near each other that a border between blocks hardly ever parts them, and then each goes to two.
    """
    found: dict[int, dict[int, float]] = defaultdict(dict)
    for members in _blocks(descriptors):
        squared, nearest = nearest_faces(descriptors[members], _MOST_COMPARED + 1)
        away = np.sqrt(np.maximum(squared, 0.0))
        for i, others, distances in zip(
            members.tolist(), members[nearest].tolist(), away.tolist(), strict=True
        ):
            found[i].update(zip(others, distances, strict=True))
    pairs: set[tuple[int, int]] = set()
    for i, distances in found.items():
        # A clip's neighbours in two blocks are other ones.
        near = sorted((d, j) for j, d in distances.items() if j != i and d <= max_distance)
        pairs |= {(min(i, j), max(i, j)) for _, j in near[:_MOST_COMPARED]}
    return sorted(pairs)


def _blocks(descriptors: FloatArray) -> list[Ints]:
    """Return blocks of near faces: the indices of each."""
    count = num_blocks(len(descriptors), _BLOCK_SIZE)
    stride = max(len(descriptors) // (count * _SAMPLE_PER_BLOCK), 1)
    centres = block_centres(descriptors[::stride], count)
    blocks: dict[int, list[int]] = {}
    for i, descriptor in enumerate(descriptors):
        for block in nearest_blocks(descriptor, centres, _PROBES):
            blocks.setdefault(block, []).append(i)
    return [np.array(members) for members in blocks.values()]
