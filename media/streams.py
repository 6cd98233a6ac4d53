"""Which of a file's streams are the video's pictures and sound."""

from collections.abc import Mapping
from typing import Any

import av.container
from av.audio.stream import AudioStream
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

# Streams of these kinds are pictures about the video (covers, previews), not the video.
NOT_THE_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
# Sound beside the video's own: about it, or made for those who hear or see less.
BESIDE = (
    Disposition.comment
    | Disposition.karaoke
    | Disposition.hearing_impaired
    | Disposition.visual_impaired
    | Disposition.clean_effects
    | Disposition.non_diegetic
    | Disposition.descriptions
    | Disposition.dependent
)
# A stream with fewer packets than this share of the fullest one's holds single pictures.
MOVING_SHARE = 0.1


def can_decode(stream: VideoStream | AudioStream) -> bool:
    """Return whether there is a decoder for a stream."""
    # PyAV gives None for a codec that it does not know, and lists a stream that becomes one of another kind
    # on its way, as transport streams may, with the codec that it had at first; its types leave both out.
    return getattr(stream.codec_context, "type", None) == stream.type


def picture_streams(container: av.container.InputContainer) -> list[VideoStream]:
    """Return the streams of moving pictures that we can decode."""
    return [s for s in container.streams.video if can_decode(s) and not s.disposition & NOT_THE_VIDEO]


def sound_streams(container: av.container.InputContainer) -> list[AudioStream]:
    """Return the streams of sound that we can decode."""
    return [s for s in container.streams.audio if can_decode(s)]


def main_video_stream(
    container: av.container.InputContainer, num_packets: Mapping[int, int] | None = None
) -> VideoStream | None:
    """Return the stream of the video's pictures, or None.

    As the ffmpeg program chooses: default before others, then the largest picture, then the first; but
    a stream of few pictures (a JPEG in a track of its own) never goes before one that moves.

    Args:
        num_packets: packets of each stream by its index, where they were counted; else what headers say.
    """
    counts = num_packets or {s.index: s.frames for s in container.streams.video if s.frames}
    found = picture_streams(container)
    fullest = max((counts.get(s.index, 0) for s in found), default=0)
    moving = [
        s for s in found if counts.get(s.index, 0 if num_packets else fullest) >= MOVING_SHARE * fullest
    ]
    return max(moving, key=_picture_rank, default=None)


def main_audio_stream(
    container: av.container.InputContainer,
    picture: VideoStream | None = None,
    num_packets: Mapping[int, int] | None = None,
) -> AudioStream | None:
    """Return the stream of the video's sound, or None.

    As the ffmpeg program chooses: default before others, then the most channels, then the first; from the
    pictures' own programme where a transport stream carries several. Streams without packets come last.
    """
    found = sound_streams(container)
    if num_packets is not None:
        found = [s for s in found if num_packets.get(s.index)] or found
    if picture is not None:
        # A stream's programme shows in which picture FFmpeg relates to it.
        best: Any = container.streams.best
        own = best("video", related=picture)
        found = [s for s in found if best("video", related=s) is own] or found
    return max(found, key=_sound_rank, default=None)


def _picture_rank(stream: VideoStream) -> tuple[int, int, int]:
    return _marked(stream), stream.codec_context.width * stream.codec_context.height, -stream.index


def _sound_rank(stream: AudioStream) -> tuple[int, int, int]:
    return _marked(stream), stream.codec_context.channels, -stream.index


def _marked(stream: Stream) -> int:
    """Return how a stream is marked; FFmpeg's `av_find_best_stream` too counts these two alike."""
    return bool(stream.disposition & Disposition.default) + (not stream.disposition & BESIDE)


def stream_at(container: av.container.InputContainer, index: int) -> Stream:
    """Return a stream by its number in the file."""
    return next(s for s in container.streams if s.index == index)


def read_only(container: av.container.InputContainer, *wanted: Stream) -> None:
    """Skip the data of all other streams while demuxing."""
    kept = {stream.index for stream in wanted}
    for stream in container.streams:
        if stream.index not in kept:
            stream.discard = Discard.all
