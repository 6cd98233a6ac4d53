"""What is measured of whole pictures in a row, as `generate` makes them: background, seam, lip sync."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backends.protocols.pictures import LandmarkExtractor
from backends.protocols.sound import SyncScorer
from body.face_mesh import NUM_POINTS
from body.model import BodyModel
from body.warp import Seen
from commands.judge_clips import Image, Score, known_faces
from drawing.panel import fit, resize
from models.data.records import Window
from models.video.judged import person_of
from models.video.measures import outline, over_time, seam, still_deviation
from models.video.pairs import Segment
from models.video.ways import MODEL, REAL, WARP, Way, whole_pictures
from schemas.records.sound import Sync
from transforms.extract_landmarks import LandmarkConfig, region_around
from transforms.score_sync import SyncConfig, score_sync

FILM = "film"
_SHOWN_PX = 288
Faces = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Film:
    """Some seconds of a clip in every way, small, with their sound; faces: (N, 478, 3) px by way."""

    key: str
    person: str
    fps: float
    frames: dict[str, Image]
    faces: dict[str, Faces]
    sound: npt.NDArray[np.float32]
    scores: tuple[Score, ...]


def make_film(
    window: Window, way: Way, body: BodyModel, segment: Segment, landmarks: LandmarkExtractor
) -> Film:
    """Return a stretch of a clip (`judged.longest`) made in every way, and what is measured of it."""
    assert window.sound is not None
    made = whole_pictures(window, way, body, segment)
    person = person_of(window)
    real, still = made.frames[REAL], (made.validity == Seen.BACKGROUND).all(0)
    found: list[tuple[str, str, float]] = []
    for name, frames in made.frames.items():
        if (deviation := still_deviation(frames, still)) is not None:
            found.append((name, "background deviation", deviation))
        if name != REAL:
            found += [(name, key, value) for key, value in over_time(frames, real, made.validity).items()]
    ends = outline(made.frames[MODEL], made.frames[WARP])
    if ends is not None:
        found += [(name, "seam", seam(made.frames[name], real, ends)) for name in (WARP, MODEL)]
    boxes = window.arrays["box:face"]
    faces = {name: seen_faces(made.frames[name], boxes, landmarks) for name in (WARP, MODEL)}
    return Film(
        key=window.key,
        person=person,
        fps=window.fps,
        frames={name: small(frames) for name, frames in made.frames.items()},
        faces={REAL: known_faces(window.arrays), **faces},
        sound=window.sound,
        scores=tuple(_score(window.key, person, *one) for one in found),
    )


def small(frames: Image) -> Image:
    """Return frames at the size at which they are shown."""
    size = fit(frames.shape[2], frames.shape[1], _SHOWN_PX, _SHOWN_PX)
    return np.stack([resize(frame, size) for frame in frames])


def seen_faces(frames: Image, boxes: npt.NDArray[np.float32], landmarks: LandmarkExtractor) -> Faces:
    """Return the landmarks (N, 478, 3) of frames whose face boxes (N, 4) are known, NaN where not seen."""
    landmarks.reset()
    found = np.full((len(frames), NUM_POINTS, 3), np.nan, np.float32)
    for index, (frame, box) in enumerate(zip(frames, boxes, strict=True)):
        x0, y0, x1, y1 = (float(v) for v in box)
        face = landmarks.extract(frame, region_around((x0, y0, x1, y1), LandmarkConfig())).face
        if face is not None:
            found[index] = face
    return found


def sync_scores(films: Sequence[Film], scorer: SyncScorer) -> Iterator[Score]:
    """Yield how well mouths follow their sound, and the sound of the next film, which they should not."""
    for index, film in enumerate(films):
        other = films[(index + 1) % len(films)]
        for way, face in film.faces.items():
            sounds = {way: film.sound}
            if other is not film:
                sounds[f"{way}, other sound"] = np.resize(other.sound, len(film.sound))
            for name, sound in sounds.items():
                sync = score_sync(sound, face, film.fps, scorer, SyncConfig())
                if sync is not None:
                    yield from (_score(film.key, film.person, name, *one) for one in _of_sync(sync))


def _of_sync(sync: Sync) -> Iterator[tuple[str, float]]:
    scores = np.asarray(sync.lag_scores)
    yield "sync confidence", sync.sync_confidence
    yield "sync at no lag", float(scores[len(scores) // 2] - np.median(scores))
    yield "sync lag frames", float(abs(sync.av_offset_frames))


def _score(key: str, person: str, way: str, name: str, value: float) -> Score:
    return Score(key=key, person=person, view=FILM, way=way, name=name, value=value)
