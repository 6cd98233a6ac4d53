"""Looking for the watermark in a file: stretch by stretch, in bounded memory."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from media.frames import DecodeTally, decode_video
from media.info import MediaInfo
from media.probe import probe_media
from media.source import MediaError, MediaLimits
from media.view import PictureView, displayed_size
from media.watermark.detect import Finding, WatermarkReader, finding_of

# What benchmarks/watermark.py measures; below, nothing is claimed either way.
MIN_SECONDS, MIN_SIDE_PX = 2.5, 200
STRETCH_SECONDS = 5.0
_MAX_STRETCHES = 12  # of a long video, evenly spread
_FRAMES_PER_SECOND = 15.0  # neighbours are coded from each other and add little


def read_watermark(uri: str, key: bytes, limits: MediaLimits | None = None) -> Finding:
    """Return what a video's pictures say of a watermark with this key.

    Stretches of 5 s are looked at by themselves, as a part of a video may have the mark; the surest is told.

    Raises:
        MediaError: if the file cannot be read or holds no pictures.
    """
    limits = limits or MediaLimits()
    info = probe_media(uri, limits)
    if not info.has_video:
        raise MediaError(f"{uri}: holds no pictures")
    size = displayed_size(
        info.width or 1, info.height or 1, info.rotation_degrees or 0, info.pixel_aspect or 1.0
    )
    if info.picture_seconds < MIN_SECONDS or min(size) < MIN_SIDE_PX:
        return Finding(answer="too short to say")
    found: list[Finding] = []
    for start, end in _stretches(info.picture_seconds):
        reader = WatermarkReader(key)
        for luma in _lumas(uri, info, size, (start, end), limits):
            reader.add(luma)
        if reader.num_frames:
            found.append(reader.find())
    if not found:
        raise MediaError(f"{uri}: no picture can be decoded")
    return surest(found)


def surest(found: list[Finding]) -> Finding:
    """Return the best of the findings of stretches; that there were several chances is counted."""
    best = max(found, key=lambda one: one.fit or 0.0)
    assert best.searched is not None and best.fit is not None
    return finding_of(best, replace(best.searched, num_stretches=len(found)))


def _stretches(seconds: float) -> Iterator[tuple[float, float]]:
    number = min(max(int(seconds / STRETCH_SECONDS), 1), _MAX_STRETCHES)
    length = min(STRETCH_SECONDS, seconds)
    for index in range(number):
        start = index * (seconds - length) / max(number - 1, 1)
        yield start, start + length


def _lumas(
    uri: str, info: MediaInfo, size: tuple[int, int], span: tuple[float, float], limits: MediaLimits
) -> Iterator[npt.NDArray[np.uint8]]:
    view = PictureView(*size, info.rotation_degrees or 0, "gray")
    due = span[0]
    pictures = decode_video(uri, limits, DecodeTally(), span[0] or None, span[1], info.reading)
    for picture in pictures:
        if picture.seconds + 1e-6 >= due:
            due = max(due, picture.seconds - 1.0 / _FRAMES_PER_SECOND) + 1.0 / _FRAMES_PER_SECOND
            yield view.pixels(picture.frame)
