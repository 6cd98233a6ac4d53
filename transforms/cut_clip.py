"""Cut a clip: the source's pictures at constant rate, cropped, scaled and encoded."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Interval

from backends.protocols.arrays import RgbImage
from media import (
    DecodeTally,
    MediaError,
    MediaLimits,
    Picture,
    PictureView,
    VideoEncoder,
    VideoFrame,
    at_constant_rate,
    decode_video,
)
from schemas.records.clip import Clip
from schemas.records.video import Video

QuantiserScale = Annotated[int, Interval(ge=0, le=51)]  # 0 is lossless, 51 the worst (x264 --fullhelp)
Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
]


@dataclass(frozen=True, kw_only=True, slots=True)
class CutConfig:
    """H.264 settings. The encoder runs without mbtree (its bytes would differ between machines), at
    which crf 20 gives about the size of an ordinary crf 18 and a higher PSNR."""

    crf: QuantiserScale = 20
    preset: Preset = "veryfast"


@dataclass(frozen=True, slots=True)
class ClipFrame:
    """One output frame: when its picture is shown in the source, to encode (yuv420p), to look at (RGB),
    and whether it repeats the last."""

    seconds: float
    encodable: VideoFrame
    image: RgbImage
    repeated: bool


def new_encoder(clip: Clip, config: CutConfig) -> VideoEncoder:
    """Return an encoder for the clip's video."""
    return VideoEncoder(clip.width, clip.height, clip.fps, config.crf, config.preset)


def read_clip(video: Video, clip: Clip, limits: MediaLimits, tally: DecodeTally) -> Iterator[ClipFrame]:
    """Yield exactly `clip.num_frames` frames of a clip, each source frame decoded once.

    Raises:
        MediaError: if the source ends before the clip does.
    """
    crop = tuple(int(v) for v in clip.crop_xyxy)
    view = PictureView(
        clip.width,
        clip.height,
        video.rotation_degrees,
        "yuv420p",
        crop_xyxy=(crop[0], crop[1], crop[2], crop[3]),
        display_size=(video.width, video.height),
    )
    pictures = decode_video(
        video.source.uri, limits, tally, clip.start_seconds, clip.end_seconds, video.reading
    )
    shown: Picture | None = None
    rendered: VideoFrame | None = None
    image: RgbImage = np.empty((0, 0, 3), np.uint8)
    chosen = at_constant_rate(pictures, clip.start_seconds, clip.num_frames, clip.fps)
    for picture in _naming(video.source.uri, chosen):
        repeated = picture is shown
        if not repeated or rendered is None:
            rendered = view.render(picture.frame)
            image = np.asarray(rendered.to_ndarray(format="rgb24"), np.uint8)
            shown = picture
        yield ClipFrame(picture.seconds, rendered, image, repeated)


def _naming(uri: str, pictures: Iterator[Picture]) -> Iterator[Picture]:
    """Let errors about the pictures name their file."""
    try:
        yield from pictures
    except MediaError as error:
        raise error if str(error).startswith(uri) else MediaError(f"{uri}: {error}") from error
