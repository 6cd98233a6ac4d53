"""What a media file holds, from its headers, its packets and one decoded frame; and how it is to be read."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.error import FFmpegError

from media import asf
from media.clock import Kind, PacketTimes, clock_parts, usable_times, video_times
from media.frames import configure_decoder
from media.info import MediaInfo, joined
from media.rate import frame_rate
from media.recordings import ByteSpan, find_recordings
from media.reservations import read_reservations, side_reservations, tag_reservations
from media.scan import PacketScan
from media.source import (
    MediaError,
    MediaLimits,
    container_start_seconds,
    describe,
    is_remote,
    local_path,
    open_bytes,
    open_container,
    read_packets,
)
from media.streams import (
    main_audio_stream,
    main_video_stream,
    picture_streams,
    read_only,
    sound_streams,
    stream_at,
)
from media.view import displayed_size
from schemas.records.video import Reading

# What a header says and what packets give differ by less through rounding and priming.
ROUNDING_SECONDS = 0.1
# Containers without a duration in a header: FFmpeg makes one up from the last times it finds.
NOT_DECLARING = ("mpeg", "mpegts")
# A rate at the limit is not above it for the rounding of its clock.
RATE_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class _Spans:
    """When pictures are shown, sorted, and when pictures and all that is seen or heard ends, in seconds."""

    shown: npt.NDArray[np.float64]
    picture_end: float
    end: float


def probe_media(uri: str, limits: MediaLimits) -> MediaInfo:
    """Probe a file.

    Raises:
        MediaError: if it is not media, has no stream we can decode, exceeds the limits, or its
            first picture cannot be decoded.
    """
    with open_bytes(uri, limits) as handle:
        spans = find_recordings(uri, handle, handle.seek(0, os.SEEK_END))
        reserved = read_reservations(handle)
    if not is_remote(uri):
        reserved += side_reservations(local_path(uri))
    info = _probe_recordings(uri, limits, spans) if spans else _probe_recording(uri, limits, None)[0]
    return replace(info, reservations=tuple(sorted({*info.reservations, *reserved})))


def _probe_recordings(uri: str, limits: MediaLimits, spans: Sequence[ByteSpan]) -> MediaInfo:
    found: list[tuple[ByteSpan, tuple[MediaInfo, float] | MediaError]] = []
    for span in spans:
        try:
            found.append((span, _probe_recording(uri, limits, span)))
        except MediaError as error:
            found.append((span, error))
    info = joined(found)
    _check_duration(uri, info.duration_seconds, "the recordings in it last", limits)
    return info


def _probe_recording(uri: str, limits: MediaLimits, span: ByteSpan | None) -> tuple[MediaInfo, float]:
    """Probe a file that holds one recording, or one of several; also returns its start on its own clock."""
    with open_container(uri, limits, span) as container:
        if not picture_streams(container) and not sound_streams(container):
            raise MediaError(f"{uri}: holds neither pictures nor sound that we can decode")
        name, declared = container.format.name, _declared_seconds(uri, container, limits, span)
        zero = container_start_seconds(container)
        if declared is not None:
            _check_duration(uri, declared, "the header declares", limits)
        scan = PacketScan(uri, container, limits)
        video = main_video_stream(container, scan.num_packets)
        audio = main_audio_stream(container, video, scan.num_packets)
        reading, spans = _read_clock(container, scan, video, audio, declared)
        if not np.isfinite(spans.end) or spans.end <= 0:
            raise MediaError(f"{uri}: the container is readable but holds no media packets")
        _check_duration(uri, spans.end, "the media data span", limits)
        promised = _promised_seconds(container, scan, spans.end, declared)
        tags = [container.metadata, *(stream.metadata for stream in container.streams)]
        reserved = {said for of in tags for said in tag_reservations(of)}
        video_info = _video_info(uri, video, spans.shown, limits)
        audio_info = _audio_info(audio)
    info = MediaInfo(
        container=name,
        duration_seconds=promised,
        picture_seconds=spans.picture_end - float(spans.shown[0]) if len(spans.shown) else 0.0,
        declared_duration_seconds=declared,
        has_video=video is not None,
        **video_info,
        **_first_picture(uri, limits, reading, span),
        **audio_info,
        reading=reading,
        reservations=tuple(sorted(reserved)),
    )
    return info, zero


def _declared_seconds(uri: str, container: Any, limits: MediaLimits, span: ByteSpan | None) -> float | None:
    if container.format.name == "asf":
        with open_bytes(uri, limits) as handle:
            handle.seek(span[0] if span else 0)
            return asf.declared_seconds(handle.read(asf.HEAD_BYTES))
    if container.format.name in NOT_DECLARING or not container.duration:
        return None
    return container.duration / av.time_base


def _promised_seconds(container: Any, scan: PacketScan, end: float, declared: float | None) -> float:
    """Return how long the header says that pictures and sound are; their end if it says nothing more.

    Subtitles and data that last longer explain a longer duration; so does the clock of fragments that start
    late, as of a live stream: FFmpeg counts it from zero.
    """
    zero = container_start_seconds(container)
    from_zero = zero if container.format.name.startswith("mov") else 0.0
    explained = max(end + max(from_zero, 0.0), scan.end_seconds() - zero)
    return end if declared is None or declared <= explained + ROUNDING_SECONDS else declared


def _read_clock(
    container: Any, scan: PacketScan, video: Any, audio: Any, declared: float | None
) -> tuple[Reading, _Spans]:
    """Return how the file is read, and what its packets span in the video's time."""
    zero = container_start_seconds(container)
    chosen: dict[Kind, Any] = {"picture": video, "sound": audio}
    streams: dict[Kind, PacketTimes] = {k: scan.times(s) for k, s in chosen.items() if s is not None}
    parts = clock_parts(streams, zero, declared)
    shown = {kind: video_times(parts, kind, times) for kind, times in streams.items()}
    straight = len(parts) == 1 and parts[0].shift_seconds == -zero
    plain = straight and not any(
        np.isnan(shown[kind][~np.isnan(usable_times(times))]).any() for kind, times in streams.items()
    )
    ends = {
        kind: float(np.nanmax(shown[kind] + times.length, initial=-np.inf)) for kind, times in streams.items()
    }
    pictures = shown.get("picture", np.empty(0))
    end = max(ends.values(), default=-np.inf)
    reading = Reading(
        picture_stream=None if video is None else video.index,
        sound_stream=None if audio is None else audio.index,
        num_picture_streams=len(picture_streams(container)),
        num_sound_streams=len(sound_streams(container)),
        end_seconds=end,
        clock=() if plain else parts,
    )
    return reading, _Spans(np.sort(pictures[~np.isnan(pictures)]), ends.get("picture", -np.inf), end)


