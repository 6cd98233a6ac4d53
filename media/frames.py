"""Decoding pictures: once, in order, with their presentation times."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import av
from av.error import FFmpegError

from media.clock import PartClock, retime
from media.recordings import Part, parts_of
from media.source import (
    MediaError,
    MediaLimits,
    container_start_seconds,
    describe,
    open_container,
    read_packets,
)
from media.streams import main_video_stream, read_only, stream_at
from schemas.records.video import Reading

# How long before the wanted time to look for a keyframe. Containers with an index hit with the
# first; those without (MPEG-PS, MPEG-TS) land anywhere, perhaps after the last keyframe before
# the wanted time, and are tried again from further back, at last from the beginning.
SEEK_BACK_SECONDS = (0.5, 6.0)
# So many packets are kept while the keyframe before a wanted time is looked for.
_MAX_KEPT_PACKETS = 2000


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded frame with its presentation time in seconds."""

    seconds: float
    frame: av.VideoFrame


@dataclass(slots=True)
class DecodeTally:
    """Counts of one pass over a file, filled while it is decoded.

    `frames` are those decoded, also before the wanted span; `damaged` are packets or frames of
    the wanted span that cannot be decoded, or only with damage, and `damaged_seconds` their times,
    as far as they are known.
    """

    frames: int = 0
    damaged: int = 0
    damaged_seconds: list[float] = field(default_factory=list[float])
    last_error: str | None = field(default=None)


def configure_decoder(stream: Any, limits: MediaLimits, strict: bool = True) -> None:
    """Use one thread (a worker is a core) and, when strict, report damage instead of hiding it."""
    stream.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    options = {"max_pixels": str(limits.max_pixels)}  # the size may change within the stream
    if strict:
        options["err_detect"] = "explode"
    stream.codec_context.options = options


def decode_video(
    uri: str,
    limits: MediaLimits,
    tally: DecodeTally,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
    reading: Reading | None = None,
) -> Iterator[Picture]:
    """Yield the frames of a file in presentation order.

    With `start_seconds`, the first picture is the one on show at that time, or the first of the
    file if that is later. Decoding stops after the first frame at or past `end_seconds`. Frames
    that cannot be decoded without damage are left out and counted, and so are those that depend
    on them, up to the next keyframe.

    Args:
        reading: how the file is read, as `probe_media` found; None for files whose clock runs on.

    Raises:
        MediaError: if the file cannot be opened or holds no pictures.
    """
    for part in parts_of(reading or Reading(), "picture"):
        at = part.start_seconds
        late = end_seconds is not None and 0 < at >= end_seconds
        if late or (start_seconds is not None and part.end_seconds <= start_seconds):
            continue
        begin = None if start_seconds is None else max(start_seconds - at, 0.0)
        end = None if end_seconds is None else end_seconds - at
        for picture in _decode_part(uri, limits, tally, begin, end, part):
            if at == 0 or picture.seconds > at - 1e-6:  # what no player shows would meet the part before
                yield picture


def _decode_part(
    uri: str,
    limits: MediaLimits,
    tally: DecodeTally,
    start_seconds: float | None,
    end_seconds: float | None,
    part: Part,
) -> Iterator[Picture]:
    """Yield the frames of a part as `decode_video` does; the span that is asked for is in its own time."""
    # Where the clock jumps a time is in several places: packets are counted through from the beginning.
    if start_seconds is not None and len(part.reading.clock) <= 1:
        for back in SEEK_BACK_SECONDS:
            if start_seconds - back <= 0:
                break
            damaged, last_error, seconds = tally.damaged, tally.last_error, len(tally.damaged_seconds)
            pictures = _decode_span(
                uri, limits, tally, start_seconds - back, start_seconds, end_seconds, part
            )
            first = next(pictures, None)
            if first is not None and first.seconds <= start_seconds + part.start_seconds:
                yield first
                yield from pictures
                return
            pictures.close()
            tally.damaged, tally.last_error = damaged, last_error
            del tally.damaged_seconds[seconds:]
    yield from _decode_span(uri, limits, tally, None, start_seconds, end_seconds, part)


def _decode_span(
    uri: str,
    limits: MediaLimits,
    tally: DecodeTally,
    seek_seconds: float | None,
    start_seconds: float | None,
    end_seconds: float | None,
    part: Part,
) -> Generator[Picture]:
    """Yield the last picture before the start, if decoded, and all from there to the end."""
    with open_container(uri, limits, part.span) as container:
        reading, at = part.reading, part.start_seconds
        index = reading.picture_stream
        video: Any = main_video_stream(container) if index is None else stream_at(container, index)
        if video is None:
            raise MediaError(f"{uri}: holds no pictures")
        configure_decoder(video, limits)
        read_only(container, video)
        zero = container_start_seconds(container)
        if seek_seconds is not None:
            _seek(container, video, seek_seconds + zero)
        begin = None if start_seconds is None else start_seconds + zero
        wanted = _Wanted(tally, zero, start_seconds, end_seconds, at)
        packets = _timed_packets(container, video, reading, zero)
        if len(reading.clock) > 1 and begin is not None:
            packets = _from_keyframe(packets, begin)
        held: Picture | None = None
        for seconds, frame in _decode_tolerantly(packets, video, wanted, seek_seconds is not None):
            picture = Picture(seconds - zero + at, frame)
            if start_seconds is not None and seconds - zero < start_seconds:
                held = picture
                continue
            if held is not None:
                yield held
                held = None
            yield picture
            if end_seconds is not None and seconds - zero >= end_seconds:
                return
        if held is not None:
            yield held


