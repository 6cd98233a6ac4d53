"""Animate a person: fit their picture, draw motion for a voice, write it in the formats of other programs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from body.export.arkit import arkit_csv
from body.export.glb import glb_bytes
from body.load import load_body_model
from body.topology import MAX_EXPRESSION
from body.track import BodyTrack
from body.track_file import track_bytes
from commands.making_flags import Speaking
from commands.settle_age import settle_age
from commands.settle_likeness import answered_for
from commands.speaker import load_speaker, read_sound
from drawing.mesh_video import mesh_mp4
from media import to_pcm
from media.mux import with_sound
from pipelines.photo import read_reference
from schemas.outcomes import BadInputError
from schemas.sample import SAMPLING_RATE_HZ
from transforms.storage import write_bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Animation:
    """What is wanted, as the command line says it; None is the default."""

    audio: str
    reference: Path
    out: Path
    speaking: Speaking
    body_model: str | None
    num_steps: int | None
    formats: tuple[str, ...]
    consent: Path | None = None
    adult: bool = False


def animate_person(wanted: Animation, console: Console) -> list[Path]:
    """Write the motion and what else is wanted beside it; returns the paths.

    Raises:
        BadInputError: if sound, picture or model cannot be used, the person may be a child, or a file cannot
            be written.
    """
    if wanted.out.suffix != ".npz":
        raise BadInputError(f"--out {wanted.out}: the motion is an .npz file")
    adult, guardian = answered_for(
        wanted.consent, "generate", wanted.reference, Path(wanted.audio), adult=wanted.adult
    )
    speaker = load_speaker(wanted.speaking, wanted.num_steps)
    sound = read_sound(wanted.audio)
    seconds = len(sound) / SAMPLING_RATE_HZ
    console.out(f"{seconds:.1f} s of sound; fitting {wanted.reference}", highlight=False)
    reference = read_reference(wanted.reference, wanted.body_model)
    settle_age(wanted.reference, reference, adult, guardian, console)
    # What the picture does not show was made up, but so was all motion: every part is drawn.
    return _write(wanted, speaker.say(sound, reference, console), sound)


def _write(wanted: Animation, track: BodyTrack, sound: npt.NDArray[np.float32]) -> list[Path]:
    body = load_body_model(wanted.body_model, len(track.betas), MAX_EXPRESSION)
    made: dict[Path, bytes] = {wanted.out: track_bytes(track)}
    for name in wanted.formats:
        if name == "mp4":
            plain = mesh_mp4(body, track)
            made[wanted.out.with_suffix(".mp4")] = with_sound(plain, to_pcm(sound), SAMPLING_RATE_HZ)
        elif name == "glb":
            made[wanted.out.with_suffix(".glb")] = glb_bytes(body, track)
        else:
            made[wanted.out.with_suffix(".csv")] = arkit_csv(body, track).encode()
    for path, data in made.items():
        try:
            write_bytes(str(path), data)
        except OSError as error:
            raise BadInputError(f"{path}: cannot be written ({error})") from error
    return list(made)
