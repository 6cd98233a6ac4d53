"""Which frames of a clip a video model is judged on, and the photo that it is given.

`apart`: frames from anywhere in a clip, made of another one. `in_a_row`: some that follow each other in its
middle, made of its first. `longest`: a film, made of its own first frame.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.data.clips import clips
from models.data.records import Reference, Window
from models.video.pairs import pair_windows
from schemas.sample import SAMPLING_RATE_HZ

NUM_APART = 6
NUM_FOLLOWING = 12
# What is known of the real frames, by which made ones are judged.
LANDMARKS = ("face:landmarks", "valid:face", "box:face", "valid:left_hand", "valid:right_hand")


def judged_clips(shards: Sequence[str], split: str | None, sound: bool = False) -> Iterator[Window]:
    """Yield the clips of some runs, whole, one run after the other.

    Args:
        split: None for all.

    Raises:
        BadInputError: if there are no shards of that split, or too many bad samples.
    """
    config = pair_windows(num_frames=1, with_sound=sound)
    wanted = replace(config, arrays=(*config.arrays, *LANDMARKS))
    for root in shards:
        yield from clips(root, wanted, split=split)


def person_of(window: Window) -> str:
    """Return whom a clip shows; where that is not known its video stands in."""
    return window.identity or str(window.about["video_id"])


def apart(window: Window, number: int = NUM_APART) -> Window | None:
    """Return some frames of a clip and another one as reference; None if its body is not fitted."""
    random = np.random.default_rng(zlib.crc32(window.key.encode()))
    sound = np.flatnonzero(_fitted(window))
    if len(sound) < 2 or window.frames is None:
        return None
    rows = random.permutation(sound)[: number + 1]
    return _taken(window, rows[1:], int(rows[0]))


def in_a_row(window: Window) -> Window | None:
    """Return frames in the middle of a clip, with its first one as reference; None if it is too short."""
    if window.frames is None or window.num_frames < NUM_FOLLOWING + 1:
        return None
    start = (window.num_frames - NUM_FOLLOWING) // 2
    return _taken(window, np.arange(start, start + NUM_FOLLOWING), 0)


def longest(window: Window, most: int, least: int = NUM_FOLLOWING) -> Window | None:
    """Return the longest stretch of frames whose body is fitted, its first one as reference, with its sound.

    Returns:
        At most `most` frames; None if there are fewer than `least` of them.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], _fitted(window).astype(np.int8), [0]])))
    if not len(edges) or window.frames is None:
        return None
    starts, ends = edges[::2], edges[1::2]
    start = int(starts[np.argmax(ends - starts)])
    length = min(int((ends - starts).max()), most)
    if length < least:
        return None
    taken = _taken(window, np.arange(start, start + length), start)
    if window.sound is None:
        return taken
    first, last = (round(at / window.fps * SAMPLING_RATE_HZ) for at in (start, start + length))
    return replace(taken, sound=window.sound[first:last])


def _fitted(window: Window) -> npt.NDArray[np.bool_]:
    return window.arrays["valid:smplx_face"] & window.arrays["valid:smplx_body"]


def _taken(window: Window, rows: npt.NDArray[np.int64], reference: int) -> Window:
    assert window.frames is not None
    return replace(
        window,
        num_frames=len(rows),
        num_valid=len(rows),
        arrays={name: array[rows] for name, array in window.arrays.items()},
        frames=window.frames[rows],
        reference=Reference(
            frame=reference,
            arrays={name: array[[reference]] for name, array in window.arrays.items()},
            picture=window.frames[reference],
            betas=window.betas,
        ),
    )
