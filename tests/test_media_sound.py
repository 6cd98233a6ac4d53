"""Sound is where the source has it, to within a millisecond."""

from pathlib import Path

import numpy as np
import pytest

from media import (
    DecodeTally,
    MediaError,
    MediaLimits,
    decode_audio,
    decode_video,
    probe_media,
    to_pcm,
)
from schemas.sample import wav_of_pcm
from tests import media_makers as make

LIMITS = MediaLimits()
RATE = 16000
CHIRPS = (0.2, 1.3, 2.75, 4.1)
SECONDS = 5.0


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("silent") / "v.mp4"
    return make.write_video(path, make.constant_times(make.RATES["25"], 125), options={"bf": "0"})


def offsets_ms(path: Path, zero: float = 0.0) -> list[float]:
    """How late each chirp is heard, in ms, if sound starts at `zero`: in the whole and in cuts."""
    found = []
    whole = decode_audio(str(path), LIMITS, 0.0, SECONDS)
    assert len(whole) == SECONDS * RATE and whole.dtype == np.float32
    for at in CHIRPS:
        heard = at + zero
        found.append(make.chirp_offset_seconds(whole, RATE, heard))
        start = max(heard - 0.15, 0.0)
        window = decode_audio(str(path), LIMITS, start, start + 0.5)
        assert len(window) == round(0.5 * RATE)
        found.append(make.chirp_offset_seconds(window, RATE, heard - start))
    return [1000 * offset for offset in found]


def first_picture_seconds(path: Path) -> float:
    """Containers without edit lists start with the codec's priming; the pictures then start later."""
    return next(decode_video(str(path), LIMITS, DecodeTally())).seconds


@pytest.mark.parametrize(
    ("suffix", "codec", "rate_hz", "channels"),
    [
        (".mp4", "aac", 48000, 2),
        (".mp4", "aac", 44100, 1),
        (".mp4", "libmp3lame", 44100, 2),
        (".mp4", "libopus", 48000, 1),
        (".mov", "pcm_s16le", 44100, 2),
        (".mkv", "aac", 44100, 2),
        (".mkv", "libopus", 48000, 2),
        (".mkv", "libmp3lame", 44100, 1),
        (".mkv", "flac", 44100, 1),
        (".mkv", "libvorbis", 44100, 2),
        (".ts", "aac", 48000, 2),
        (".ts", "libmp3lame", 44100, 1),
        (".avi", "pcm_s16le", 48000, 1),
        (".flv", "aac", 44100, 2),
    ],
)
def test_sound_starts_within_a_millisecond(
    tmp_path: Path, silent: Path, suffix: str, codec: str, rate_hz: int, channels: int
) -> None:
    sound = make.chirps(SECONDS, CHIRPS, rate_hz, channels)
    path = make.add_sound(silent, sound, rate_hz, tmp_path / f"v{suffix}", codec=codec)
    assert max(map(abs, offsets_ms(path, first_picture_seconds(path)))) < 1.0


@pytest.mark.parametrize("suffix", [".mp3", ".wav", ".ogg", ".m4a", ".flac"])
def test_files_of_sound_alone(tmp_path: Path, suffix: str) -> None:
    codec = {".mp3": "libmp3lame", ".wav": "pcm_s16le", ".ogg": "libopus", ".m4a": "aac", ".flac": "flac"}[
        suffix
    ]
    path = make.add_sound(
        None, make.chirps(SECONDS, CHIRPS, 48000), 48000, tmp_path / f"v{suffix}", codec=codec
    )
    assert not probe_media(str(path), LIMITS).has_video
    assert max(map(abs, offsets_ms(path))) < 1.0


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize(("video_delay", "sound_delay"), [(0.0, 0.4321), (0.52, 0.0)])
def test_tracks_that_start_apart_stay_in_sync(
    tmp_path: Path, silent: Path, suffix: str, video_delay: float, sound_delay: float
) -> None:
    path = make.add_sound(
        silent,
        make.chirps(SECONDS, CHIRPS, 48000),
        48000,
        tmp_path / f"v{suffix}",
        video_delay_seconds=video_delay,
        sound_delay_seconds=sound_delay,
    )
    zero = first_picture_seconds(path) + sound_delay - video_delay
    assert max(map(abs, offsets_ms(path, zero))) < 1.0


def test_silence_before_after_and_without_sound(tmp_path: Path, silent: Path) -> None:
    path = make.add_sound(
        silent, make.chirps(1.0, [0.1], 48000), 48000, tmp_path / "v.mp4", sound_delay_seconds=2.0
    )
    samples = decode_audio(str(path), LIMITS, 0.0, 5.0)
    assert np.all(samples[: int(1.97 * RATE)] == 0) and np.all(samples[int(3.2 * RATE) :] == 0)
    assert np.all(decode_audio(str(path), LIMITS, 100.0, 101.0) == 0)
    with pytest.raises(MediaError, match="no sound"):
        decode_audio(str(silent), LIMITS, 0, 1)


def test_channels_are_averaged_and_levels_kept(tmp_path: Path) -> None:
    sound = np.zeros((48000, 2), np.float32)
    sound[:, 0] = 0.8 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)
    path = make.add_sound(None, sound, 48000, tmp_path / "v.wav", codec="pcm_s24le")
    samples = decode_audio(str(path), LIMITS, 0.0, 1.0)
    expected = 0.4 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    assert np.abs(samples - expected)[200:-200].max() < 1e-3


def test_wav_round_trip(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, RATE).astype(np.float32)
    path = tmp_path / "v.wav"
    path.write_bytes(wav_of_pcm(to_pcm(samples), RATE))
    assert np.abs(decode_audio(str(path), LIMITS, 0.0, 1.0) - samples).max() < 1.6 / 32767


def test_a_clip_and_its_sound_share_one_clock(tmp_path: Path) -> None:
    """Frame and chirp i of the maker's ordinary clip coincide, in MPEG-TS (start at 1.4 s) too."""
    source = make.talking_like_clip(tmp_path / "v.mp4")
    for path in (source, make.remux(source, tmp_path / "v.ts"), make.remux(source, tmp_path / "v.mkv")):
        zero = first_picture_seconds(path)
        samples = decode_audio(str(path), LIMITS, 0.7 + zero, 2.7 + zero)
        assert abs(make.chirp_offset_seconds(samples, RATE, 0.8)) < 1e-3
