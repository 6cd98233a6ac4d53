"""What the tests of the overlay draw: words of many scripts, and landmarks of nobody."""

from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.records.sound import Word
from schemas.sample import pack_landmarks
from tests.makers import make_arrays

# One word of each script that has a font of its own, and a character that no font has.
WORDS = ("Hello", "привет", "مرحبا", "नमस्ते", "안녕하세요", "你", "好", "สวัสดี", "שלום", "\U000e0001\ue123")


def words(num: int = len(WORDS), seconds: float = 1.2) -> tuple[Word, ...]:
    step = seconds / num
    return tuple(
        Word(
            text=w,
            start_seconds=i * step,
            end_seconds=(i + 0.9) * step,
            score=0.9,
            interpolated=False,
            aligner="an aligner",
        )
        for i, w in enumerate(WORDS[:num])
    )


def person(num_frames: int, size: tuple[int, int]) -> dict[str, npt.NDArray[Any]]:
    """Return arrays with a face of plausible size and a body; the face is unseen on the first frame."""
    arrays = make_arrays(num_frames)
    random = np.random.default_rng(1)
    for name in ("face:landmarks", "hand:left_landmarks", "hand:right_landmarks", "pose:landmarks"):
        points = random.uniform(0.1, 0.9, arrays[name].shape) * [size[0], size[1], 10.0]
        arrays[name] = pack_landmarks(points)
    arrays["pose:visibility"][:] = 255
    box = np.array([0.4 * size[0], 0.1 * size[1], 0.5 * size[0], 0.3 * size[1]], np.float32)
    arrays["box:face"] = np.tile(box, (num_frames, 1))
    for name in ("valid:face", "valid:box", "valid:pose", "valid:left_hand"):
        arrays[name] = np.arange(num_frames) > 0
    return arrays
