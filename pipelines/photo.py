"""A person's body from one picture: a photo, or the first frame of a video that shows somebody."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageOps

from backends.select import face_detector, landmark_extractor
from body.load import load_body_model
from body.track import BodyTrack
from media import DecodeTally, MediaError, MediaLimits, PictureView, decode_video
from pipelines.observed import fitted_track, observed
from schemas.outcomes import BadInputError
from transforms.extract_landmarks import LandmarkConfig, region_around
from transforms.fit_body import FitConfig, fit_clip
from transforms.track_faces import FaceScanner, SampledFaces, TrackConfig

Image = npt.NDArray[np.uint8]
VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".m4v")
_LOOK_SECONDS = 10.0
_MAX_PX, _MIN_SIDE_PX = 100_000_000, 64
MIN_FACE_PX = 24.0
LONGEST_SIDE_PX = 2048
# Another face counts if it is at least this share of the largest one's height.
OTHER_FACE = 0.5
_GREY = (127, 127, 127)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Reference:
    """A picture (H, W, 3), RGB, the body fitted to the person in it (one frame), and their face mesh (478, 3)
    in px.
    """

    picture: Image
    track: BodyTrack
    face_points: npt.NDArray[np.float32]


def read_reference(path: Path, body_model: str | None = None) -> Reference:
    """Return the person of a photo, or of a video's first frame that shows one.

    Raises:
        BadInputError: if the file cannot be read, is too small or too large, or shows nobody, or more
        than one.
    """
    if not path.is_file():
        raise BadInputError(f"{path}: no such file")
    if path.suffix.lower() in VIDEO_SUFFIXES:
        picture, faces = _first_with_a_face(path)
    else:
        picture = read_photo(path)
        faces = faces_in(picture)
    box = only_face(path, faces)
    track, face_points = _fitted(path, picture, box, body_model)
    return Reference(picture=picture, track=track, face_points=face_points)


def read_photo(path: Path) -> Image:
    """Return a photo upright, as RGB; what is transparent becomes grey; at most 2048 px on its longer side.

    Raises:
        BadInputError: if it is no picture that can be read, or its size is out of bounds.
    """
    try:
        with Pillow.open(path) as opened:
            width, height = opened.size
            if width * height > _MAX_PX:
                raise BadInputError(
                    f"{path}: {width}x{height} px are too many; at most {_MAX_PX} are read: make it smaller"
                )
            if min(width, height) < _MIN_SIDE_PX:
                raise BadInputError(
                    f"{path}: {width}x{height} px are too few to see a face; at least {_MIN_SIDE_PX} a side"
                )
            opened.draft("RGB", (LONGEST_SIDE_PX, LONGEST_SIDE_PX))
            upright = ImageOps.exif_transpose(opened)
            layered = upright.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        if isinstance(error, BadInputError):
            raise
        raise BadInputError(f"{path}: cannot be read as a picture ({error})") from error
    ground = Pillow.new("RGBA", layered.size, (*_GREY, 255))
    flat = Pillow.alpha_composite(ground, layered).convert("RGB")
    flat.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), Pillow.Resampling.LANCZOS)
    return np.asarray(flat, np.uint8)


def _first_with_a_face(path: Path) -> tuple[Image, SampledFaces]:
    """Return the first picture of a video that shows a face, of those looked at."""
    last: tuple[Image, SampledFaces] | None = None
    for picture in pictures_of(path):
        last = (picture, faces_in(picture))
        if last[1].faces:
            return last
    if last is None:
        raise BadInputError(f"{path}: no picture in its first {_LOOK_SECONDS:g} s")
    return last


def pictures_of(path: Path) -> Iterator[Image]:
    """Yield some pictures of a video's beginning, two a second.

    Raises:
        BadInputError: if it cannot be read.
    """
    due = 0.0
    try:
        for picture in decode_video(str(path), MediaLimits(), DecodeTally(), end_seconds=_LOOK_SECONDS):
            if picture.seconds + 1e-6 < due:
                continue
            due = picture.seconds + 0.5
            frame = picture.frame
            yield PictureView(frame.width, frame.height, 0, "rgb24").pixels(frame)
    except MediaError as error:
        raise BadInputError(f"{path}: {error}") from error


def faces_in(picture: Image) -> SampledFaces:
    """Return the faces of a picture (H, W, 3)."""
    config = TrackConfig()
    detector = face_detector(config.min_score, config.full_range)
    shrink = max(1.0, max(picture.shape[:2]) / config.close_side_px)
    small = picture
    if shrink > 1:
        size = (round(picture.shape[1] / shrink), round(picture.shape[0] / shrink))
        small = np.asarray(Pillow.fromarray(picture).resize(size, Pillow.Resampling.BOX), np.uint8)
    scanner = FaceScanner(config=config, detector=detector, scale=shrink)
    scanner.update(0.0, small)
    return scanner.samples[0]


def only_face(path: Path, found: SampledFaces) -> tuple[float, float, float, float]:
    """Return the box (x0, y0, x1, y1) in px of the one face that counts.

    Raises:
        BadInputError: if there is none, several of a size, or it is too small.
    """
    if not found.faces:
        raise BadInputError(
            f"{path}: no face is seen; give a picture of one person who looks towards the camera (a drawing "
            "or a back will not do)"
        )
    heights = sorted(((f.box_xyxy[3] - f.box_xyxy[1], f.box_xyxy) for f in found.faces), reverse=True)
    if len(heights) > 1 and heights[1][0] >= OTHER_FACE * heights[0][0]:
        raise BadInputError(f"{path}: {len(heights)} faces are seen; cut it so that it shows one person")
    if heights[0][0] < MIN_FACE_PX:
        raise BadInputError(
            f"{path}: its face is {heights[0][0]:.0f} px high; at least {MIN_FACE_PX:.0f} are needed"
        )
    return heights[0][1]


def _fitted(
    path: Path, picture: Image, box: tuple[float, float, float, float], body_model: str | None
) -> tuple[BodyTrack, npt.NDArray[np.float32]]:
    config = LandmarkConfig()
    extractor = landmark_extractor(config.min_score, config.model_complexity)
    extractor.reset()
    seen = extractor.extract(picture, region_around(box, config))
    if seen.face is None:
        raise BadInputError(
            f"{path}: a face is there, but its features are not seen: it is turned away, hidden or drawn"
        )
    model = load_body_model(body_model)
    fit = fit_clip(
        model, observed([seen], picture.shape[1], picture.shape[0], 25.0), FitConfig(model=body_model)
    )
    if not fit.valid["face"].all():
        raise BadInputError(
            f"{path}: the face cannot be fitted; it is turned too far, hidden, or not a person's"
        )
    return fitted_track(fit), seen.face
