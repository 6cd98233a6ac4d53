"""Valid files that were called broken, broken ones of which seconds were lost, files beyond the limits."""

import resource
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import ffmpeg
import numpy as np
import pytest

from media import DecodeTally, MediaError, MediaLimits, decode_audio, decode_video, probe_media
from media.info import MediaInfo
from media.rate import frame_rate
from tests import broken_media as broken
from tests import media_makers as make

LIMITS = MediaLimits()


def seen(path: Path, info: MediaInfo) -> tuple[list[int], list[float], DecodeTally]:
    """Return the numbers and times of the pictures that decode, and what did not."""
    tally = DecodeTally()
    pictures = list(decode_video(str(path), LIMITS, tally, reading=info.reading))
    numbers = [make.read_frame_number(p.frame.to_ndarray(format="rgb24")) for p in pictures]
    return numbers, [p.seconds for p in pictures], tally


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_sound_that_lasts_longer_is_no_damage(tmp_path: Path, suffix: str) -> None:
    silent = make.write_video(tmp_path / "s.mp4", make.constant_times(make.RATES["25"], 60))
    path = make.add_sound(silent, make.chirps(5.0, [0.5], 48000), 48000, tmp_path / f"v{suffix}")
    info = probe_media(str(path), LIMITS)
    assert info.duration_seconds == pytest.approx(5.0, abs=0.05)
    assert info.picture_seconds == pytest.approx(2.4, abs=0.05)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_subtitles_that_last_longer_are_no_damage(tmp_path: Path, suffix: str) -> None:
    text = tmp_path / "t.srt"
    text.write_text("1\n00:00:01,000 --> 00:00:02,000\none\n\n2\n00:01:00,000 --> 00:01:09,000\ntwo\n")
    source = make.talking_like_clip(tmp_path / "s.mp4")
    path = tmp_path / f"v{suffix}"
    inputs = [ffmpeg.input(str(source)), ffmpeg.input(str(text))]
    words = {"c:s": "mov_text" if suffix == ".mp4" else "srt"}
    make.run_ffmpeg(ffmpeg.output(*inputs, str(path), c="copy", **words))
    info = probe_media(str(path), LIMITS)
    assert info.duration_seconds == pytest.approx(4.0, abs=0.1)


def test_the_highest_rate_on_a_clock_that_does_not_divide_it(tmp_path: Path) -> None:
    times = [Fraction(round(Fraction(i * 600, 240)), 600) for i in range(240)]
    path = make.write_video(tmp_path / "v.mov", times, display_size=(128, 96))
    info = probe_media(str(path), LIMITS)
    assert info.fps == pytest.approx(240, rel=5e-3) and info.variable_frame_rate is False
    with pytest.raises(MediaError, match="max_fps"):
        probe_media(str(path), MediaLimits(max_fps=200.0))
    steps = [0.0, *np.cumsum([1 / 30, 1 / 30, 2 / 30, 1 / 30] * 30)]
    assert frame_rate(steps) == (pytest.approx(24), False)


@pytest.mark.parametrize(
    "options",
    [
        {"x264-params": "bframes=3:b-adapt=0:b-pyramid=normal"},
        {"x264-params": "bframes=2:b-adapt=0:b-pyramid=none"},
    ],
)
def test_pictures_of_avi_have_their_places_with_any_number_of_b_frames(
    tmp_path: Path, options: dict[str, str]
) -> None:
    path = make.write_video(tmp_path / "v.avi", make.constant_times(make.RATES["25"], 73), options=options)
    numbers, seconds, tally = seen(path, probe_media(str(path), LIMITS))
    assert numbers == list(range(73)) and (tally.damaged, tally.last_error) == (0, None)
    np.testing.assert_allclose(seconds, np.arange(73) / 25, atol=1e-6)


def test_pictures_at_one_time_are_no_damage(tmp_path: Path) -> None:
    path = broken.twice_at_a_time(tmp_path / "v.mkv", 20)
    numbers, _, tally = seen(path, probe_media(str(path), LIMITS))
    assert tally.damaged == 0 and numbers == [i for i in range(40) if i != 20]


