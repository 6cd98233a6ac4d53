"""Small media files made on the spot, with contents a test can check exactly.

Pictures carry their frame number as 16 grey bars (12 bits and a 4-bit check), and coloured
corners (red, green, blue, grey: top left, top right, bottom left, bottom right), so that lost,
repeated, blended, rotated and mirrored frames all show. Sound carries chirps at known times.
"""

import itertools
import math
import wave
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import ffmpeg
import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[Any]  # uint8, [height, width, 3]
Samples = npt.NDArray[np.float32]

NUM_BARS = 16
# The bars fill this part of the width and of the height; crops must leave it whole.
BARS_X = (0.10, 0.90)
BARS_Y = (0.30, 0.70)
CORNERS_RGB = ((220, 40, 40), (40, 200, 40), (40, 40, 220), (150, 150, 150))
CHIRP_SECONDS = 0.05
RATES = {
    "23.976": Fraction(24000, 1001),
    "25": Fraction(25),
    "29.97": Fraction(30000, 1001),
    "50": Fraction(50),
}


def numbered_picture(number: int, width: int, height: int) -> Image:
    """Return a [height, width, 3] picture that shows a frame number from 0 to 4095."""
    image = np.full((height, width, 3), 110, np.uint8)
    half_x, half_y = width // 2, height // 2
    slices = [(0, 0), (0, half_x), (half_y, 0), (half_y, half_x)]
    for (y, x), colour in zip(slices, CORNERS_RGB, strict=True):
        image[y : y + half_y + 1, x : x + half_x + 1] = colour
    y0, y1 = (round(height * y) for y in BARS_Y)
    edges = np.linspace(width * BARS_X[0], width * BARS_X[1], NUM_BARS + 1).round().astype(int)
    code = _with_check(number)
    for bar in range(NUM_BARS):
        image[y0:y1, edges[bar] : edges[bar + 1]] = 210 if code >> bar & 1 else 30
    return image


def _with_check(number: int) -> int:
    nibbles = (number & 15) + 3 * (number >> 4 & 15) + 7 * (number >> 8 & 15)
    return number | (nibbles + 5 & 15) << 12


def read_frame_number(
    image: Image,
    display_size: tuple[int, int] | None = None,
    crop_xyxy: tuple[float, float, float, float] | None = None,
) -> int:
    """Return the frame number that an RGB or grey picture shows.

    Args:
        display_size: width and height in px of the whole displayed picture, if `image` is a crop.
        crop_xyxy: what part of it `image` shows (and may have scaled).

    Raises:
        ValueError: if the bars are blended, cut off or not there.
    """
    grey = image.mean(axis=2) if image.ndim == 3 else image.astype(float)
    height, width = grey.shape
    full_w, full_h = display_size or (width, height)
    x0, y0, x1, y1 = crop_xyxy or (0, 0, full_w, full_h)
    rows = [(full_h * y - y0) / (y1 - y0) * height for y in (0.42, 0.58)]
    band = grey[round(rows[0]) : round(rows[1])].mean(axis=0)
    centres = full_w * (BARS_X[0] + (BARS_X[1] - BARS_X[0]) * (np.arange(NUM_BARS) + 0.5) / NUM_BARS)
    levels = np.interp((centres - x0) / (x1 - x0) * width - 0.5, np.arange(width), band)
    if np.any((levels > 85) & (levels < 155)):
        raise ValueError(f"unclear bars: {levels.round().tolist()}")
    code = sum(1 << bar for bar in range(NUM_BARS) if levels[bar] > 120)
    if _with_check(code & 0xFFF) != code:
        raise ValueError(f"wrong check bits: {code:016b}")
    return code & 0xFFF


def corner_colours(image: Image) -> Image:
    """Return the [4, 3] mean colours near the corners of a picture, in the order of CORNERS_RGB."""
    h, w = image.shape[0] // 8, image.shape[1] // 8
    patches = [image[:h, :w], image[:h, -w:], image[-h:, :w], image[-h:, -w:]]
    return np.array([p[2:-2, 2:-2].mean(axis=(0, 1)) for p in patches]).round().astype(np.uint8)


