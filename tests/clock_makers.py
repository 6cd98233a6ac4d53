"""Files whose clock starts again, jumps or is damaged, and files with several streams of a kind."""

from pathlib import Path

import ffmpeg
import numpy as np

from tests.media_makers import (
    RATES,
    Samples,
    add_sound,
    chirps,
    constant_times,
    run_ffmpeg,
    write_video,
)

# Where the chirps of two recordings are, in seconds from the start of each.
FIRST_CHIRPS, SECOND_CHIRPS = (0.48, 1.48, 2.48), (0.88, 1.88)
SECOND_NUMBER = 1000  # the first picture of the second recording


# What a container holds where H.264 is not usual.
PICTURES = {
    ".mpg": "mpeg2video",
    ".mxf": "mpeg2video",
    ".avi": "mpeg4",
    ".asf": "mpeg4",
    ".webm": "libvpx",
    ".ogg": "libvpx",
}


def recording(
    path: Path,
    seconds: float,
    at: tuple[float, ...],
    first_number: int,
    codec: str,
    *,
    display_size: tuple[int, int] = (320, 180),
    options: dict[str, str] | None = None,
) -> Path:
    """Write numbered pictures from a number on at 25 a second, with sound that chirps at the given times."""
    silent = write_video(
        path.with_name(f"{path.stem}.silent.mkv"),
        constant_times(RATES["25"], round(25 * seconds)),
        codec=PICTURES.get(path.suffix, "libx264"),
        display_size=display_size,
        gop=25,
        first_number=first_number,
    )
    add_sound(silent, chirps(seconds, at, 48000, 2), 48000, path, codec=codec, options=options)
    silent.unlink()
    return path


def joined(
    path: Path,
    codec: str = "aac",
    *,
    left_out: int = 0,
    options: dict[str, str] | None = None,
    second_size: tuple[int, int] = (320, 180),
) -> Path:
    """Write two recordings one after the other, as `cat` does: 3 s and 2.4 s, each on its own clock.

    Args:
        left_out: bytes of the second one's start. Recorders of live streams go on in one FLV file when the
            stream starts again: without a second header, which has 13.
        options: for FFmpeg's muxer.
        second_size: of the second one's pictures.
    """
    parts = [path.with_name(f"{path.stem}.{name}{path.suffix}") for name in "ab"]
    recording(parts[0], 3.0, FIRST_CHIRPS, 0, codec, options=options)
    recording(parts[1], 2.4, SECOND_CHIRPS, SECOND_NUMBER, codec, display_size=second_size, options=options)
    first, second = (part.read_bytes() for part in parts)
    path.write_bytes(first + second[left_out:])
    for part in parts:
        part.unlink()
    return path


def with_sounds(path: Path, video: Path, sounds: list[tuple[Samples, str]], **options: str) -> Path:
    """Write a Matroska file with the pictures of another and several tracks of sound at 48 kHz.

    Args:
        sounds: samples (n, channels) of each track and FFmpeg's words for its dispositions.
    """
    inputs = [ffmpeg.input(str(video)).video]
    for number, (samples, _) in enumerate(sounds):
        wav = add_sound(None, samples, 48000, path.with_name(f"{path.stem}.{number}.wav"), codec="pcm_s16le")
        inputs.append(ffmpeg.input(str(wav)).audio)
    said = {f"disposition:a:{i}": words for i, (_, words) in enumerate(sounds)}
    settings = {"c:v": "copy", "c:a": "flac"} | said | options
    run_ffmpeg(ffmpeg.output(*inputs, str(path), **settings))
    return path


def voice(seconds: float = 3.0, rate_hz: int = 48000, seed: int = 1) -> Samples:
    """Return noise that comes and goes, as syllables do, (n,)."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    return (0.2 * random.normal(size=len(time)) * (0.55 + 0.45 * np.sin(8 * time))).clip(-1, 1).astype("f4")
