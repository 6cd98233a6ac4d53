"""Whether a person stays the same over a long video: a photo that talks, its first second and its last."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.console import Console

from backends.protocols.pictures import LandmarkExtractor
from body.model import BodyModel
from body.track import BodyTrack
from commands.judge_clips import FaceDistances, Image, Score, known_faces
from commands.judge_films import FILM, seen_faces, small
from commands.making_flags import Speaking
from commands.speaker import load_speaker
from models.data.records import Window
from models.video.generate import VideoGenerateConfig, talking_frames
from models.video.judged import person_of
from models.video.pairs import Segment, track_of
from models.video.ways import MODEL, Way
from pipelines.photo import Reference
from schemas.sample import SAMPLING_RATE_HZ

_LOOKS_A_SECOND = 5


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LongFilm:
    """A generated video (N, h, w, 3), small, with its sound, and what is measured of it."""

    frames: Image
    sound: npt.NDArray[np.float32]
    fps: float
    scores: tuple[Score, ...]


def judge_drift(
    window: Window,
    seconds: float,
    way: Way,
    body: BodyModel,
    segment: Segment,
    landmarks: LandmarkExtractor,
    faces: FaceDistances,
    console: Console,
    tell: Callable[[int, int], None],
) -> LongFilm:
    """Return a video of a window's reference, which says the window's own sound again and again."""
    reference = _reference(window)
    assert window.reference is not None and window.sound is not None
    sound = np.resize(window.sound, round(seconds * SAMPLING_RATE_HZ))
    motion = load_speaker(Speaking()).say(sound, reference, console)
    looked_at = _looked_at(motion)
    shown, kept = list[Image](), dict[int, Image]()
    config = VideoGenerateConfig(num_steps=way.num_steps)
    frames = talking_frames(reference.picture, reference.track, motion, body, way.model, segment, config)
    for index, frame in enumerate(frames):
        shown.append(small(frame[None])[0])
        if index in looked_at:
            kept[index] = frame
        tell(index + 1, motion.num_frames)
    boxes = np.repeat(window.reference.arrays["box:face"], len(kept), axis=0)
    points = seen_faces(np.stack(list(kept.values())), boxes, landmarks)
    photo = faces.of([reference.picture], reference.face_points[None])
    seen = np.isfinite(points[:, 0, 0])
    pictures = [picture for picture, there in zip(kept.values(), seen, strict=True) if there]
    apart = np.linalg.norm(faces.of(pictures, points[seen]) - photo, axis=1)
    early = np.array(list(kept))[seen] < motion.num_frames / 2
    named = {"key": window.key, "person": person_of(window), "view": FILM, "way": MODEL}
    scores = tuple(Score(**named, name=name, value=value) for name, value in _drift(apart, early))
    return LongFilm(frames=np.stack(shown), sound=sound, fps=motion.fps, scores=scores)


def _reference(window: Window) -> Reference:
    assert window.reference is not None and window.reference.picture is not None
    arrays = window.reference.arrays
    points = known_faces(arrays)[0]
    return Reference(picture=window.reference.picture, track=track_of(window, arrays), face_points=points)


def _looked_at(motion: BodyTrack) -> set[int]:
    """Return some frames of the first second and of the last."""
    number, second = motion.num_frames, min(round(motion.fps), motion.num_frames)
    step = max(1, second // _LOOKS_A_SECOND)
    return {*range(0, second, step), *range(number - second, number, step)}


def _drift(apart: npt.NDArray[np.float32], early: npt.NDArray[np.bool_]) -> list[tuple[str, float]]:
    """Return the mean distances from the photo at both ends; none if no face was found at one of them."""
    if not early.any() or early.all():
        return []
    first, last = float(apart[early].mean()), float(apart[~early].mean())
    return [
        ("identity distance, first second", first),
        ("identity distance, last second", last),
        ("identity drift", last - first),
    ]
