"""Clocks that start again, jump or are damaged: every picture with its own sound, and no second twice."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from media import DecodeTally, MediaLimits, decode_audio, decode_video, probe_media
from media.clock import PacketTimes, clock_parts, video_times
from schemas.records.video import Reading
from tests import clock_makers as clocks
from tests import media_makers as make
from transforms.find_gaps import find_breaks, restarts_of

LIMITS = MediaLimits()
RATE = 16000


def packets(starts: list[float], step: float, counts: list[int], first_byte: int) -> PacketTimes:
    """Packets of several stretches, each of which starts at its own time; a megabyte apart in the file."""
    times = [start + step * i for start, count in zip(starts, counts, strict=True) for i in range(count)]
    position = [
        1_000_000 * k + round(25_000 * step * i) for k, count in enumerate(counts) for i in range(count)
    ]
    return PacketTimes(
        np.array(position, np.int64) + first_byte,
        np.array(times, np.float64),
        np.array(times, np.float64),
        np.full(len(times), step, np.float64),
    )


def both(starts: list[float], seconds: float) -> dict:
    pictures = packets(starts, 0.04, [round(25 * seconds)] * len(starts), 0)
    sound = packets(starts, 0.02, [round(50 * seconds)] * len(starts), 500)
    return {"picture": pictures, "sound": sound}


@given(st.lists(st.floats(0, 90000), min_size=1, max_size=5), st.floats(2, 20))
def test_parts_follow_one_another_and_keep_picture_and_sound_together(
    starts: list[float], seconds: float
) -> None:
    jumps = [after - before - seconds for before, after in itertools.pairwise(starts)]
    assume(not any(-0.4 < jump < 0 for jump in jumps))  # disorder, not another part
    streams = both(starts, seconds)
    parts = clock_parts(streams, starts[0], None)
    shown = {kind: video_times(parts, kind, times) for kind, times in streams.items()}
    assert not any(np.isnan(times).any() for times in shown.values())
    # Time never goes back; what was shown and heard together still is.
    assert all(np.all(np.diff(times) > 0) for times in shown.values())
    shift = {kind: shown[kind] - streams[kind].shown for kind in streams}
    pictures = shift["picture"].reshape(len(starts), -1)
    sounds = shift["sound"].reshape(len(starts), -1)
    np.testing.assert_allclose(pictures[:, 0], sounds[:, 0])
    assert np.ptp(pictures, axis=1).max() < 1e-6 and np.ptp(sounds, axis=1).max() < 1e-6


def test_what_a_jump_is() -> None:
    back = clock_parts(both([10.0, 10.0], 3.0), 10.0, None)
    assert [round(p.shift_seconds, 6) for p in back] == [-10.0, -7.0]
    wrapped = clock_parts(both([95440.0, 3.0], 3.0), 95440.0, None)
    assert [round(p.low_seconds + p.shift_seconds, 6) for p in wrapped] == [0.0, 3.0]
    # A gap that the header's duration bears out is one; without it, the clock has jumped.
    assert len(clock_parts(both([0.0, 60.0], 3.0), 0.0, 63.0)) == 1
    assert len(clock_parts(both([0.0, 60.0], 3.0), 0.0, None)) == 2
    assert len(clock_parts(both([0.0, 8.0], 3.0), 0.0, None)) == 1
    # A pause of one stream is none of the clock.
    streams = both([0.0], 60.0)
    sound = packets([0.0, 40.0], 0.02, [500, 1000], 500)
    sound.position[500:] = 500 + 1_000_000
    parts = clock_parts({"picture": streams["picture"], "sound": sound}, 0.0, None)
    assert len(parts) == 1 and parts[0].high_seconds == pytest.approx(60.0)


@given(st.integers(0, 74), st.sampled_from([-(2.0**33) / 90000, -50.0, 20.0, 1e6]))
def test_a_single_damaged_time_moves_nothing(at: int, by: float) -> None:
    streams = both([5.0], 3.0)
    for times in (streams["picture"].decoded, streams["picture"].shown):
        times[at] += by
    parts = clock_parts(streams, 5.0, None)
    shown = video_times(parts, "picture", streams["picture"])
    assert len(parts) == 1 and np.flatnonzero(np.isnan(shown)).tolist() == [at]
    np.testing.assert_allclose(np.delete(shown, at), np.delete(0.04 * np.arange(75), at), atol=1e-9)


@pytest.mark.parametrize(
    ("suffix", "codec", "options"),
    [
        (".ts", "aac", {}),
        (".ts", "libmp3lame", {}),
        (".mpg", "mp2", {}),
        (".flv", "aac", {"left_out": 13}),
        (".flv", "aac", {}),
        (".mkv", "flac", {}),
        (".webm", "libopus", {"options": {"live": "1"}}),
        (".mp4", "aac", {}),
        (".mp4", "aac", {"options": {"movflags": "+faststart"}}),
        # Places of data are told by bytes of the whole file here, and by those of a fragment below.
        (".mp4", "aac", {"options": {"movflags": "frag_keyframe+empty_moov"}}),
        (".mp4", "aac", {"options": {"movflags": "frag_keyframe+empty_moov+default_base_moof"}}),
        (".asf", "libmp3lame", {}),
        (".ogg", "libopus", {}),
        (".avi", "libmp3lame", {}),
        (".mxf", "pcm_s16le", {}),
    ],
)
def test_joined_recordings_keep_their_own_sound(
    tmp_path: Path, suffix: str, codec: str, options: dict
) -> None:
    path = clocks.joined(tmp_path / f"v{suffix}", codec, **options)
    info = probe_media(str(path), LIMITS)
    (second,) = restarts_of(info.reading)
    assert info.duration_seconds == pytest.approx(5.4, abs=0.2)
    assert info.fps == pytest.approx(25, abs=0.1)
    tally = DecodeTally()
    pictures = list(decode_video(str(path), LIMITS, tally, reading=info.reading))
    numbers = [make.read_frame_number(p.frame.to_ndarray(format="rgb24")) for p in pictures]
    assert numbers == [*range(75), *range(1000, 1060)] and tally.damaged == 0, tally.last_error
    breaks = find_breaks([p.seconds for p in pictures], 25.0, [second], [], 0.5)
    assert list(breaks) == [75] and breaks[75] <= second + 1e-6
    # A span of the second recording, reached from the beginning of the file, is the same.
    late = decode_video(str(path), LIMITS, DecodeTally(), second + 1.0, second + 1.5, info.reading)
    seconds = [p.seconds for p in late]
    assert seconds == [p.seconds for p in pictures if seconds[0] <= p.seconds <= seconds[-1]]
    assert second + 0.95 < seconds[0] <= second + 1.0 and second + 1.5 <= seconds[-1] < second + 1.55
    # Each chirp is where the picture is that was shown with it.
    for offset, ats, number in ((0, clocks.FIRST_CHIRPS, 0), (75, clocks.SECOND_CHIRPS, 1000)):
        for at in ats:
            heard = pictures[offset + round(at * 25)].seconds
            assert numbers[offset + round(at * 25)] == number + round(at * 25)
            for begin, end in ((0.0, 6.0), (heard - 0.4, heard + 0.4)):
                begin = max(begin, 0.0)
                samples = decode_audio(str(path), LIMITS, begin, end, RATE, info.reading)
                assert abs(make.chirp_offset_seconds(samples, RATE, heard - begin)) < 0.012, (at, begin)


def test_sound_never_replaces_sound(tmp_path: Path) -> None:
    """A file read as if its clock ran on: what was heard first stays."""
    path = clocks.joined(tmp_path / "v.ts")
    reading = probe_media(str(path), LIMITS).reading
    first = decode_audio(str(path), LIMITS, 0.0, 2.9, RATE, reading)
    np.testing.assert_array_equal(decode_audio(str(path), LIMITS, 0.0, 2.9, RATE, Reading()), first)


def test_an_ordinary_file_has_one_clock(tmp_path: Path) -> None:
    source = make.talking_like_clip(tmp_path / "v.mp4")
    for suffix in (".mp4", ".ts", ".mkv", ".flv", ".avi"):
        path = source if suffix == ".mp4" else make.remux(source, tmp_path / f"v{suffix}")
        reading = probe_media(str(path), LIMITS).reading
        assert reading == Reading(
            picture_stream=0,
            sound_stream=1,
            num_picture_streams=1,
            num_sound_streams=1,
            end_seconds=reading.end_seconds,
        ), suffix
