"""What a file holds, and of several recordings in one file what they are together."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

from media.clock import BACK_SECONDS
from media.recordings import ByteSpan
from media.source import MediaError
from schemas.records.video import Reading, Recording

# Pictures of another shape cannot be cropped by the same boxes; sides are whole pixels.
_SHAPE_TOLERANCE = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaInfo:
    """Streams and geometry of a file. Video fields are None when it has no pictures.

    `duration_seconds` lasts until the later of pictures and sound ends, as packets say, or the header where
    it promises more (`reading.end_seconds` is when they do end). `picture_seconds` is from the first picture
    to the end of the last. `reservations` are what it says against mining (`media.reservations`).
    """

    container: str
    duration_seconds: float
    picture_seconds: float
    declared_duration_seconds: float | None
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
    reading: Reading
    reservations: tuple[str, ...] = ()


# What each recording in a file is, with its start on its own clock, or why that cannot be told.
Found = Sequence[tuple[ByteSpan, tuple[MediaInfo, float] | MediaError]]


def joined(found: Found) -> MediaInfo:
    """Return what a file holds, one recording after the other, as the first one with pictures has it.

    Recordings that cannot be read, and such with pictures of another shape, take up their time and are not
    looked at.

    Raises:
        MediaError: the first one's, if none can be read.
    """
    read = [what[0] for _, what in found if not isinstance(what, MediaError)]
    if not read:
        raise next(what for _, what in found if isinstance(what, MediaError))
    first = next((info for info in read if info.has_video), read[0])
    sounding = [info for info in read if info.audio_codec is not None]
    recordings = _recordings(found, first)
    return dataclasses.replace(
        first,
        duration_seconds=recordings[-1].end_seconds,
        picture_seconds=sum(info.picture_seconds for info in read),
        declared_duration_seconds=None,
        num_frames=sum(info.num_frames or 0 for info in read),
        variable_frame_rate=any(info.variable_frame_rate for info in read),
        audio_codec=sounding[0].audio_codec if sounding else None,
        audio_sampling_rate_hz=max((i.audio_sampling_rate_hz or 0 for i in sounding), default=0) or None,
        audio_channels=sounding[0].audio_channels if sounding else None,
        reservations=tuple(sorted({said for info in read for said in info.reservations})),
        reading=dataclasses.replace(
            first.reading, end_seconds=recordings[-1].end_seconds, clock=(), recordings=recordings
        ),
    )


def _recordings(found: Found, first: MediaInfo) -> tuple[Recording, ...]:
    """Place recordings behind one another.

    How long one lasts that cannot be read is told by its bytes, at the rate of those that can.
    """
    read = [(b - a, what[0].duration_seconds) for (a, b), what in found if not isinstance(what, MediaError)]
    seconds_per_byte = sum(seconds for _, seconds in read) / sum(size for size, _ in read)
    recordings: list[Recording] = []
    reached, last_zero, clock_end = 0.0, 0.0, math.nan
    for (begin, end), what in found:
        info, zero = (None, math.nan) if isinstance(what, MediaError) else what
        seconds = (end - begin) * seconds_per_byte if info is None else info.duration_seconds
        reading = info.reading if info is not None and _has_shape_of(info, first) else Reading()
        goes_on = abs(zero - clock_end) < BACK_SECONDS
        if goes_on:  # its sound may begin before the last picture has ended, or after
            reached = recordings[-1].start_seconds + zero - last_zero
            recordings[-1] = dataclasses.replace(recordings[-1], end_seconds=reached)
        recordings.append(
            Recording(
                first_byte=begin,
                end_byte=end,
                start_seconds=reached,
                end_seconds=reached + seconds,
                goes_on=goes_on,
                picture_stream=reading.picture_stream,
                sound_stream=reading.sound_stream,
                clock=reading.clock,
            )
        )
        reached, last_zero, clock_end = reached + seconds, zero, zero + seconds
    return tuple(recordings)


def _has_shape_of(info: MediaInfo, first: MediaInfo) -> bool:
    if not (info.width and info.height and first.width and first.height):
        return True
    ratio = info.width / info.height * first.height / first.width
    return info.rotation_degrees == first.rotation_degrees and abs(ratio - 1) < _SHAPE_TOLERANCE
