"""Opening, decoding and encoding media: the only place that touches ffmpeg or a decoder.

Time zero is the container's start time, as in players and in ffmpeg's `-ss`, for pictures and
sound alike. Pictures are the displayed ones: rotated as the file says, with square pixels.
"""

from av import VideoFrame

from media.audio import decode_audio, from_pcm, to_pcm
from media.constant_rate import at_constant_rate
from media.encode import VideoEncoder
from media.frames import DecodeTally, Picture, decode_video
from media.mp4 import count_frames
from media.probe import probe_media
from media.source import MediaError, MediaLimits, is_remote, read_chunks
from media.view import PictureView

__all__ = [
    "DecodeTally",
    "MediaError",
    "MediaLimits",
    "Picture",
    "PictureView",
    "VideoEncoder",
    "VideoFrame",
    "at_constant_rate",
    "count_frames",
    "decode_audio",
    "decode_video",
    "from_pcm",
    "is_remote",
    "probe_media",
    "read_chunks",
    "to_pcm",
]
