"""Opening a media file from a local path, or from wherever the program that uses this room opens files."""

import contextlib
import os
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast
from urllib.parse import unquote_to_bytes

import av
import av.container
from av.error import FFmpegError
from av.stream import Stream

from media.streams import can_decode
from schemas.bounds import Count, Positive

# Demuxers that read one self-contained file. Playlists and scripts (hls, concat, dash, sdp),
# which could make a hostile file open other files or hosts, are not among them, nor are bare
# streams (h264, mpegvideo), which have neither a clock nor sound.
CONTAINER_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
    "avi",
    "mpeg",
    "mpegts",
    "flv",
    "asf",
    "ogg",
    "mxf",
    "wav",
    "mp3",
    "flac",
)
_CHUNK_BYTES = 1 << 20
_SCHEME = re.compile(r"(?!(?i:file)://)[A-Za-z][A-Za-z0-9+.-]*://")
_FILE_URI = re.compile(r"(?i:file)://(?:localhost(?=/))?")


class MediaError(ValueError):
    """A file that cannot be used as media. The message names the file and the cause."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaLimits:
    """What a hostile or absurd file may cost at most; a file beyond is a Failure that names the limit.

    `max_header_bytes` bounds what is read to open a file (its index, fonts, covers, the first packets),
    `max_attachment_bytes` fonts and the like, `max_packet_bytes` one coded picture, block of sound or
    subtitle (a raw 8K picture has 212 MB). `max_packets_per_second` of a stream ends files whose packets
    take up no time (TrueHD has the most, 1200). `max_sound_samples` bounds what is held in memory at once,
    of one channel: five minutes at 192 kHz.
    """

    max_size_bytes: Count = 20 * 2**30
    max_header_bytes: Count = 2**28
    max_attachment_bytes: Count = 2**27
    max_packet_bytes: Count = 2**28
    max_packets_per_second: Count = 5000
    max_duration_seconds: Positive = 6 * 3600.0
    max_pixels: Count = 8192 * 4320  # above DCI 8K
    max_streams: Count = 32
    max_fps: Positive = 240.0
    max_sampling_rate_hz: Count = 768_000  # the highest that converters offer
    max_channels: Count = 64  # of ambisonics of the seventh order
    max_sound_samples: Count = 300 * 192_000


# Opens a file that is not on this machine; returns it and its size in bytes.
RemoteOpener = Callable[[str], tuple[BinaryIO, int]]


def _no_opener(uri: str) -> tuple[BinaryIO, int]:
    raise OSError("this program opens files of this machine only")


_remote_opener: RemoteOpener = _no_opener


def set_remote_opener(opener: RemoteOpener) -> None:
    """Say how URIs with a scheme are opened: this room knows local files alone.

    The opener raises OSError for what it cannot open.
    """
    global _remote_opener
    _remote_opener = opener


def is_remote(uri: str) -> bool:
    """Return whether a URI has a scheme other than `file`, rather than being a local path."""
    return _SCHEME.match(uri) is not None


def local_path(uri: str) -> Path:
    """Return the local path of a plain path, or of a `file://` URI, where percent signs escape (RFC 8089)."""
    path = _FILE_URI.sub("", uri, count=1)
    return Path(uri) if path == uri else Path(os.fsdecode(unquote_to_bytes(os.fsencode(path))))


def whole_uri(uri: str) -> str:
    """Return a local URI as an absolute path, which any process understands; a remote one as it is."""
    return uri if is_remote(uri) else str(local_path(uri).absolute())


def _open_local(uri: str) -> tuple[BinaryIO, int]:
    path = local_path(uri)
    if not path.is_file():  # a FIFO or a device would block a worker for ever
        raise MediaError(f"{uri}: {'not a regular file' if path.exists() else 'no such file'}")
    return cast(BinaryIO, path.open("rb")), path.stat().st_size


@contextlib.contextmanager
def open_bytes(uri: str, limits: MediaLimits) -> Generator[BinaryIO]:
    """Open a file for reading after checking that it is a regular file of sane size.

    Raises:
        MediaError: if it does not exist, cannot be read, is empty, is not a regular file or is
            too large.
    """
    try:
        handle, size = _remote_opener(uri) if is_remote(uri) else _open_local(uri)
    except MediaError:
        raise
    except (OSError, ValueError) as error:
        raise MediaError(f"{uri}: cannot be opened ({error})") from error
    with handle:
        if size == 0:
            raise MediaError(f"{uri}: the file is empty (0 bytes)")
        if size > limits.max_size_bytes:
            raise MediaError(
                f"{uri}: {size} bytes, more than the limit of {limits.max_size_bytes} "
                "(media.max_size_bytes in the config)"
            )
        yield handle


def read_chunks(uri: str, limits: MediaLimits) -> Iterator[bytes]:
    """Yield the bytes of a file in chunks of one megabyte."""
    with open_bytes(uri, limits) as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            yield chunk


def refuse_to_open(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    """Stand in for opening a file that a container refers to; PyAV's `io_open`."""
    raise PermissionError(f"the file refers to another one ({url[:200]!r}), which is not opened")


