"""Probe: from a source named by the user to a Video record, or the reason why not.

The id is the hash of the content, so the same file under two names is found as a duplicate.
"""

from dataclasses import dataclass

from media import MediaError, MediaLimits, probe_media, read_chunks
from media.info import MediaInfo
from schemas.consent import refusal
from schemas.ids import content_id
from schemas.outcomes import Rejection
from schemas.records.source import Source
from schemas.records.video import Video

STAGE = "probe"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeConfig:
    """Which files are worth decoding.

    Below 14 frames a second lips are undersampled: vowels last 60 to 120 ms (two frames or
    fewer). A picture below 96 px holds no face of 64 px.
    """

    min_fps: float = 14.0
    min_side_px: int = 96
    min_duration_seconds: float = 2.0


def judge(info: MediaInfo, config: ProbeConfig) -> list[tuple[str, float | None, float | None]]:
    """Return (reason, score, threshold) of everything that rules a file out, worst first."""
    found: list[tuple[str, float | None, float | None]] = []
    if not info.has_video:
        found.append(("no_video_stream", None, None))
    elif info.fps is None or info.fps < config.min_fps:
        found.append(("low_frame_rate", info.fps, config.min_fps))
    if info.audio_codec is None:
        found.append(("no_audio_stream", None, None))
    if info.width is not None and info.height is not None:
        side = min(info.width, info.height)
        if side < config.min_side_px:
            found.append(("picture_too_small", side, config.min_side_px))
    length = info.picture_seconds if info.has_video else info.duration_seconds
    if length < config.min_duration_seconds:
        found.append(("video_too_short", length, config.min_duration_seconds))
    return found


def probe_source(source: Source, config: ProbeConfig, limits: MediaLimits) -> Video | Rejection:
    """Probe one source.

    Raises:
        MediaError: if the file is missing, broken or beyond the limits.
    """
    if refused := refusal(source):
        return _rejection(source, None, [(reason, None, None) for reason in refused], None)
    info = probe_media(source.uri, limits)
    video_id, size = content_id(read_chunks(source.uri, limits))
    reasons = judge(info, config)
    if reasons:
        return _rejection(source, video_id, reasons, info.duration_seconds)
    return video_record(source, video_id, size, info)


def _rejection(
    source: Source,
    video_id: str | None,
    reasons: list[tuple[str, float | None, float | None]],
    seconds: float | None,
) -> Rejection:
    reason, score, threshold = reasons[0]
    return Rejection(
        stage=STAGE,
        level="video",
        subject_id=video_id or source.name,
        video_id=video_id,
        source_name=source.name,
        reason=reason,
        score=score,
        threshold=threshold,
        also=tuple(r[0] for r in reasons[1:]),
        seconds=seconds,
    )


def video_record(source: Source, video_id: str, size: int, info: MediaInfo) -> Video:
    """Return the record of a file with pictures.

    Raises:
        MediaError: if their size or rate is not known.
    """
    width, height, fps, codec = info.width, info.height, info.fps, info.video_codec
    if width is None or height is None or fps is None or codec is None:
        raise MediaError(f"{source.uri}: the picture's size or rate is unknown")
    return Video(
        video_id=video_id,
        source=source,
        size_bytes=size,
        container=info.container,
        duration_seconds=info.duration_seconds,
        fps=fps,
        num_frames_declared=info.num_frames,
        variable_frame_rate=bool(info.variable_frame_rate),
        width=width,
        height=height,
        rotation_degrees=info.rotation_degrees or 0,
        pixel_aspect=info.pixel_aspect or 1.0,
        video_codec=codec,
        audio_codec=info.audio_codec,
        audio_sampling_rate_hz=info.audio_sampling_rate_hz,
        audio_channels=info.audio_channels,
        reading=info.reading,
        reservations=info.reservations,
    )
