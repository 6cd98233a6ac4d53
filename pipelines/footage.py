"""The pictures of a video of any rate, size and rotation, one after the other at a constant rate."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from media import (
    DecodeTally,
    MediaError,
    MediaLimits,
    PictureView,
    at_constant_rate,
    decode_video,
    probe_media,
    read_chunks,
)
from schemas.ids import content_id
from schemas.outcomes import BadInputError
from schemas.records.source import Source
from schemas.records.video import Video
from transforms.probe import video_record

Image = npt.NDArray[np.uint8]
_MAX_RATE_DENOMINATOR = 1001  # 30000/1001 and the like


@dataclass(frozen=True, kw_only=True, slots=True)
class Footage:
    """T frames of width x height px, frame i at `start_seconds + i / fps` of the video."""

    video: Video
    width: int
    height: int
    fps: float
    num_frames: int
    start_seconds: float

    @property
    def seconds(self) -> float:
        """How long the frames are shown."""
        return self.num_frames / self.fps

    def frames(self) -> Iterator[Image]:
        """Yield the T frames (H, W, 3), RGB; a picture that is held is yielded again as the same array.

        Raises:
            MediaError: if the video ends earlier than it did.
        """
        video = self.video
        view = PictureView(self.width, self.height, video.rotation_degrees, "rgb24")
        pictures = decode_video(video.source.uri, MediaLimits(), DecodeTally(), reading=video.reading)
        shown, image = None, None
        for picture in at_constant_rate(pictures, self.start_seconds, self.num_frames, self.fps):
            if image is None or picture is not shown:
                shown, image = picture, view.pixels(picture.frame)
            yield image


def open_video(path: Path) -> Video:
    """Return what a file of pictures is.

    Raises:
        BadInputError: if it cannot be read, or holds no pictures that move.
    """
    limits = MediaLimits()
    source = Source(uri=str(path), name=path.name)
    try:
        info = probe_media(source.uri, limits)
        if not info.has_video:
            raise BadInputError(f"{path}: holds sound and no pictures; give a video")
        if info.fps is None:
            raise BadInputError(f"{path}: holds one picture; give a video (`generate` takes a photo)")
        return video_record(source, *content_id(read_chunks(source.uri, limits)), info)
    except MediaError as error:
        raise BadInputError(_naming(path, error)) from error


def _naming(path: Path, error: MediaError) -> str:
    return str(error) if str(error).startswith(str(path)) else f"{path}: {error}"


def footage_of(video: Video, shown_seconds: list[float], longest_side_px: int) -> Footage:
    """Return a video's frames at its own rate, or at a whole one if that varies.

    Args:
        shown_seconds: when its pictures are shown, in order.
        longest_side_px: larger pictures are made smaller.
    """
    scale = min(1.0, longest_side_px / max(video.width, video.height))
    start = max(shown_seconds[0], 0.0)
    rate = Fraction(video.fps).limit_denominator(_MAX_RATE_DENOMINATOR)
    fps = float(max(1, round(video.fps))) if video.variable_frame_rate else float(rate)
    return Footage(
        video=video,
        width=max(2, round(video.width * scale)),
        height=max(2, round(video.height * scale)),
        fps=fps,
        num_frames=max(1, round((shown_seconds[-1] - start) * fps) + 1),
        start_seconds=start,
    )
