"""The right stream of several, and channels mixed so that nothing said is lost."""

import subprocess
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import numpy as np
import pytest

from media import DecodeTally, MediaLimits, decode_audio, decode_video, probe_media
from media.mix import channel_weights, without_cancelling
from tests import clock_makers as clocks
from tests import media_makers as make

LIMITS = MediaLimits()


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("silent") / "v.mp4"
    return make.write_video(path, make.constant_times(make.RATES["25"], 75), options={"bf": "0"})


def heard(path: Path, seconds: float = 3.0) -> np.ndarray:
    reading = probe_media(str(path), LIMITS).reading
    return decode_audio(str(path), LIMITS, 0.0, seconds, reading=reading)


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(samples.astype(float) ** 2) + 1e-12))


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        ((2, "comment"), (2, "default"), 1),
        ((1, "visual_impaired"), (1, "default"), 1),
        ((2, "default"), (2, "default"), 0),
        ((1, "default"), (2, "default"), 1),
        ((2, "0"), (1, "default"), 1),
        ((2, "default+comment"), (2, "0"), 0),
    ],
)
def test_the_sound_is_the_one_players_choose(
    tmp_path: Path, silent: Path, first: tuple[int, str], second: tuple[int, str], chosen: int
) -> None:
    sounds = [(make.chirps(3.0, [0.5 + n], 48000, c), words) for n, (c, words) in enumerate((first, second))]
    path = clocks.with_sounds(tmp_path / "v.mkv", silent, sounds)
    reading = probe_media(str(path), LIMITS).reading
    assert (reading.sound_stream, reading.num_sound_streams) == (1 + chosen, 2)
    for samples in (heard(path), decode_audio(str(path), LIMITS, 0.0, 3.0)):
        assert abs(make.chirp_offset_seconds(samples, 16000, 0.5 + chosen)) < 0.002
        with pytest.raises(ValueError, match="no chirp"):
            make.chirp_offset_seconds(samples, 16000, 1.5 - chosen)


@pytest.mark.parametrize("marked", ["0", "attached_pic", "timed_thumbnails", "default"])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_jpeg_in_the_first_track_is_not_the_video(
    tmp_path: Path, silent: Path, suffix: str, marked: str
) -> None:
    still = make.write_video(
        tmp_path / "still.mkv",
        make.constant_times(make.RATES["25"], 1),
        display_size=(640, 360),
        codec="mjpeg",
        pixel_format="yuvj420p",
        first_number=7,
    )
    path = tmp_path / f"v{suffix}"
    inputs = [ffmpeg.input(str(still)).video, ffmpeg.input(str(silent)).video]
    make.run_ffmpeg(ffmpeg.output(*inputs, str(path), c="copy", **{"disposition:v:0": marked}))
    info = probe_media(str(path), LIMITS)
    assert (info.width, info.height, info.num_frames) == (320, 180, 75)
    pictures = list(decode_video(str(path), LIMITS, DecodeTally(), reading=info.reading))
    assert make.read_frame_number(pictures[9].frame.to_ndarray(format="rgb24")) == 9


def test_the_larger_of_two_moving_pictures_is_the_video(tmp_path: Path, silent: Path) -> None:
    small = make.write_video(
        tmp_path / "s.mp4", make.constant_times(make.RATES["50"], 150), display_size=(160, 96)
    )
    path = tmp_path / "v.mkv"
    inputs = [ffmpeg.input(str(small)).video, ffmpeg.input(str(silent)).video]
    make.run_ffmpeg(ffmpeg.output(*inputs, str(path), c="copy"))
    reading = probe_media(str(path), LIMITS).reading
    assert (reading.picture_stream, reading.num_picture_streams) == (1, 2)


def test_sound_of_another_programme_is_not_taken(tmp_path: Path, silent: Path) -> None:
    """A transport stream with two programmes: the second one's sound has more channels."""
    small = make.write_video(
        tmp_path / "s.mp4", make.constant_times(make.RATES["25"], 75), display_size=(160, 96)
    )
    mono = make.add_sound(silent, make.chirps(3.0, [0.52], 48000, 1), 48000, tmp_path / "a.mp4")
    stereo = make.add_sound(small, make.chirps(3.0, [1.52], 48000, 2), 48000, tmp_path / "b.mp4")
    path = tmp_path / "v.ts"
    programmes = ["-program", "st=0:st=1", "-program", "st=2:st=3"]
    inputs = ["-i", str(mono), "-i", str(stereo), "-map", "0", "-map", "1", "-c", "copy"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *inputs, *programmes, str(path)]
    subprocess.run(command, check=True)
    reading = probe_media(str(path), LIMITS).reading
    assert (reading.picture_stream, reading.sound_stream, reading.num_sound_streams) == (0, 1, 2)