def _seek(container: Any, video: Any, seconds: float) -> None:
    """Go to a keyframe before a time, or leave the container at its beginning."""
    try:
        container.seek(int(seconds / video.time_base), stream=video, backward=True)
    except FFmpegError:
        return  # cannot seek: decoding starts at the beginning and reaches the wanted time later


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The span that is asked for, and the tally of what is damaged in it."""

    tally: DecodeTally
    zero: float
    start_seconds: float | None
    end_seconds: float | None
    part_seconds: float  # when the part starts in the video

    def count_damage(self, seconds: float | None, error: str) -> None:
        """Count a packet or frame at a time of the file's clock, if that is in the span or unknown."""
        if seconds is not None:
            seconds -= self.zero
            early = self.start_seconds is not None and seconds < self.start_seconds
            late = self.end_seconds is not None and seconds >= self.end_seconds
            if early or late:
                return
            self.tally.damaged_seconds.append(seconds + self.part_seconds)
        self.tally.damaged += 1
        self.tally.last_error = error


def _decode_tolerantly(
    packets: Iterator[Any], video: Any, wanted: _Wanted, after_seek: bool
) -> Iterator[tuple[float, av.VideoFrame]]:
    """Yield sound frames with their times, which increase strictly, and count the others.

    Some decoders give out grey or smeared pictures, unmarked, until a keyframe sets them right;
    so none is believed between damage (or a seek) and the next keyframe. Of pictures at one time,
    which some encoders write, the first is taken.
    """
    doubtful, last = after_seek, None
    for frames, stamp, error in _decode_packets(packets):
        if error is not None:
            wanted.count_damage(stamp if stamp is not None else last, error)
            doubtful = True
        for frame in frames:
            wanted.tally.frames += 1
            seconds = _presentation_seconds(frame, video, last)
            doubtful = frame.is_corrupt or (doubtful and not frame.key_frame)
            if doubtful:
                wanted.count_damage(seconds, "damaged picture")
            elif last is None or seconds > last:
                last = seconds
                yield seconds, frame
            elif seconds < last:
                wanted.count_damage(seconds, f"timestamps go back from {last:.3f} to {seconds:.3f} s")


def _presentation_seconds(frame: av.VideoFrame, video: Any, last: float | None) -> float:
    step = float(1 / (video.average_rate or 25))
    tick = frame.time_base or video.time_base
    if video.container.format.name == "avi":
        # AVI only numbers packets, and the times FFmpeg makes up from that are wrong with B-frames: pictures
        # come out in order, each with a packet as many after its own as the decoder holds back.
        if frame.dts is not None:
            return float(frame.dts * tick) - step * video.codec_context.reorder_depth
    elif frame.pts is not None:
        return float(frame.pts * tick)
    return 0.0 if last is None else last + step


def _timed_packets(container: Any, video: Any, reading: Reading, zero: float) -> Iterator[Any]:
    """Yield the packets of a stream, with the times that they have in the video."""
    clock = PartClock(reading.clock, "picture") if reading.clock else None
    for packet in read_packets(container, video):
        if clock is not None and packet.size:
            retime(packet, clock, zero)
        yield packet


def _from_keyframe(packets: Iterator[Any], begin: float) -> Iterator[Any]:
    """Yield packets from the last keyframe before a time on, if that is not too far back; else all."""
    kept: list[Any] = []
    for packet in packets:
        early = packet.pts is not None and float(packet.pts * packet.time_base) <= begin
        if early and packet.is_keyframe:
            kept.clear()
        kept.append(packet)
        if (not early and packet.pts is not None) or len(kept) > _MAX_KEPT_PACKETS:
            break
    yield from kept
    yield from packets


def _decode_packets(
    packets: Iterator[Any],
) -> Iterator[tuple[list[av.VideoFrame], float | None, str | None]]:
    """Yield, for each packet, its frames, its time in seconds and what went wrong with it."""
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except FFmpegError as error:
            yield [], None, describe(error)
            return
        stamp = None if packet.pts is None else float(packet.pts * packet.time_base)
        try:
            yield packet.decode(), stamp, None
        except FFmpegError as error:
            yield [], stamp, describe(error)
