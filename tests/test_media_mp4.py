"""Counting an MP4's pictures without decoding: as many as decoding gives; none where it ends early."""

from fractions import Fraction
from pathlib import Path

import av
import ffmpeg
import numpy as np
import pytest

from media import DecodeTally, MediaError, MediaLimits, VideoEncoder, count_frames, decode_video
from media.mux import with_sound
from tests import media_makers as make


def encoded(num_frames: int, fps: float = 25.0, preset: str = "medium") -> bytes:
    encoder = VideoEncoder(64, 48, fps, 20, preset)
    for number in range(num_frames):
        picture = av.VideoFrame.from_ndarray(make.numbered_picture(number, 64, 48), "rgb24")
        encoder.write(picture.reformat(format="yuv420p"))
    return encoder.finish()


@pytest.mark.parametrize(
    ("num_frames", "fps", "preset"),
    [(1, 25.0, "medium"), (2, 25.0, "ultrafast"), (120, 30.0, "medium"), (77, 29.97, "slow")],
)
def test_what_the_encoder_wrote_is_counted(num_frames: int, fps: float, preset: str) -> None:
    data = encoded(num_frames, fps, preset)
    assert count_frames(data) == num_frames
    assert count_frames(with_sound(data, np.zeros(16000, np.int16), 16000)) == num_frames


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_the_count_is_that_of_decoding(tmp_path: Path, codec: str) -> None:
    times = make.variable_times(61)
    path = make.write_video(tmp_path / "a.mp4", times, codec=codec)
    decoded = list(decode_video(str(path), MediaLimits(), DecodeTally()))
    assert count_frames(path.read_bytes()) == len(decoded) == 61


def test_fragments_are_counted_and_pictures_cut_away_are_not(tmp_path: Path) -> None:
    path = make.write_video(tmp_path / "a.mp4", make.constant_times(Fraction(25), 50), gop=50)
    fragmented = make.remux(path, tmp_path / "b.mp4", movflags="frag_keyframe+empty_moov")
    assert count_frames(fragmented.read_bytes()) == 50
    late = tmp_path / "c.mp4"
    make.run_ffmpeg(ffmpeg.output(ffmpeg.input(str(path), ss=1.0), str(late), c="copy"))
    decoded = list(decode_video(str(late), MediaLimits(), DecodeTally()))
    assert count_frames(late.read_bytes()) == len(decoded) == 25


def test_what_is_no_whole_mp4_with_pictures_is_refused(tmp_path: Path) -> None:
    data = encoded(50)
    sound = make.add_sound(None, np.zeros((16000, 1), np.float32), 16000, tmp_path / "sound.mp4")
    webm = make.write_video(tmp_path / "a.webm", make.constant_times(Fraction(25), 5), codec="libvpx-vp9")
    others = (sound.read_bytes(), webm.read_bytes())
    for broken in (b"", b"no video", data[:200], data[: len(data) * 2 // 3], data[:-20], *others):
        with pytest.raises(MediaError, match="MP4"):
            count_frames(broken)
