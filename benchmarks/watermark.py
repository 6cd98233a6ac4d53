"""Is the watermark read after what happens to videos, and never seen where there is none?

    .venv/bin/python -m benchmarks.watermark --data FOLDER [--data FOLDER] --parts marked,plain --number 40

`marked`: stretches of 5 s of the folders' videos, 512 to 600 px on the shorter side (others are resized), get
a payload each, are encoded as `generate` does, and changed by FFmpeg. `plain`: stretches of at least 2.5 s,
eight crops each, are looked through without a mark. Another --seed draws others.
"""

import argparse
import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg
import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from rich.console import Console

from benchmarks.page import Part, Table, print_part
from benchmarks.people_attributes import wilson
from media import (
    DecodeTally,
    MediaError,
    MediaLimits,
    PictureView,
    VideoEncoder,
    VideoFrame,
    decode_video,
    probe_media,
)
from media.view import displayed_size
from media.watermark import PUBLIC_KEY, Finding, WatermarkReader, WatermarkWriter, read_watermark
from media.watermark.detect import MAX_FALSE_ALARM_LOG10, false_alarm_log10
from media.watermark.scan import MIN_SECONDS, STRETCH_SECONDS

_SUFFIXES = {".mp4", ".mpg", ".flv", ".mkv", ".webm", ".mov"}
_SIDES_PX, _CROPS, _SMALLEST_CROP = (512, 600), 8, 0.7
_CRF, _PRESET = 18, "veryfast"
_HALF = "scale=trunc(iw/4)*2:trunc(ih/4)*2"
# A tenth of each side is cut off, of a place that is drawn.
_CROP = "crop=trunc(iw*0.45)*2:trunc(ih*0.45)*2:(iw-ow)*{x}:(ih-oh)*{y}"
CHANGES: dict[str, tuple[tuple[str, ...], int]] = {
    "as it was written": ((), 0),
    "crf 28": ((), 28),
    "half size": ((_HALF,), 18),
    "cropped by 10 %": ((_CROP,), 18),
    "cropped, half size, crf 28": ((_CROP, _HALF), 28),
}
Gray = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A piece of a video."""

    path: str
    start_seconds: float
    seconds: float
    size: tuple[int, int]
    rotation: int


def stretches(folders: Sequence[str], shortest: float, rng: np.random.Generator) -> Iterator[Stretch]:
    """Yield pieces of all videos that last at least `shortest` seconds, in an order that is drawn."""
    found: list[Stretch] = []
    for path in sorted(p for f in folders for p in Path(f).rglob("*") if p.suffix.lower() in _SUFFIXES):
        try:
            info = probe_media(str(path), MediaLimits())
        except MediaError:
            continue
        if not info.has_video or info.picture_seconds < shortest:
            continue
        size = displayed_size(
            info.width or 1, info.height or 1, info.rotation_degrees or 0, info.pixel_aspect or 1.0
        )
        length = min(info.picture_seconds, STRETCH_SECONDS)
        for index in range(max(int(info.picture_seconds / STRETCH_SECONDS), 1)):
            start = index * STRETCH_SECONDS
            place = {"path": str(path), "start_seconds": start, "seconds": length}
            found.append(Stretch(**place, size=size, rotation=info.rotation_degrees or 0))
    for index in rng.permutation(len(found)):
        yield found[index]


def pictures(stretch: Stretch, fps: float, pixel_format: str) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield a stretch's pictures, so many a second: slower ones are shown again."""
    view = PictureView(*stretch.size, stretch.rotation, pixel_format)
    begin, due = stretch.start_seconds, stretch.start_seconds
    end = begin + stretch.seconds
    for picture in decode_video(stretch.path, MediaLimits(), DecodeTally(), begin or None, end - 1e-3):
        if picture.seconds + 1e-3 < due:
            continue
        shown = view.pixels(picture.frame)
        while picture.seconds + 1e-3 >= due:
            due += 1.0 / fps
            yield shown


def mark(stretch: Stretch, payload: int, path: Path) -> float:
    """Write a marked copy of a stretch; returns its PSNR in dB."""
    ratio = float(np.clip(min(stretch.size), *_SIDES_PX)) / min(stretch.size)
    size = (round(stretch.size[0] * ratio / 2) * 2, round(stretch.size[1] * ratio / 2) * 2)
    writer = WatermarkWriter(*size, payload, PUBLIC_KEY)
    encoder = VideoEncoder(*size, 25.0, _CRF, _PRESET)
    errors: list[float] = []
    for picture in pictures(stretch, 25.0, "rgb24"):
        plain = np.asarray(Pillow.fromarray(picture).resize(size, Pillow.Resampling.BICUBIC), np.uint8)
        marked = writer.mark(plain)
        errors.append(float(np.mean(np.square(marked.astype(np.float32) - plain))))
        encoder.write(VideoFrame.from_ndarray(marked, "rgb24").reformat(format="yuv420p"))
    path.write_bytes(encoder.finish())
    return 20 * math.log10(255) - 10 * math.log10(max(float(np.mean(errors)), 1e-9))


