"""Synthetic talkers as shards, the same as those of curated people but for what was never recorded."""

from typing import Any

import numpy as np
import numpy.typing as npt

from body.model import BodyModel
from body.track import TRACK_PARTS, BodyTrack
from drawing.mesh import MeshView
from media import VideoEncoder, VideoFrame, to_pcm
from schemas.ids import span_id
from schemas.records.clip import Clip
from schemas.records.person import Identity
from schemas.records.picture import BodyFit
from schemas.records.source import Source
from schemas.sample import ARRAYS, SAMPLING_RATE_HZ, Sample, check_arrays
from tools.talkers.perform import draw_person, perform
from tools.talkers.speech import Voice, say
from transforms.sample_json import sample_json

FPS = 25.0
_SIZE_PX = 160
_CRF, _PRESET = 23, "veryfast"
_LICENCE = "CC0-1.0"
_WEIGHT = 0.4  # beside recorded people, whose weights are 1 on average: there are many more of these
# Everyday words, so that every phone comes often; what they say together does not matter.
_WORDS = """
    morning evening water coffee window garden summer winter people children mother father brother
    sister house table letter number paper picture music story river mountain forest yellow orange
    purple green silver golden seven eleven twenty hundred quickly slowly always never maybe please
    thank follow remember forget believe should would could about above across after before behind
    between beyond during toward under without because open close carry bring build break choose drive
    finish gather happen imagine jump keep laugh measure notice offer push quiet reach share teach
    understand visit wonder yesterday tomorrow whether voice vision pleasure thought thing those breathe
    bath boy cow my hair poor tour church judge shoe zoo full fool big bag bug beg
"""


def make_talker(
    model: BodyModel, seed: int, number: int, voices: tuple[str, ...], with_pictures: bool
) -> tuple[Clip, Sample]:
    """Return one synthetic clip; the same numbers give the same bytes.

    Args:
        voices: espeak-ng's names; each is a person of its own.
        with_pictures: draw the body; otherwise pictures are grey and small.
    """
    random = np.random.default_rng([seed, number])
    which = int(random.integers(len(voices)))
    person = draw_person(np.random.default_rng([seed, which, 1]))
    words = list(random.choice(_WORDS.split(), int(random.integers(12, 22))))
    for place in sorted(random.choice(np.arange(3, len(words)), 2, replace=False)):
        words[place] = f"{words[place]},"
    pace = Voice(
        name=voices[which],
        words_a_minute=int(random.integers(135, 190)),
        pitch=int(random.integers(30, 70)),
    )
    speech = say(" ".join(words) + ".", pace)
    track = perform(model, speech, person, FPS, _SIZE_PX, random)
    sound = to_pcm(_at_length(speech.sound, track.num_frames))
    pictures = _drawn(model, track) if with_pictures else _grey(track.num_frames)
    clip = _clip(track, seed, number, f"voice-{which:02d}", pictures)
    arrays = _arrays(track)
    check_arrays(arrays, track.num_frames, fitted=True)
    about = sample_json(clip, "synthetic")
    return clip, Sample(key=clip.clip_id, mp4=_encoded(pictures), sound=sound, arrays=arrays, about=about)


def _at_length(sound: npt.NDArray[np.float32], num_frames: int) -> npt.NDArray[np.float32]:
    wanted = round(num_frames / FPS * SAMPLING_RATE_HZ)
    level = 0.1 / max(1e-4, float(np.sqrt(np.mean(sound**2))))
    return np.clip(np.pad(sound[:wanted] * level, (0, max(0, wanted - len(sound)))), -1, 1)


def _grey(num_frames: int) -> npt.NDArray[np.uint8]:
    return np.full((num_frames, 16, 16, 3), 128, np.uint8)


def _drawn(model: BodyModel, track: BodyTrack) -> npt.NDArray[np.uint8]:
    view, ground = MeshView(model=model, track=track), np.full((_SIZE_PX, _SIZE_PX, 3), 60, np.uint8)
    return np.stack([view.draw(index, ground.copy()) for index in range(track.num_frames)])


def _encoded(pictures: npt.NDArray[np.uint8]) -> bytes:
    encoder = VideoEncoder(pictures.shape[2], pictures.shape[1], FPS, _CRF, _PRESET)
    for picture in pictures:
        encoder.write(VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p"))
    return encoder.finish()


def _arrays(track: BodyTrack) -> dict[str, npt.NDArray[Any]]:
    """Return the sample's arrays: the body as performed, and no landmark seen, since nobody looked."""
    number = track.num_frames
    found: dict[str, npt.NDArray[Any]] = {
        n: np.zeros((number, *shape), dtype) for n, (shape, dtype, _) in ARRAYS.items()
    }
    found |= {f"smplx:{part}_error_px": np.full(number, np.nan, np.float32) for part in TRACK_PARTS}
    return found | track.arrays()


def _clip(track: BodyTrack, seed: int, number: int, who: str, pictures: npt.NDArray[np.uint8]) -> Clip:
    height, width = pictures.shape[1:3]
    video = span_id(f"synthetic-{seed}", "video", number, track.num_frames)
    ratios = {f"{part}_valid_ratio": float(track.valid[part].mean()) for part in TRACK_PARTS}
    return Clip(
        clip_id=span_id(video, "clip", 0, track.num_frames),
        video_id=video,
        shot_id=video,
        track_id=video,
        source=Source(
            uri="", name=f"synthetic/{seed}/{number}", licence=_LICENCE, speaker_id=who, language="en"
        ),
        start_seconds=0.0,
        end_seconds=track.num_frames / FPS,
        fps=FPS,
        num_frames=track.num_frames,
        crop_xyxy=(0.0, 0.0, float(width), float(height)),
        width=width,
        height=height,
        face_height_px=height / 4,
        other_face_ratio=0.0,
        second_face_ratio=0.0,
        body_fit=BodyFit(
            model_id=track.model_id,
            focal_length_px=track.focal_length_px,
            betas=tuple(track.betas.tolist()),
            face_error=None,
            body_error=None,
            hand_error=None,
            hand_misfit_ratio=0.0,
            **ratios,
            max_acceleration=None,
            num_flips=0,
            betas_norm=float(np.linalg.norm(track.betas)),
        ),
        identity=Identity(identity_id=who, confidence=1.0, embedder="none", split_group=who),
        sampling_weight=_WEIGHT,
        split="train",
        status="accepted",
    )