class _Nameless:
    """The bytes of a file without its name, so that only the content decides what it is.

    Until it is `opened`, no more than a number of bytes is read. With a span it is a part of the file.
    """

    name = ""

    def __init__(self, handle: BinaryIO, max_header_bytes: int, span: tuple[int, int] | None) -> None:
        self._handle = handle
        self._left = max_header_bytes
        self._first, self._end = span or (0, None)
        self.opened = False
        self.seek(0)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_SET:
            return self._handle.seek(self._first + max(offset, 0)) - self._first
        if whence == os.SEEK_END and self._end is not None:
            return self._handle.seek(max(self._end + offset, self._first)) - self._first
        return self._handle.seek(offset, whence) - self._first

    def tell(self) -> int:
        return self._handle.tell() - self._first

    def read(self, size: int) -> bytes:
        if self._end is not None:
            size = max(min(size, self._end - self._handle.tell()), 0)
        data = self._handle.read(size)
        if not self.opened:
            self._left -= len(data)
            if self._left < 0:
                raise OSError("more to read before the first picture than media.max_header_bytes allows")
        return data


@contextlib.contextmanager
def open_container(
    uri: str, limits: MediaLimits, span: tuple[int, int] | None = None
) -> Generator[av.container.InputContainer]:
    """Open a media container within the limits.

    Decoders never see a path: the bytes come through a file object, and a container that asks
    for another file is refused. Reading through it costs nothing measurable next to decoding.

    Args:
        span: the bytes to open as a file of their own; the whole file if None.

    Raises:
        MediaError: if the bytes are not media of a format we read, or exceed the limits.
    """
    options = {
        "format_whitelist": ",".join(CONTAINER_FORMATS),
        "protocol_whitelist": "none",
        "max_streams": str(limits.max_streams),
        "max_pixels": str(limits.max_pixels),  # holds for the frames that opening may decode
    }
    with open_bytes(uri, limits) as handle:
        source = _Nameless(handle, limits.max_header_bytes, span)
        try:
            container = av.open(
                source, "r", options=options, metadata_errors="replace", io_open=refuse_to_open
            )
        except (FFmpegError, OSError, ValueError) as error:
            raise MediaError(
                f"{uri}: not a media file we can read ({describe(error)}); "
                "if it plays elsewhere, re-encode it with ffmpeg"
            ) from error
        source.opened = True
        with container:
            if len(container.streams) > limits.max_streams:
                raise MediaError(f"{uri}: {len(container.streams)} streams, limit {limits.max_streams}")
            _check_sizes(uri, container, limits)
            yield container


def _check_sizes(uri: str, container: av.container.InputContainer, limits: MediaLimits) -> None:
    for video in container.streams.video:
        context = video.codec_context
        if can_decode(video) and context.width * context.height > limits.max_pixels:
            raise MediaError(
                f"{uri}: {context.width}x{context.height} px, more than the limit of "
                f"{limits.max_pixels} pixels (media.max_pixels in the config)"
            )
    for audio in container.streams.audio:
        if can_decode(audio):
            check_sound(uri, audio.codec_context.sample_rate, audio.codec_context.channels, limits)
    attached = sum(len(stream.data) for stream in container.streams.attachments)
    if attached > limits.max_attachment_bytes:
        raise MediaError(
            f"{uri}: {attached} bytes of attachments, more than the limit of "
            f"{limits.max_attachment_bytes} (media.max_attachment_bytes in the config)"
        )


def check_sound(uri: str, rate_hz: int, channels: int, limits: MediaLimits) -> None:
    """Raise a MediaError if a stream or a block of sound is beyond the limits."""
    if rate_hz > limits.max_sampling_rate_hz:
        raise MediaError(
            f"{uri}: sound of {rate_hz} Hz, more than the limit of {limits.max_sampling_rate_hz} Hz "
            "(media.max_sampling_rate_hz in the config)"
        )
    if channels > limits.max_channels:
        raise MediaError(
            f"{uri}: {channels} channels of sound, more than the limit of {limits.max_channels} "
            "(media.max_channels in the config)"
        )


def describe(error: Exception) -> str:
    """Return an error's own words, without FFmpeg's negative numbers and empty names."""
    text = getattr(error, "strerror", None) or str(error)
    return text if text and text != "None" else type(error).__name__


def read_packets(container: av.container.InputContainer, *streams: Stream) -> Iterator[Any]:
    """Yield the packets of some streams, or of all, and at the end the empty ones that flush decoders.

    Raises:
        FFmpegError: if what follows cannot be read.
    """
    packets = container.demux(*streams)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, IndexError):
            # PyAV ends with an IndexError where a damaged file showed streams that its start did not.
            return
        yield packet


def container_start_seconds(container: av.container.InputContainer) -> float:
    """Return the presentation time that counts as zero."""
    return (container.start_time or 0) / av.time_base


def container_seconds(container: av.container.InputContainer) -> float | None:
    """Return how long a file's header says it lasts, None if it does not."""
    return container.duration / av.time_base if container.duration else None
