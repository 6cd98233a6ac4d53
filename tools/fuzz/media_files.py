"""Fuzzing targets: what of media files is read by our own code, and the probe as a whole."""

import datetime
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from media.asf import declared_seconds
from media.credentials import Claim, local_signing_key, read_credentials, sign_mp4
from media.mp4 import count_frames
from media.probe import probe_media
from media.recordings import find_recordings
from media.source import MediaLimits
from tests.media_makers import remux, talking_like_clip
from tools.fuzz.target import Target, as_file

_LIMITS = MediaLimits(max_duration_seconds=600.0, max_pixels=1 << 20, max_size_bytes=1 << 22)
_SUFFIXES = ("mp4", "mkv", "avi", "ts", "flv", "mov", "webm")


@cache
def clips() -> tuple[bytes, ...]:
    """Return a third of a second in several containers."""
    with TemporaryDirectory() as folder:
        whole = talking_like_clip(Path(folder) / "whole.mp4", seconds=0.32)
        found = [whole.read_bytes()]
        for suffix in _SUFFIXES[1:-1]:
            found.append(remux(whole, Path(folder) / f"other.{suffix}").read_bytes())
        wmv = remux(whole, Path(folder) / "other.asf", **{"c:v": "mpeg4", "c:a": "libmp3lame"})
        return (*found, wmv.read_bytes())


def _joined() -> Sequence[bytes]:
    heads = [clip[:2000] for clip in clips()]
    ogg = b"OggS\0\2" + bytes(20) + b"\1\5hello" + b"OggS\0\0" + bytes(20) + b"\1\3abc"
    mxf = bytes.fromhex("060e2b34020501010d0102010102040083000002") + b"ab"
    return [*heads, *(head[:400] * 2 for head in heads), ogg * 3, mxf * 3]


def _recordings(data: bytes) -> None:
    find_recordings("x", io.BytesIO(data), len(data))


def _probe(data: bytes) -> None:
    probe_media(str(as_file("probed", data)), _LIMITS)


def _credentials(data: bytes) -> None:
    read_credentials(as_file("signed.mp4", data))


@cache
def signed() -> bytes:
    """Return an MP4 with content credentials."""
    key = local_signing_key(datetime.datetime.now(datetime.UTC))
    claim = Claim(title="talk.mp4", source="made", payload=0xBEEF, description="made from a photo")
    return sign_mp4(clips()[0], claim, key)


TARGETS = (
    Target(name="recordings", read=_recordings, seeds=_joined, max_bytes=4096),
    Target(name="asf", read=declared_seconds, seeds=lambda: [clips()[-1][:600]], max_bytes=1024),
    Target(name="mp4-frames", read=count_frames, seeds=lambda: [clips()[0]]),
    Target(name="probe", read=_probe, seeds=clips),
    Target(name="credentials", read=_credentials, seeds=lambda: [signed(), clips()[0]]),
)