def changed(path: Path, filters: Sequence[str], crf: int, rng: np.random.Generator) -> Path:
    """Return a copy that FFmpeg made at its default settings; the file itself if nothing is to be done."""
    if not crf:
        return path
    out = path.with_name("changed.mp4")
    chain = ",".join(filters).format(x=f"{rng.random():.3f}", y=f"{rng.random():.3f}")
    options: dict[str, Any] = {"c:v": "libx264", "crf": crf, "threads": 1, **({"vf": chain} if chain else {})}
    options |= {"preset": _PRESET} if crf == _CRF else {}
    job = ffmpeg.input(str(path)).output(str(out), **options).overwrite_output()
    job.run(cmd=imageio_ffmpeg.get_ffmpeg_exe(), quiet=True)
    return out


def measure_marked(folders: Sequence[str], number: int, seed: int) -> Part:
    """Return how often payloads are read after each change."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[tuple[bool, Finding]]] = {name: [] for name in CHANGES}
    noise: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for _, stretch in zip(range(number), stretches(folders, 4.9, rng), strict=False):
            payload, path = int(rng.integers(2**16)), Path(folder) / "marked.mp4"
            noise.append(mark(stretch, payload, path))
            for name, (filters, crf) in CHANGES.items():
                finding = read_watermark(str(changed(path, filters, crf, rng)), PUBLIC_KEY)
                found[name].append((finding.payload == payload, finding))
    rows: list[tuple[Any, ...]] = []
    for name, findings in found.items():
        fits = [finding.fit or 0.0 for _, finding in findings]
        right = sum(hit for hit, _ in findings)
        rows.append((name, len(fits), wilson(right, len(fits)), min(fits), float(np.median(fits))))
    columns = ("change", "n", "payload right, %", "least fit", "median fit")
    remark = f"PSNR {min(noise):.1f} to {max(noise):.1f} dB; 95 % intervals after Wilson"
    worst = min(sum(hit for hit, _ in findings) / len(findings) for findings in found.values())
    return Part(
        name="marked",
        tables=[Table(title="Marked", columns=columns, rows=rows, remark=remark)],
        values={"worst": worst, "psnr": min(noise)},
        targets=[
            ("payload right in 99 %", f"{100 * worst:.1f} %", worst >= 0.99),
            ("PSNR of 42 dB", f"{min(noise):.1f} dB", min(noise) >= 42.0),
        ],
    )


def measure_plain(folders: Sequence[str], number: int, seed: int) -> Part:
    """Return how well pictures without the mark fit, beside what the bound allows."""
    rng = np.random.default_rng(seed)
    fits: list[float] = []
    tried = 1.0
    for stretch in stretches(folders, MIN_SECONDS, rng):
        if len(fits) >= number:
            break
        readers = [(WatermarkReader(PUBLIC_KEY), *rng.random(3)) for _ in range(_CROPS)]
        for picture in pictures(stretch, 5.0, "gray"):
            for reader, share, x, y in readers:
                reader.add(_crop(picture, _SMALLEST_CROP + (1 - _SMALLEST_CROP) * share, x, y))
        for finding in (reader.find() for reader, *_ in readers if reader.num_frames):
            assert finding.searched is not None and finding.fit is not None
            fits.append(finding.fit)
            tried = finding.searched.num_tried
    alarms = sum(false_alarm_log10(fit, tried) <= MAX_FALSE_ALARM_LOG10 for fit in fits)
    rows = [(f"{q:g}", float(np.quantile(fits, q))) for q in (0.5, 0.9, 0.99, 0.999, 1.0)]
    needed = math.sqrt(2 * (math.log(tried) - MAX_FALSE_ALARM_LOG10 * math.log(10)))
    remark = f"{len(fits)} crops; {alarms} false alarms; a fit of {needed:.2f} is needed"
    return Part(
        name="plain",
        tables=[Table(title="Unmarked", columns=("quantile", "fit"), rows=rows, remark=remark)],
        values={"alarms": alarms},
        targets=[("no false alarm", str(alarms), alarms == 0)],
    )


def _crop(picture: Gray, share: float, x: float, y: float) -> Gray:
    height, width = round(picture.shape[0] * share), round(picture.shape[1] * share)
    top, left = round((picture.shape[0] - height) * y), round((picture.shape[1] - width) * x)
    return picture[top : top + height, left : left + width]


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", action="append", required=True, help="a folder with videos")
    parser.add_argument("--parts", default="marked,plain")
    parser.add_argument("--number", type=int, default=40, help="marked clips; or crops of unmarked ones")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    measures = {"marked": measure_marked, "plain": measure_plain}
    for name in options.parts.split(","):
        print_part(measures[name](options.data, options.number, options.seed), Console())


if __name__ == "__main__":
    main()