def test_damage_has_its_times(tmp_path: Path) -> None:
    for maker, lost in ((broken.zero_tail, (1.5, 3.0)), (broken.noisy_packet, (0.04, 2.28))):
        path = maker(tmp_path / f"{maker.__name__}.mp4")
        info = probe_media(str(path), LIMITS)
        assert info.duration_seconds == pytest.approx(lost[1], abs=0.05), maker
        numbers, seconds, tally = seen(path, info)
        assert lost[0] < seconds[-1] + 0.05 and numbers == list(range(len(numbers)))
        assert tally.damaged_seconds and min(tally.damaged_seconds) > seconds[-1]
        # Each picture is seen or damaged, none is both.
        assert len(numbers) + tally.damaged == pytest.approx(25 * lost[1], abs=3), maker
    assert len(numbers) < 10 and tally.damaged > 45


def test_the_span_is_that_of_the_container(tmp_path: Path) -> None:
    late = broken.late_start(tmp_path / "v.avi")
    info = probe_media(str(late), LIMITS)
    assert info.duration_seconds == pytest.approx(12.52, abs=0.05) and info.picture_seconds < 2.4
    inside = broken.inside_a_group(tmp_path / "v.ts")
    info = probe_media(str(inside), LIMITS)
    numbers, seconds, _ = seen(inside, info)
    assert numbers[0] == 25 and seconds[0] > 0.3  # nothing before the first keyframe can be seen
    assert info.duration_seconds == pytest.approx(seconds[-1] + 0.04, abs=0.1)


def test_damage_behind_a_wanted_span_is_not_counted(tmp_path: Path) -> None:
    path = broken.noisy_packet(tmp_path / "v.mp4", number=40, gop=25)
    tally = seen(path, probe_media(str(path), LIMITS))[2]
    first = min(tally.damaged_seconds)
    before = DecodeTally()
    list(decode_video(str(path), LIMITS, before, 0.5, first))
    assert tally.damaged > 0 and before.damaged == 0 and 1.0 < first < 2.2


@pytest.mark.parametrize(
    ("maker", "limits", "message"),
    [
        (broken.declared_rate, LIMITS, "300000000 Hz, more than the limit of 768000 Hz"),
        (make.talking_like_clip, MediaLimits(max_channels=1), "max_channels"),
        (make.talking_like_clip, MediaLimits(max_sampling_rate_hz=44100), "max_sampling_rate_hz"),
        (make.talking_like_clip, MediaLimits(max_packet_bytes=500), "max_packet_bytes"),
        (make.talking_like_clip, MediaLimits(max_header_bytes=1000), "max_header_bytes"),
        (lambda p: broken.attached(p, 200_000), MediaLimits(max_attachment_bytes=100_000), "max_attachment"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_by_its_name(
    tmp_path: Path, maker: Callable[[Path], Path], limits: MediaLimits, message: str
) -> None:
    path = maker(tmp_path / "v.mkv")
    with pytest.raises(MediaError, match=message) as error:
        probe_media(str(path), limits)
    assert str(path) in str(error.value)


def test_sound_is_decoded_within_a_limit_of_memory(tmp_path: Path) -> None:
    path = str(make.talking_like_clip(tmp_path / "v.mp4"))
    with pytest.raises(MediaError, match="max_sound_samples"):
        decode_audio(path, MediaLimits(max_sound_samples=48000), 0.0, 4.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(MediaError, match="300000000 Hz"):
        decode_audio(str(broken.declared_rate(tmp_path / "w.mkv")), LIMITS, 0.0, 4.0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_packets_that_take_up_no_time_end_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.scan._CHECK_EVERY", 50)
    path = str(make.talking_like_clip(tmp_path / "v.mp4"))
    assert probe_media(path, MediaLimits(max_packets_per_second=60)).num_frames == 100
    with pytest.raises(MediaError, match="max_packets_per_second"):
        probe_media(path, MediaLimits(max_packets_per_second=10))
