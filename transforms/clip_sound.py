"""The sound of a clip, cut from its video's with a margin, so that it can be moved against the pictures.

    part     |--margin--|========== clip ==========|--margin--|
    sample              |========== clip ==========|               sync found nothing to repair
    sample                  |========== clip ==========|           the source's sound was late

Everything that listens to a clip, and the sample in the end, takes the same 16-bit samples from the part.
"""

import numpy as np
import numpy.typing as npt

from schemas.records.clip import Clip
from schemas.sample import SAMPLING_RATE_HZ

Pcm = npt.NDArray[np.int16]

# More than any offset between picture and sound that could be repaired.
MARGIN_SECONDS = 2.0
_MARGIN = round(MARGIN_SECONDS * SAMPLING_RATE_HZ)
_BLOCK = SAMPLING_RATE_HZ // 50  # 20 ms
_LOUD_SHARE = 0.9
# Speech at -35 dBFS is quiet; at -84 dBFS two steps of 16 bits are left of it.
_QUIET, _SILENT = 10 ** (-35 / 20), 10 ** (-84 / 20)


def sound_part(clip: Clip) -> str:
    """Return the name of the part of its video's survey that holds a clip's sound, or that of its whole."""
    return f"sound-{clip.piece_of.clip_id or clip.clip_id}.wav"


def cut_with_margin(video: Pcm, clip: Clip) -> Pcm:
    """Return a clip's samples out of its video's (n,), with the margin; silence beyond the ends."""
    first = round(clip.start_seconds * SAMPLING_RATE_HZ) - _MARGIN
    count = _num_samples(clip) + 2 * _MARGIN
    return _window(video, first, count)


def clip_samples(part: Pcm, clip: Clip) -> Pcm:
    """Return a clip's samples out of its part (n,), moved as its sync record says."""
    whole = clip.piece_of.start_seconds
    begin = 0.0 if whole is None else clip.start_seconds - whole
    moved = 0.0 if clip.sync is None else clip.sync.repaired_frames / clip.fps
    return _window(part, _MARGIN + round((begin + moved) * SAMPLING_RATE_HZ), _num_samples(clip))


def made_louder(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return quiet samples in [-1, 1] at the level of speech; others, and silence, as they are.

    What listens (voice activity, voices, words) was trained on speech at ordinary levels. The level is
    that of the louder blocks of 20 ms, so that pauses do not count.
    """
    blocks = samples[: len(samples) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).astype(np.float64)
    if not len(blocks):
        return samples
    level = float(np.quantile(np.sqrt((blocks**2).mean(axis=1)), _LOUD_SHARE))
    if not _SILENT < level < _QUIET:
        return samples
    return np.clip(samples * np.float32(_QUIET / level), -1.0, 1.0)


def _num_samples(clip: Clip) -> int:
    return round(clip.duration_seconds * SAMPLING_RATE_HZ)


def _window(samples: Pcm, first: int, count: int) -> Pcm:
    """Return samples [first, first + count); those that are not there are 0."""
    inside = samples[max(first, 0) : max(first + count, 0)]
    before = min(max(-first, 0), count)
    return np.pad(inside, (before, count - before - len(inside)))
