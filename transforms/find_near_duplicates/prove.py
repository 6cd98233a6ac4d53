"""Prove that a clip is a copy of another: sounds agree finely, and pictures move alike at that moment."""

import numpy as np
import numpy.typing as npt

from transforms.clip_print import ClipPrint
from transforms.find_near_duplicates.candidates import min_rows, speeds
from transforms.find_near_duplicates.correlate import Shelf, best_shifts
from transforms.find_near_duplicates.face_print import MIRROR
from transforms.find_near_duplicates.records import Copy, DuplicateConfig
from transforms.find_near_duplicates.series import at_places, played_at, quick
from transforms.find_near_duplicates.sound_print import BANDS_PER_OCTAVE, HZ, detail, raised

Floats = npt.NDArray[np.float32]

# The fine search divides the step between the speeds that the coarse one tried.
_FINER = 8
# Pictures and sound of a copy may have been moved against each other by this much.
_MOST_OFFSET_SECONDS, _OFFSET_STEP_SECONDS = 0.3, 0.04
# Slower movements than this agree by chance: heads sink and rise.
_MOVE_SECONDS = 1.0
# Over fewer pictures anybody moves like somebody else now and then.
_MIN_PICTURES = 12


def prove(kept: ClipPrint, other: ClipPrint, speed: float, config: DuplicateConfig) -> Copy | None:
    """Return how a clip is a copy of the one that is kept, None if that cannot be proven.

    Args:
        speed: about how fast the clip plays the kept one.
    """
    sound, speed, shift = _sound(kept, other, speed, config)
    if sound < config.min_each:
        return None
    picture, mirrored = _picture(kept, other, speed, shift)
    copy = Copy(sound=sound, picture=picture, speed=speed, shift_seconds=shift, mirrored=mirrored)
    return copy if picture >= config.min_each and copy.agreement >= config.min_agreement else None


def sound_agreement(kept: ClipPrint, other: ClipPrint, speed: float, config: DuplicateConfig) -> float:
    """Return how well two sounds agree near a speed, -1 to 1."""
    return _sound(kept, other, speed, config)[0]


def _sound(
    kept: ClipPrint, other: ClipPrint, about: float, config: DuplicateConfig
) -> tuple[float, float, float]:
    """Return the best agreement of two sounds near a speed, that speed and the shift in seconds.

    A sound that is played faster is as high as before or, as a tape's, higher.
    """
    series = detail(kept.sound, HZ)
    step = speeds(len(kept.sound) / HZ, config)[1] / _FINER
    best = (-1.0, 1.0, 0)
    for speed in about + step * np.arange(-_FINER, _FINER + 1):
        stretched = played_at(other.sound, 1.0 / speed)
        for bands in (0.0, -float(np.log2(speed)) * BANDS_PER_OCTAVE):
            copy = detail(raised(stretched, bands), HZ)
            rows = min_rows(len(series), np.array([len(copy)]), HZ, config)
            score, shift = best_shifts(series, Shelf.of([copy], len(series)), rows)
            # Of equally good ones the one that changes least.
            best = max(best, (round(float(score[0]), 4), float(speed), int(shift[0])), key=_by_agreement)
    return best[0], best[1], best[2] / HZ


def _by_agreement(found: tuple[float, float, int]) -> tuple[float, float]:
    return found[0], -abs(found[1] - 1.0)


def _picture(kept: ClipPrint, other: ClipPrint, speed: float, shift: float) -> tuple[float, bool]:
    """Return the best agreement of how two faces move near a shift, and whether one is mirrored."""
    offsets = np.arange(-_MOST_OFFSET_SECONDS, _MOST_OFFSET_SECONDS + 1e-9, _OFFSET_STEP_SECONDS)
    found = [
        (_moves_alike(kept, other, speed, shift + offset, sign), mirrored)
        for offset in offsets
        for sign, mirrored in ((np.ones_like(MIRROR), False), (MIRROR, True))
    ]
    return max(found, key=lambda f: (f[0], not f[1]))


def _moves_alike(kept: ClipPrint, other: ClipPrint, speed: float, shift: float, sign: Floats) -> float:
    """Return the correlation of two faces' changes over the time that both show, -1 without enough of it."""
    if len(other.face) < 2:
        return -1.0
    places = (np.arange(len(kept.face)) / kept.face_hz - shift) / speed * other.face_hz
    both = (places >= 0) & (places <= len(other.face) - 1)
    if both.sum() < _MIN_PICTURES:
        return -1.0
    x = _moves(kept.face[both], kept.face_hz)
    y = _moves(at_places(other.face, places[both]) * sign, kept.face_hz)
    return round(float((x * y).sum() / np.sqrt(max((x * x).sum() * (y * y).sum(), 1e-9))), 4)


def _moves(face: npt.NDArray[np.number], hz: float) -> npt.NDArray[np.float64]:
    """Return how a face (n, c) moves: neither slow drifts nor the flicker of single pictures."""
    padded = np.pad(face.astype(np.float64), ((1, 1), (0, 0)), mode="edge")
    return quick((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, hz, _MOVE_SECONDS)
