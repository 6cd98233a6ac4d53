"""Broken, hostile, remote and oddly named files: refused with a reason, or read in full."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import av
import numpy as np
import pytest
from apache_beam.io.filesystem import BeamIOError, FileMetadata, FileSystem, MatchResult

from media import (
    DecodeTally,
    MediaError,
    MediaLimits,
    decode_audio,
    decode_video,
    is_remote,
    probe_media,
    read_chunks,
)
from media.rate import frame_rate
from tests import broken_media as broken
from tests import media_makers as make

LIMITS = MediaLimits()


@pytest.mark.parametrize(
    ("maker", "message"),
    [
        (broken.zero_bytes, "empty"),
        (broken.text_as_video, "not a media file"),
        (broken.truncated_without_index, "not a media file"),
        (broken.absurd_dimensions, "12000x8000 px, more than the limit"),
    ],
)
def test_broken_files_are_refused_by_name(
    tmp_path: Path, maker: Callable[[Path], Path], message: str
) -> None:
    path = maker(tmp_path / "broken.mp4")
    for call in (
        lambda: probe_media(str(path), LIMITS),
        lambda: list(decode_video(str(path), LIMITS, DecodeTally())),
        lambda: decode_audio(str(path), LIMITS, 0, 1),
    ):
        with pytest.raises(MediaError, match=message) as error:
            call()
        assert str(path) in str(error.value)


def test_missing_and_irregular_files_are_refused_by_name(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "missing.mp4", "no such file"), (tmp_path, "not a regular file")):
        with pytest.raises(MediaError, match=message) as error:
            probe_media(str(path), LIMITS)
        assert str(path) in str(error.value)
    with pytest.raises(MediaError, match="cannot be opened"):
        probe_media("nosuchscheme://bucket/v.mp4", LIMITS)


def test_huge_pictures_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    huge = broken.absurd_dimensions(tmp_path / "huge.ts")
    with pytest.raises(MediaError, match="more than the limit"):
        probe_media(str(huge), LIMITS)
    # A stream that turns huge after its header was accepted is damage, not an allocation.
    small = make.write_video(tmp_path / "s.ts", make.constant_times(make.RATES["25"], 10))
    mixed = tmp_path / "mixed.ts"
    mixed.write_bytes(small.read_bytes() + huge.read_bytes())
    tally = DecodeTally()
    assert 0 < len(list(decode_video(str(mixed), LIMITS, tally))) <= 10
    assert tally.damaged >= 1 and tally.frames <= 10


def test_claimed_dimensions_do_not_matter(tmp_path: Path) -> None:
    info = probe_media(str(broken.patched_dimensions(tmp_path / "v.mp4")), LIMITS)
    assert (info.width, info.height) == (320, 180)


@pytest.mark.parametrize("maker", [broken.hls_playlist, broken.concat_script])
def test_playlists_cannot_open_other_files(tmp_path: Path, maker: Callable[[Path, Path], Path]) -> None:
    secret = make.talking_like_clip(tmp_path / "secret.ts")
    for name in ("v.mp4", "v.m3u8", "v.ffconcat"):
        path = maker(tmp_path / name, secret)
        with pytest.raises(MediaError, match="not a media file"):
            probe_media(str(path), LIMITS)
    if maker is broken.hls_playlist:  # and FFmpeg by itself would have followed it
        with av.open(str(tmp_path / "v.m3u8")) as container:
            assert container.streams.video


def test_truncation_and_false_headers_are_seen(tmp_path: Path) -> None:
    cut = probe_media(str(broken.truncated_with_index(tmp_path / "cut.mp4")), LIMITS)
    assert cut.declared_duration_seconds == cut.duration_seconds == pytest.approx(8, abs=0.1)
    assert 2 < (cut.reading.end_seconds or 0) < 6
    long = broken.long_header(tmp_path / "long.mkv")
    info = probe_media(str(long), LIMITS)
    assert info.declared_duration_seconds == info.duration_seconds == pytest.approx(3 * 3600)
    assert info.reading.end_seconds == pytest.approx(4, abs=0.1)
    with pytest.raises(MediaError, match="declares 10800 s, more than the limit of 3600 s"):
        probe_media(str(long), MediaLimits(max_duration_seconds=3600))
    # The tables of an MP4 say what it holds, whatever its headers claim.
    tables = probe_media(str(broken.long_header(tmp_path / "long.mp4")), LIMITS)
    assert tables.duration_seconds == tables.reading.end_seconds == pytest.approx(4)
    # The header of an ASF is believed, and not FFmpeg's guess from the size of what is left.
    cut = probe_media(str(broken.cut_asf(tmp_path / "cut.asf")), LIMITS)
    assert cut.duration_seconds == pytest.approx(8, abs=0.1) and 3 < (cut.reading.end_seconds or 0) < 5


def test_missing_streams_are_named(tmp_path: Path) -> None:
    sound = probe_media(str(broken.audio_only(tmp_path / "a.mp4")), LIMITS)
    assert not sound.has_video and sound.audio_codec == "aac" and sound.fps is None
    mute = probe_media(str(broken.no_audio(tmp_path / "v.mp4")), LIMITS)
    assert mute.has_video and mute.audio_codec is None and mute.num_frames == 100
    cover = broken.cover_art(tmp_path / "c.mp3")
    info = probe_media(str(cover), LIMITS)
    assert not info.has_video and info.audio_sampling_rate_hz == 44100
    with pytest.raises(MediaError, match="no pictures"):
        next(decode_video(str(cover), LIMITS, DecodeTally()))


def test_damage_is_counted_and_left_out(tmp_path: Path) -> None:
    path = broken.flipped_bytes(tmp_path / "v.mp4")
    tally = DecodeTally()
    pictures = list(decode_video(str(path), LIMITS, tally))
    assert tally.damaged > 0 and tally.last_error
    for picture in pictures:  # whatever is given out is sound
        number = make.read_frame_number(picture.frame.to_ndarray(format="rgb24"))
        assert number == round(picture.seconds * 25)
    assert len(decode_audio(str(path), LIMITS, 0, 6)) == 96000
    whole = DecodeTally()
    count = len(list(decode_video(str(make.talking_like_clip(tmp_path / "w.mp4")), LIMITS, whole)))
    assert (count, whole.frames, whole.damaged, whole.last_error) == (100, 100, 0, None)


def test_damage_outside_the_wanted_span_is_not_counted(tmp_path: Path) -> None:
    path = make.write_video(tmp_path / "v.ts", make.constant_times(make.RATES["25"], 250), gop=50)
    data = bytearray(path.read_bytes())
    for at in range(40, 56):  # hits the second keyframe, at 2 s or so
        data[len(data) * at // 200 + 90] ^= 0xFF
    path.write_bytes(data)
    whole, late = DecodeTally(), DecodeTally()
    list(decode_video(str(path), LIMITS, whole))
    pictures = list(decode_video(str(path), LIMITS, late, 7.0, 8.0))
    assert whole.damaged > 0 and late.damaged == 0
    assert pictures[0].seconds <= 7.0 and pictures[-1].seconds >= 8.0


def test_limits(tmp_path: Path) -> None:
    path = str(make.talking_like_clip(tmp_path / "v.mp4", rate="50"))
    for limits, message in (
        (MediaLimits(max_size_bytes=1000), "max_size_bytes"),
        (MediaLimits(max_duration_seconds=3.0), "max_duration_seconds"),
        (MediaLimits(max_pixels=320 * 179), "max_pixels"),
        (MediaLimits(max_streams=1), "limit"),
        (MediaLimits(max_fps=40.0), "max_fps"),
    ):
        with pytest.raises(MediaError, match=message) as error:
            probe_media(path, limits)
        assert path in str(error.value)


@pytest.mark.parametrize(
    "name",
    [
        "with space.mp4",
        "quo'te\".mp4",
        "new\nline.mp4",
        "видео 動画 วิดีโอ.mp4",
        "-dash.mp4",
        "100%_%d.mp4",
        "a:b?.mp4",
        "no_suffix",
        os.fsdecode(b"latin\xe9.mp4"),
    ],
)
def test_any_name_works(tmp_path: Path, name: str) -> None:
    path = make.talking_like_clip(tmp_path / "v.mp4", seconds=1).rename(tmp_path / name)
    info = probe_media(str(path), LIMITS)
    assert info.num_frames == 25 and probe_media(f"file://{path}", LIMITS) == info
    assert len(list(decode_video(str(path), LIMITS, DecodeTally()))) == 25
    assert np.abs(decode_audio(str(path), LIMITS, 0, 1)).max() > 0.3


class MemoryFileSystem(FileSystem):
    """The least of a Beam filesystem: reads what lies in a dictionary."""

    files: ClassVar[dict[str, bytes]] = {}

    @classmethod
    def scheme(cls) -> str:
        return "memory"

    def open(self, path, mime_type="", compression_type="auto"):
        if path not in self.files:
            raise BeamIOError(f"{path} is not there")
        return io.BytesIO(self.files[path])

    def match(self, patterns, limits=None):
        return [
            MatchResult(p, [FileMetadata(p, len(self.files[p]))] if p in self.files else []) for p in patterns
        ]

    def _unused(self, *args, **kwargs):
        raise NotImplementedError

    join = split = mkdirs = has_dirs = _list = create = copy = rename = exists = size = _unused
    last_updated = checksum = metadata = delete = _unused


def test_remote_files_go_through_beam(tmp_path: Path) -> None:
    path = make.talking_like_clip(tmp_path / "v.mp4")
    MemoryFileSystem.files = {"memory://bucket/v 1.mp4": path.read_bytes(), "memory://bucket/empty.mp4": b""}
    uri = "memory://bucket/v 1.mp4"
    assert is_remote(uri) and not is_remote(str(path)) and not is_remote(f"file://{path}")
    assert probe_media(uri, LIMITS) == probe_media(str(path), LIMITS)
    assert b"".join(read_chunks(uri, LIMITS)) == path.read_bytes()
    here = [p.seconds for p in decode_video(str(path), LIMITS, DecodeTally(), 2.0, 3.0)]
    assert [p.seconds for p in decode_video(uri, LIMITS, DecodeTally(), 2.0, 3.0)] == here
    np.testing.assert_array_equal(decode_audio(uri, LIMITS, 1, 3), decode_audio(str(path), LIMITS, 1, 3))
    for name, message in (("empty.mp4", "empty"), ("missing.mp4", "no such file")):
        with pytest.raises(MediaError, match=message):
            probe_media(f"memory://bucket/{name}", LIMITS)


def test_frame_rates() -> None:
    for name, rate in make.RATES.items():
        times = [float(t) for t in make.constant_times(rate, 200)]
        assert frame_rate(times) == (pytest.approx(float(rate), rel=1e-6), False), name
        rounded = [round(t, 3) for t in times]  # as in Matroska
        assert frame_rate(rounded) == (pytest.approx(float(rate), rel=2e-3), False), name
        dropped = times[:90] + times[91:]
        assert frame_rate(dropped) == (pytest.approx(float(rate), rel=1e-6), False), name
    rate, variable = frame_rate([float(t) for t in make.variable_times(200)])
    assert variable and rate == pytest.approx(1 / 0.053, rel=0.1)
    assert frame_rate([0.0]) == (None, False)
