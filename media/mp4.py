"""What an MP4 holds, told from its index and its packets: nothing is decoded."""

import io

import av
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from media.source import MediaError, describe, refuse_to_open
from media.streams import main_video_stream, read_only


def count_frames(data: bytes) -> int:
    """Return the number of pictures in an MP4, which are those that decoding it gives.

    Pictures that an edit list cuts away (they are decoded for others' sake and not shown) do not count.
    Demuxing 10 s at 25 frames a second takes about a millisecond.

    Raises:
        MediaError: if the bytes are no MP4 with pictures, or end before the last one.
    """
    try:
        with av.open(
            io.BytesIO(data), "r", format="mp4", metadata_errors="replace", io_open=refuse_to_open
        ) as container:
            video = main_video_stream(container)
            if video is None:
                raise MediaError("the MP4 holds no pictures")
            read_only(container, video)
            # The packet that flushes the decoder at the end is empty.
            packets: list[Packet[VideoStream]] = [packet for packet in container.demux(video) if packet.size]
            if any(packet.is_corrupt for packet in packets) or len(packets) < video.frames:
                raise MediaError(f"the MP4 ends before the last of its {video.frames} pictures")
    except (FFmpegError, OSError, ValueError) as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"not an MP4 that can be read ({describe(error)})") from error
    return sum(not packet.is_discard for packet in packets)
