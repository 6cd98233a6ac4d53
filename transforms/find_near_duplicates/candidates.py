"""Which clips of a person might be copies: those whose sound, coarsely, agrees at one shift and speed.

All are compared with all, but coarsely and many at a time; a person with very many clips is divided into
blocks of near faces, so that the work grows with the number of clips and not with its square.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import FloatArray
from transforms.face_blocks import Ints, block_centres, nearest_blocks, num_blocks
from transforms.find_near_duplicates.correlate import Shelf, best_shifts
from transforms.find_near_duplicates.records import DuplicateConfig
from transforms.find_near_duplicates.series import played_at
from transforms.find_near_duplicates.sound_print import HZ, NUM_BANDS, detail

Print = npt.NDArray[np.uint8]

# Coarsely copies agree by 0.7 and more, other takes of one person by 0.6 at most
# (benchmarks/people_copies.py).
MIN_COARSE = 0.65
_BANDS, _ROWS = 4, 2  # that are put together
_COARSE_HZ = HZ / _ROWS
_MIN_SECONDS = 1.5
# How many clips of a person are compared at once, and how the blocks of the others are found.
_BLOCK_SIZE, _SAMPLE_PER_BLOCK, _PROBES = 1_000, 64, 2
# At the ends of the overlap a wrong speed may move sounds by half a step of the coarse print.
_SPEED_STEP, _DRIFT_SECONDS = 0.04, 0.16


def candidate_pairs(
    descriptors: FloatArray, sounds: Sequence[Print], config: DuplicateConfig
) -> dict[tuple[int, int], float]:
    """Return pairs i < j that may be copies, and about how fast the second plays the first.

    Args:
        descriptors: (n, d) of the clips' faces.
        sounds: prints (n_i, 32) of the clips' sound.
    """
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for members in _blocks(descriptors):
        for pair, agreement, speed in _alike(members, [coarse(sounds[m]) for m in members], config):
            # A pair may be in two blocks.
            found[pair] = max(found.get(pair, (agreement, speed)), (agreement, speed))
    return {pair: speed for pair, (_, speed) in sorted(found.items())}


def sounds_alike(
    mine: Sequence[Print], others: Sequence[Print], config: DuplicateConfig
) -> list[tuple[int, int, float]]:
    """Return which others may be copies of some sounds, and about how fast they play them: (i, j, speed)."""
    found: list[tuple[int, int, float]] = []
    for i, one in enumerate(mine):
        prints = [coarse(one), *map(coarse, others)]
        if len(prints[0]) < 2:
            continue
        usable = [j for j, p in enumerate(prints) if len(p) >= 2]
        members = np.array([0, *[j for j in usable if j]])
        found += [
            (i, j - 1, speed)
            for (first, j), _, speed in _alike(members, [prints[m] for m in members], config, most=1)
            if first == 0
        ]
    return found


def coarse(sound: Print) -> npt.NDArray[np.float32]:
    """Return a print's bands and rows put together, (n / 2, 8)."""
    count = len(sound) // _ROWS
    parts = sound[: count * _ROWS].astype(np.float32)
    return parts.reshape(count, _ROWS, NUM_BANDS // _BANDS, _BANDS).mean(axis=(1, 3))


def speeds(seconds: float, config: DuplicateConfig) -> tuple[npt.NDArray[np.float64], float]:
    """Return the speeds to try for a clip of some length, 1 among them, and the step between them."""
    step = min(_SPEED_STEP, _DRIFT_SECONDS / max(seconds, 1.0))
    count = int(np.ceil(config.max_speed_change / step - 0.5))
    return 1.0 + step * np.arange(-count, count + 1, dtype=np.float64), step


def min_rows(count: int, others: Ints, hz: float, config: DuplicateConfig) -> Ints:
    """Return how many rows of series of some lengths must overlap."""
    shorter = np.minimum(count, others)
    least = np.minimum(shorter, round(_MIN_SECONDS * hz))
    return np.maximum((config.min_overlap * shorter).astype(np.int64), least)


def _alike(
    members: Ints,
    prints: Sequence[npt.NDArray[np.float32]],
    config: DuplicateConfig,
    most: int | None = None,
) -> list[tuple[tuple[int, int], float, float]]:
    """Return the pairs of a block that agree coarsely, with their agreement and speed.

    Args:
        most: how many of the first members are compared with those after them; None for all.
    """
    usable = [i for i, p in enumerate(prints) if len(p) >= 2]
    if len(usable) < 2:
        return []
    longest = max(len(p) for p in prints)
    shelf = Shelf.of([detail(prints[i], _COARSE_HZ) for i in usable], int(longest / 0.9) + 1)
    found: list[tuple[tuple[int, int], float, float]] = []
    for place, i in enumerate(usable[:-1][:most]):
        later = shelf.beyond(place + 1)
        agreement, speed = np.full(len(later.lengths), -1.0), np.ones(len(later.lengths))
        for tried in speeds(len(prints[i]) / _COARSE_HZ, config)[0]:
            series = detail(played_at(prints[i], tried), _COARSE_HZ)
            score, _ = best_shifts(series, later, min_rows(len(series), later.lengths, _COARSE_HZ, config))
            better = score > agreement
            agreement, speed = np.where(better, score, agreement), np.where(better, tried, speed)
        for j in np.flatnonzero(agreement >= MIN_COARSE).tolist():
            pair = int(members[i]), int(members[usable[place + 1 + j]])
            found.append((pair, float(agreement[j]), float(speed[j])))
    return found


def _blocks(descriptors: FloatArray) -> list[Ints]:
    """Return blocks of near faces: the indices of each, ascending."""
    count = num_blocks(len(descriptors), _BLOCK_SIZE)
    stride = max(len(descriptors) // (count * _SAMPLE_PER_BLOCK), 1)
    centres = block_centres(descriptors[::stride], count)
    blocks: dict[int, list[int]] = {}
    for i, descriptor in enumerate(descriptors):
        for block in nearest_blocks(descriptor, centres, _PROBES):
            blocks.setdefault(block, []).append(i)
    return [np.array(members) for members in blocks.values()]
