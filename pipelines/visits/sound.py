"""The sound of a clip for the visits that listen to it."""

import numpy as np
import numpy.typing as npt

from media import from_pcm
from schemas.parts import PartReader
from schemas.records.clip import Clip
from schemas.sample import SAMPLING_RATE_HZ, pcm_of_wav
from transforms.clip_sound import clip_samples, made_louder, sound_part


def sound_of(clip: Clip, parts: PartReader) -> npt.NDArray[np.float32]:
    """Return a clip's mono samples (n,) in [-1, 1] at 16 kHz, moved as its sync record says."""
    part = pcm_of_wav(parts.read("survey", sound_part(clip)), SAMPLING_RATE_HZ)
    return from_pcm(clip_samples(part, clip))


def audible_sound_of(clip: Clip, parts: PartReader) -> npt.NDArray[np.float32]:
    """Return a clip's samples as `sound_of`, quiet ones made louder: for whoever listens to speech."""
    return made_louder(sound_of(clip, parts))
