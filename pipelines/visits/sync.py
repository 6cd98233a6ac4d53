"""Compare a clip's lips with its sound."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from backends import select
from media import DecodeTally, MediaLimits, PictureView, decode_video
from pipelines.cpu_meter import CpuMeter
from pipelines.elements import ClipTask, VisitResult
from pipelines.visits.sound import audible_sound_of
from schemas.parts import LANDMARKS_PART, VIDEO_PART, PartReader
from schemas.records.clip import Clip
from schemas.sample import npz_to_arrays, unpack_landmarks
from transforms.score_audio import AudioConfig
from transforms.score_sync import SyncConfig, score_sync


def sync_visit(
    task: ClipTask, parts: PartReader, *, sync: SyncConfig, audio: AudioConfig, media: MediaLimits
) -> VisitResult:
    """Say how a clip's lips and sound agree, throughout, and by how much the sound has to be moved.

    Pictures are decoded only for a scorer that looks at them.
    """
    meter, tally = CpuMeter(), DecodeTally()
    clip = task.clip
    scorer = select.sync_scorer(sync.model)
    meter.charge("load_models")
    face = unpack_landmarks(npz_to_arrays(parts.read("look", LANDMARKS_PART)), "face:landmarks")
    pictures = _pictures(clip, parts.uri("look", VIDEO_PART), media, tally) if scorer.needs_pictures else None
    samples = audible_sound_of(clip, parts)
    speech = select.speech_detector(audio.vad_threshold).find_speech(samples).spans
    found = score_sync(samples, face, clip.fps, scorer, sync, speech, pictures)
    meter.charge("score_sync")
    return VisitResult(
        outputs=(replace(task, clip=replace(clip, sync=found)),),
        cpu_seconds=meter.seconds,
        frames_decoded=tally.frames,
    )


def _pictures(
    clip: Clip, uri: str, media: MediaLimits, tally: DecodeTally
) -> Iterator[npt.NDArray[np.uint8]]:
    view = PictureView(clip.width, clip.height, 0, "rgb24")
    for picture in decode_video(uri, media, tally):
        yield view.pixels(picture.frame)