def _check_duration(uri: str, seconds: float, who_says: str, limits: MediaLimits) -> None:
    if seconds > limits.max_duration_seconds:
        raise MediaError(
            f"{uri}: {who_says} {seconds:.0f} s, more than the limit of "
            f"{limits.max_duration_seconds:.0f} s (media.max_duration_seconds in the config)"
        )


def _video_info(uri: str, video: Any, times: npt.NDArray[np.float64], limits: MediaLimits) -> dict[str, Any]:
    if video is None:
        return dict.fromkeys(["fps", "num_frames", "variable_frame_rate", "video_codec"])
    rate, variable = frame_rate(times)
    if rate is None:
        rate = float(video.average_rate or video.guessed_rate or 0) or None
    if rate is not None and rate > limits.max_fps * (1 + RATE_TOLERANCE):
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


def _audio_info(audio: Any) -> dict[str, Any]:
    if audio is None:
        return dict.fromkeys(["audio_codec", "audio_sampling_rate_hz", "audio_channels"])
    context = audio.codec_context
    return {
        "audio_codec": context.name,
        "audio_sampling_rate_hz": context.sample_rate,
        "audio_channels": context.channels,
    }


def _first_picture(uri: str, limits: MediaLimits, reading: Reading, span: ByteSpan | None) -> dict[str, Any]:
    """Decode one frame for what only frames say: rotation and the true size."""
    if reading.picture_stream is None:
        return dict.fromkeys(["width", "height", "rotation_degrees", "pixel_aspect"])
    with open_container(uri, limits, span) as container:
        video: Any = stream_at(container, reading.picture_stream)
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
    packets = read_packets(container, video)
    while True:
        try:
            for frame in next(packets).decode():
                return frame
        except StopIteration:
            raise MediaError(f"{uri}: no picture can be decoded ({cause})") from None
        except FFmpegError as error:
            cause = describe(error)