def constant_times(rate: Fraction, num_frames: int) -> list[Fraction]:
    """Return the presentation times in seconds of a constant frame rate."""
    return [index / rate for index in range(num_frames)]


def variable_times(num_frames: int, seed: int = 7) -> list[Fraction]:
    """Return times whose steps vary between 11 and 95 ms, as a phone's do in the dark."""
    steps = np.random.default_rng(seed).integers(11, 96, num_frames - 1)
    return [Fraction(int(t), 1000) for t in np.concatenate([[0], np.cumsum(steps)])]


def write_video(
    path: Path,
    times: Sequence[Fraction],
    *,
    display_size: tuple[int, int] = (320, 180),
    rotation_degrees: int = 0,
    sample_aspect: Fraction = Fraction(1),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    gop: int = 50,
    colorspace: int = 2,
    color_range: int = 1,
    container: str | None = None,
    options: dict[str, str] | None = None,
    first_number: int = 0,
) -> Path:
    """Write numbered pictures, frame i shown at `times[i]`, without sound; the first shows `first_number`.

    Args:
        rotation_degrees: the counter-clockwise turn that players apply (display matrix).
        sample_aspect: width of a pixel by its height; the display size stays as given.
        colorspace, color_range: FFmpeg's numbers for the matrix (1 BT.709, 2 unspecified,
            5 BT.601) and range (1 limited, 2 full) in which the pixels are stored and tagged.
    """
    width, height = display_size
    if rotation_degrees % 180:
        width, height = height, width
    width = round(width / sample_aspect)
    clock = _time_base(times)
    rate = 1 / (times[1] - times[0]) if len(times) > 1 else Fraction(25)
    with av.open(str(path), "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate.limit_denominator(60000))
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, pixel_format
        context.time_base, context.gop_size, context.thread_count = clock, gop, 1
        context.sample_aspect_ratio = sample_aspect
        context.colorspace, context.color_range = colorspace, color_range
        defaults = {"preset": "veryfast", "crf": "16"} if codec == "libx264" else {"b": "4M"}
        stream.options = defaults | (options or {})
        if rotation_degrees:
            stream.set_display_rotation(rotation_degrees)
        for number, time in enumerate(times, first_number):
            shown = numbered_picture(number, *display_size)
            coded = np.ascontiguousarray(np.rot90(shown, -rotation_degrees // 90))
            frame = _coded_frame(coded, width, height, pixel_format, colorspace, color_range)
            frame.pts, frame.time_base = round(time / clock), clock
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def _coded_frame(
    image: Image, width: int, height: int, pixel_format: str, colorspace: int, color_range: int
) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(
        width,
        height,
        pixel_format,
        dst_colorspace=_SWS_MATRIX[colorspace],
        dst_color_range=color_range,
    )
    frame.colorspace, frame.color_range = colorspace, color_range
    return frame


_SWS_MATRIX = {1: 1, 2: 5, 5: 5, 6: 5, 9: 9}


def _time_base(times: Sequence[Fraction]) -> Fraction:
    if len(times) < 2:
        return Fraction(1, 25)
    steps = {b - a for a, b in itertools.pairwise(times)}
    return steps.pop() if len(steps) == 1 else Fraction(1, math.lcm(*(t.denominator for t in times)))


def chirp(rate_hz: int) -> Samples:
    """Return a short sweep from 500 to 3500 Hz that starts at its first sample."""
    t = np.arange(round(CHIRP_SECONDS * rate_hz)) / rate_hz
    phase = 2 * np.pi * (500 * t + (3500 - 500) / (2 * CHIRP_SECONDS) * t**2)
    return (0.7 * np.hanning(len(t)) * np.sin(phase)).astype(np.float32)


def chirps(seconds: float, at_seconds: Sequence[float], rate_hz: int, channels: int = 1) -> Samples:
    """Return [samples, channels] silence with a chirp at each of the given times."""
    sound = np.zeros((round(seconds * rate_hz), channels), np.float32)
    pulse = chirp(rate_hz)[:, None]
    for at in at_seconds:
        first = round(at * rate_hz)
        sound[first : first + len(pulse)] += pulse[: len(sound) - first]
    return sound


def chirp_offset_seconds(samples: Samples, rate_hz: int, expected_seconds: float) -> float:
    """Return how much later than expected the chirp nearest to `expected_seconds` is heard.

    Cross-correlation with a parabola through its peak: good to about 0.01 ms.
    """
    pulse = chirp(rate_hz)
    reach = round(0.2 * rate_hz)
    first = round(expected_seconds * rate_hz) - reach
    window = np.pad(samples, (reach, 2 * reach + len(pulse)))[first + reach :][: 2 * reach + len(pulse)]
    scores = np.correlate(window, pulse, "valid")
    peak = int(np.argmax(scores))
    if scores[peak] < 0.5 * float(pulse @ pulse):
        raise ValueError(f"no chirp within 0.2 s of {expected_seconds} s")
    left, mid, right = scores[peak - 1], scores[peak], scores[peak + 1]
    fraction = 0.5 * (left - right) / (left - 2 * mid + right)
    return float((first + peak + fraction) / rate_hz - expected_seconds)


def run_ffmpeg(stream: Any) -> bytes:
    """Run an ffmpeg-python graph with the bundled binary and return its standard output."""
    return stream.global_args("-loglevel", "error", "-nostdin").run(
        cmd=imageio_ffmpeg.get_ffmpeg_exe(), capture_stdout=True, capture_stderr=True, overwrite_output=True
    )[0]


def add_sound(
    video: Path | None,
    sound: Samples,
    rate_hz: int,
    path: Path,
    *,
    codec: str = "aac",
    video_delay_seconds: float = 0.0,
    sound_delay_seconds: float = 0.0,
    options: dict[str, str] | None = None,
) -> Path:
    """Mux a video (copied) with [samples, channels] sound; a delay shifts one track against the other.

    With `video=None` the file holds sound alone.
    """
    # A WAV file, because ffmpeg does not shift what it reads from pipes or as raw samples.
    raw = path.with_name(path.name + ".raw.wav")
    with wave.open(str(raw), "wb") as handle:
        handle.setparams((sound.shape[1], 2, rate_hz, 0, "NONE", ""))
        handle.writeframes((sound * 32767).round().astype("<i2").tobytes())
    inputs = [ffmpeg.input(str(raw), itsoffset=sound_delay_seconds).audio]
    if video is not None:
        inputs.insert(0, ffmpeg.input(str(video), itsoffset=video_delay_seconds).video)
    settings = {"c:v": "copy", "c:a": codec, "strict": "-2"} | (options or {})
    run_ffmpeg(ffmpeg.output(*inputs, str(path), **settings))
    raw.unlink()
    return path


def remux(source: Path, path: Path, **settings: str) -> Path:
    """Copy the streams of a file into another container."""
    run_ffmpeg(ffmpeg.output(ffmpeg.input(str(source)), str(path), **({"c": "copy"} | settings)))
    return path


def talking_like_clip(path: Path, seconds: float = 4.0, rate: str = "25") -> Path:
    """Write an ordinary MP4: H.264 numbered pictures and AAC sound with a chirp each second."""
    silent = write_video(
        path.with_name(path.stem + ".silent.mp4"), constant_times(RATES[rate], int(seconds * RATES[rate]))
    )
    add_sound(silent, chirps(seconds, [i + 0.5 for i in range(int(seconds))], 48000, 2), 48000, path)
    silent.unlink()
    return path


def decode_with_ffmpeg(path: Path, width: int, height: int) -> Image:
    """Return the [frames, height, width, 3] displayed pictures as the ffmpeg program sees them."""
    output = ffmpeg.output(ffmpeg.input(str(path)), "pipe:", format="rawvideo", pix_fmt="rgb24")
    return np.frombuffer(run_ffmpeg(output), np.uint8).reshape(-1, height, width, 3)
