"""What makes a person say a sound: the sound, and a motion model with how it draws."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from rich.console import Console

from backends.catalogue import verify_weights
from body.track import BodyTrack
from commands.hearing import features_of
from commands.making_flags import Speaking
from commands.settle_likeness import sha256_of
from media import MediaError, MediaLimits, decode_audio, probe_media
from models.motion.checkpoint import MotionModel, bundled_model, load_motion
from models.motion.generate import GenerateConfig, animate
from pipelines.photo import Reference
from schemas.outcomes import BadInputError
from schemas.sample import SAMPLING_RATE_HZ

_MAX_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Speaker:
    """A motion model and how it draws."""

    model: MotionModel
    config: GenerateConfig
    whisper: str | None

    def say(self, sound: npt.NDArray[np.float32], reference: Reference, console: Console) -> BodyTrack:
        """Return the person of a picture in the motion that is drawn for a sound (n,), mono at 16 kHz.

        Raises:
            BadInputError: if the model is of another body model than the picture's fit, or hears otherwise.
        """
        about = self.model.about
        if reference.track.model_id != about.body_model:
            raise BadInputError(
                f"the motion model was trained for body model {about.body_model}, and the picture is "
                f"fitted with {reference.track.model_id}; parameters don't transfer: name the other with "
                "--body-model"
            )
        features = features_of(about.sound, self.whisper)
        drawn = animate(self.model, features, sound, reference.track.arrays(), self.config, _told(console))
        return reference.track.moved(drawn, about.fps)


def load_speaker(wanted: Speaking, num_steps: int | None = None) -> Speaker:
    """Return a motion model, the one that ships if none is named.

    Args:
        num_steps: evaluations of the network a window; None is the default.

    Raises:
        BadInputError: if it cannot be used or was altered, or naming the flag that is out of bounds.
    """
    config = _config(wanted, num_steps)
    if wanted.motion_model is None:
        verify_weights("motion")
    model = load_motion(wanted.motion_model or bundled_model())
    return Speaker(model=model, config=config, whisper=wanted.whisper)


def speaking_models(wanted: Speaking) -> dict[str, str]:
    """Return the prints of the files that draw motion, for a record."""
    return {"motion": sha256_of(wanted.motion_model or bundled_model())}


def read_sound(path: str, sampling_rate_hz: int = SAMPLING_RATE_HZ) -> npt.NDArray[np.float32]:
    """Return the sound of any file: mono (n,), 16 kHz if nothing else is said.

    Raises:
        BadInputError: if there is none, or it is too long.
    """
    limits = MediaLimits()
    try:
        info = probe_media(path, limits)
        seconds = info.duration_seconds
        if not 0 < seconds <= _MAX_SECONDS:
            raise BadInputError(f"{path}: {seconds:.1f} s of sound; up to {_MAX_SECONDS:g} s are animated")
        return decode_audio(path, limits, 0.0, seconds, sampling_rate_hz, info.reading)
    except MediaError as error:
        raise BadInputError(f"{path}: {error}") from error


def _config(wanted: Speaking, num_steps: int | None) -> GenerateConfig:
    config, guidance = GenerateConfig(seed=wanted.seed), wanted.mouth_guidance
    if guidance is not None:
        if not (math.isfinite(guidance) and 0 <= guidance <= 10):
            raise BadInputError(f"--guidance {guidance:g}: should be from 0 to 10")
        config = replace(config, mouth_guidance=guidance)
    if num_steps is not None:
        if not 1 <= num_steps <= 1000:
            raise BadInputError(f"--steps {num_steps}: should be from 1 to 1000")
        config = replace(config, num_steps=num_steps)
    return config


def _told(console: Console) -> Callable[[int, int], None]:
    def tell(done: int, number: int) -> None:
        console.out(f"window {done} of {number}", highlight=False)

    return tell
