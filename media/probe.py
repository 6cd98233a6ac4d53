"""What a media file holds, from its headers, its packet timestamps and one decoded frame."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from media.frames import configure_decoder
from media.source import (
    MediaError,
    MediaLimits,
    container_start_seconds,
    describe,
    main_audio_stream,
    main_video_stream,
    open_container,
    read_only,
)
from media.view import displayed_size

# Header and packets may disagree by this much before the file counts as truncated.
TRUNCATION_TOLERANCE_SECONDS = 2.0
# Share of frame intervals that may differ from the commonest in a constant rate, and by how much:
# 10 % or the rounding of containers that count in milliseconds.
VARIABLE_RATE_SHARE = 0.02
INTERVAL_TOLERANCE = 0.1
CLOCK_ROUNDING_SECONDS = 0.0011


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaInfo:
    """Streams and geometry of a file. Video fields are None when it has no pictures."""

    container: str
    duration_seconds: float
    declared_duration_seconds: float | None
    truncated: bool
    has_video: bool
    fps: float | None
    num_frames: int | None
    variable_frame_rate: bool | None
    width: int | None
    height: int | None
    rotation_degrees: int | None
    pixel_aspect: float | None
    video_codec: str | None
    audio_codec: str | None
    audio_sampling_rate_hz: int | None
    audio_channels: int | None


def probe_media(uri: str, limits: MediaLimits) -> MediaInfo:
    """Probe a file.

    Raises:
        MediaError: if it is not media, has no stream we can decode, exceeds the limits, or its
            first picture cannot be decoded.
    """
    with open_container(uri, limits) as container:
        audio, video = main_audio_stream(container), main_video_stream(container)
        if audio is None and video is None:
            raise MediaError(f"{uri}: holds neither pictures nor sound that we can decode")
        declared = None if not container.duration else container.duration / av.time_base
        if declared is not None:
            _check_duration(uri, declared, "the header declares", limits)
        times, duration = _packet_times(uri, container, video if video is not None else audio)
        if not times or duration <= 0:
            raise MediaError(f"{uri}: the container is readable but holds no media packets")
        _check_duration(uri, duration, "the media data span", limits)
        video_info = _video_info(uri, video, times, limits)
        audio_info = _audio_info(audio)
        name = container.format.name
    return MediaInfo(
        container=name,
        duration_seconds=duration,
        declared_duration_seconds=declared,
        truncated=declared is not None and duration < declared - TRUNCATION_TOLERANCE_SECONDS,
        has_video=video is not None,
        **video_info,
        **_first_picture(uri, limits, video is not None),
        **audio_info,
    )


def _check_duration(uri: str, seconds: float, who_says: str, limits: MediaLimits) -> None:
    if seconds > limits.max_duration_seconds:
        raise MediaError(
            f"{uri}: {who_says} {seconds:.0f} s, more than the limit of "
            f"{limits.max_duration_seconds:.0f} s (media.max_duration_seconds in the config)"
        )


def _packet_times(uri: str, container: Any, stream: Any) -> tuple[list[float], float]:
    """Return the sorted presentation times of a stream's packets and when the last one ends.

    In seconds from the container's start; packets that an edit list hides are left out.
    """
    zero = container_start_seconds(container)
    read_only(container, stream)
    times: list[float] = []
    elapsed = end = 0.0
    try:
        for packet in container.demux(stream):
            if not packet.size or packet.is_discard or packet.is_corrupt:
                continue
            length = float((packet.duration or 0) * packet.time_base)
            stamp = packet.pts if packet.pts is not None else packet.dts
            # Packets without a time follow on one another.
            seconds = elapsed if stamp is None else float(stamp * packet.time_base) - zero
            elapsed, end = seconds + length, max(end, seconds + length)
            times.append(seconds)
    except FFmpegError as error:
        if not times:
            raise MediaError(f"{uri}: the media data cannot be read ({describe(error)})") from error
    return sorted(times), end


def _video_info(uri: str, video: Any, times: list[float], limits: MediaLimits) -> dict[str, Any]:
    if video is None:
        return dict.fromkeys(["fps", "num_frames", "variable_frame_rate", "video_codec"])
    rate, variable = frame_rate(times)
    if rate is None:
        rate = float(video.average_rate or video.guessed_rate or 0) or None
    if rate is not None and rate > limits.max_fps:
        raise MediaError(
            f"{uri}: {rate:.0f} frames a second, more than the limit of {limits.max_fps:.0f} "
            "(media.max_fps in the config)"
        )
    return {
        "fps": rate,
        "num_frames": len(times),
        "variable_frame_rate": variable,
        "video_codec": video.codec_context.name,
    }


def frame_rate(times: list[float]) -> tuple[float | None, bool]:
    """Return the mean frame rate of sorted times in seconds and whether it varies.

    The rate of a constant one is that of its regular intervals: a dropped frame does not lower it.
    """
    steps = np.diff(np.asarray(times))
    steps = steps[steps > 1e-6]
    if not steps.size:
        return None, False
    rounded: list[float] = np.round(steps, 4).tolist()
    common = Counter(rounded).most_common(1)[0][0]
    tolerance = max(INTERVAL_TOLERANCE * common, CLOCK_ROUNDING_SECONDS)
    regular = np.abs(steps - common) <= tolerance
    variable = float((~regular).mean()) > VARIABLE_RATE_SHARE
    return float(1.0 / (steps if variable else steps[regular]).mean()), variable


def _audio_info(audio: Any) -> dict[str, Any]:
    if audio is None:
        return dict.fromkeys(["audio_codec", "audio_sampling_rate_hz", "audio_channels"])
    context = audio.codec_context
    return {
        "audio_codec": context.name,
        "audio_sampling_rate_hz": context.sample_rate,
        "audio_channels": context.channels,
    }


def _first_picture(uri: str, limits: MediaLimits, has_video: bool) -> dict[str, Any]:
    """Decode one frame for what only frames say: rotation and the true size."""
    if not has_video:
        return dict.fromkeys(["width", "height", "rotation_degrees", "pixel_aspect"])
    with open_container(uri, limits) as container:
        video: Any = main_video_stream(container)
        configure_decoder(video, limits, strict=False)
        read_only(container, video)
        frame = _first_frame(uri, container, video)
        # The container's aspect goes before the codec's, as in players.
        aspect = float(video.sample_aspect_ratio or video.codec_context.sample_aspect_ratio or 1)
        rotation = round(frame.rotation / 90) * 90 % 360
        width, height = displayed_size(frame.width, frame.height, rotation, aspect)
        return {
            "width": width,
            "height": height,
            "rotation_degrees": rotation,
            "pixel_aspect": aspect,
        }


def _first_frame(uri: str, container: Any, video: Any) -> av.VideoFrame:
    cause = "end of file"
    packets = container.demux(video)
    while True:
        try:
            for frame in next(packets).decode():
                return frame
        except StopIteration:
            raise MediaError(f"{uri}: no picture can be decoded ({cause})") from None
        except FFmpegError as error:
            cause = describe(error)