@pytest.mark.parametrize(
    ("right", "loss_db"),
    [
        (lambda s, n: s, 0.0),
        (lambda s, n: -s, 0.0),
        (lambda s, n: -0.8 * s + n, 0.0),
        (lambda s, n: 0 * s, 6.0),
        (lambda s, n: np.roll(s, 4000), 3.0),
    ],
)
def test_opposite_channels_do_not_cancel(tmp_path: Path, silent: Path, right, loss_db: float) -> None:
    left = 0.3 * clocks.voice()
    noise = 0.02 * np.random.default_rng(5).normal(size=len(left))
    sound = np.stack([left, right(left, noise)], axis=1).astype(np.float32)
    path = clocks.with_sounds(tmp_path / "v.mkv", silent, [(sound, "default")])
    # Resampling to 16 kHz takes the same from each.
    plain = clocks.with_sounds(tmp_path / "w.mkv", silent, [(left[:, None], "default")])
    assert level_db(heard(plain)) - level_db(heard(path)) == pytest.approx(loss_db, abs=0.6)


@pytest.mark.parametrize("layout", ["stereo", "5.1"])
def test_who_is_opposite_for_a_while_is_heard(tmp_path: Path, silent: Path, layout: str) -> None:
    """One in the middle speaks before, at the same time as the opposite one, and after."""
    voice, other = 0.2 * clocks.voice(6.0), 0.2 * clocks.voice(6.0, seed=2)
    times = np.arange(len(voice)) / 48000
    alone, both = (times >= 2.0) & (times < 2.5), (times >= 2.5) & (times < 3.0)
    middle = np.where(alone, 0.0, voice)
    side = np.where(alone | both, other * np.where(both, 2.5, 1.0), 0.0)
    sound = np.zeros((len(voice), 2 if layout == "stereo" else 6), np.float32)
    sound[:, 0], sound[:, 1] = middle + side, middle - side
    path = clocks.with_sounds(tmp_path / "v.mkv", silent, [(sound, "default")], channel_layout=layout)
    left = clocks.with_sounds(tmp_path / "w.mkv", silent, [((middle + side)[:, None], "default")])
    found, wanted = heard(path, 6.0), heard(left, 6.0)
    np.testing.assert_allclose(found[32400:47600], wanted[32400:47600], atol=2e-3)
    np.testing.assert_allclose(found[48400:], wanted[48400:], atol=2e-3)


def test_a_change_of_the_mix_does_not_click() -> None:
    tone = np.sin(2 * np.pi * 100 * np.arange(48000) / 48000).astype(np.float32)
    mixed, difference = np.where(np.arange(48000) < 24000, tone, 0 * tone), 0.5 * tone
    difference[:24000] = 0
    out = without_cancelling(mixed, difference, 0, 48000)
    assert np.abs(np.diff(out)).max() < 0.015 and np.abs(out[30000:]).max() > 0.49
    quiet = without_cancelling(1e-4 * tone, 1e-3 * tone, 0, 48000)
    np.testing.assert_array_equal(quiet, 1e-4 * tone)
    # Windows are the video's: a span that starts anywhere changes over where the whole does.
    np.testing.assert_array_equal(
        without_cancelling(mixed[12345:], difference[12345:], 12345, 48000), out[12345:]
    )


@pytest.mark.parametrize(
    ("layout", "place", "loss_db"),
    [("5.1", 2, 3.0), ("5.1", 0, 6.0), ("5.1", 4, 9.0), ("7.1", 2, 3.0), ("7.1", 6, 9.0)],
)
def test_each_channel_has_the_weight_of_its_place(
    tmp_path: Path, silent: Path, layout: str, place: int, loss_db: float
) -> None:
    speech = 0.3 * clocks.voice()
    count = {"5.1": 6, "7.1": 8}[layout]
    sound = np.zeros((len(speech), count), np.float32)
    sound[:, place] = speech
    path = clocks.with_sounds(tmp_path / "v.mkv", silent, [(sound, "default")], channel_layout=layout)
    plain = clocks.with_sounds(tmp_path / "w.mkv", silent, [(speech[:, None], "default")])
    assert level_db(heard(plain)) - level_db(heard(path)) == pytest.approx(loss_db, abs=0.2)


def test_weights_of_channels() -> None:
    np.testing.assert_allclose(channel_weights(("FL", "FR")), [0.5, 0.5])
    np.testing.assert_allclose(channel_weights(("FC",)), [1])
    assert channel_weights(("FL", "FR", "LFE"))[2] == 0
    np.testing.assert_allclose(channel_weights(("NONE",) * 4), [0.25] * 4)
    np.testing.assert_allclose(
        channel_weights(("NONE",) * 6),
        channel_weights(("FL", "FR", "FC", "LFE", "SL", "SR")),
    )
