"""How many jump cuts are found in one take from which something was cut out, and how many where nothing was.

    python benchmarks/jump_cuts.py --data DIR [--only SUBSTRING] [--cuts 12] [--seconds 12]

DIR holds manifest.csv and video/. Each video loses 0.2 to 2 s at random places, one at a time, and is looked
at by the jump cuts' step alone; cuts that people saw in it (benchmarks/cuts.csv) are no false ones. Videos
are divided into two halves by their names: bounds were set on half 0, half 1 is what counts. Cuts that change
nothing visible are counted too.
"""

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

import numpy as np  # noqa: E402
from scipy.stats import binomtest  # noqa: E402

from benchmarks.material import VIDEO_FOLDER, manifest_cuts, verified_cuts, video_files  # noqa: E402
from media import DecodeTally, MediaError, MediaLimits, PictureView, decode_video  # noqa: E402
from pipelines.scan_video import size_with_side  # noqa: E402
from schemas.records.source import Source  # noqa: E402
from schemas.records.video import Video  # noqa: E402
from transforms.find_jump_cuts import PICTURE_SIDE_PX, Gray, JumpConfig, JumpScanner  # noqa: E402
from transforms.probe import ProbeConfig, probe_source  # noqa: E402

_AROUND = 16  # pictures on either side of a cut that the scanner is given
_NEAR_SECONDS = 0.2


def main() -> int:
    """Print recall and false cuts of both halves."""
    options = _options()
    known = [*manifest_cuts(options.data), *verified_cuts()]
    counts = {half: [0, 0, 0, 0.0] for half in (0, 1)}  # found, cuts, false ones, seconds
    for name in video_files(options.data, options.only):
        try:
            pictures, times = _read(options.data / VIDEO_FOLDER / name, options.seconds)
        except (MediaError, ValueError) as error:
            print(f"{name}: {error}")
            continue
        seen = [(c.seconds - _NEAR_SECONDS, c.until_seconds + _NEAR_SECONDS) for c in known if c.file == name]
        extra = [t for t in (times[i] for i in _cuts(pictures)) if not any(a <= t <= b for a, b in seen)]
        joined = _joined(pictures, times, seen, options.cuts, name)
        found = sum(any(abs(i - _AROUND) <= 1 for i in _cuts(take)) for take in joined)
        row = counts[_number(name.rsplit(".", 1)[0].replace("/", "-")) % 2]
        for place, value in enumerate((found, len(joined), len(extra), times[-1])):
            row[place] += value
        print(f"{name:50} found {found:3} of {len(joined):3}  false {[round(t, 2) for t in extra]}")
    for half, (found, number, false, seconds) in counts.items():
        print(f"half {half}: found {_share(found, number)}; {false} false in {seconds / 60:.1f} minutes")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", required=True, type=Path, help="folder with manifest.csv and video/")
    parser.add_argument("--only", help="only videos whose path contains this")
    parser.add_argument("--cuts", type=int, default=12, help="cuts a video; default: 12")
    parser.add_argument("--seconds", type=float, default=12.0, help="of each video; default: 12")
    return parser.parse_args()


def _read(path: Path, seconds: float) -> tuple[list[Gray], list[float]]:
    video = probe_source(Source(uri=str(path), name=path.name), ProbeConfig(), MediaLimits())
    if not isinstance(video, Video):
        raise ValueError("turned down by the probe")
    view = PictureView(*size_with_side(video, PICTURE_SIDE_PX), video.rotation_degrees, "gray")
    pictures: list[Gray] = []
    times: list[float] = []
    for picture in decode_video(str(path), MediaLimits(), DecodeTally()):
        if picture.seconds > seconds:
            break
        pictures.append(view.pixels(picture.frame).copy())
        times.append(picture.seconds)
    if len(pictures) < 3 * _AROUND:
        raise ValueError("too short")
    return pictures, times


def _cuts(pictures: Sequence[Gray]) -> list[int]:
    scanner = JumpScanner(JumpConfig())
    for picture in pictures:
        scanner.update(picture)
    return scanner.finish()


def _joined(
    pictures: list[Gray], times: list[float], seen: list[tuple[float, float]], number: int, name: str
) -> list[list[Gray]]:
    """Return takes whose picture _AROUND is the first after a cut; without those that have a real one."""
    random = np.random.default_rng(_number(name))
    fps = (len(times) - 1) / (times[-1] - times[0])
    takes: list[list[Gray]] = []
    for _ in range(number):
        gap = round(random.uniform(0.2, 2.0) * fps)
        if len(pictures) <= gap + 2 * _AROUND:
            continue
        last = int(random.integers(_AROUND, len(pictures) - gap - _AROUND))
        span = times[last - _AROUND], times[min(last + gap + _AROUND, len(times) - 1)]
        if not any(a < span[1] and b > span[0] for a, b in seen):
            takes.append([*pictures[last - _AROUND : last], *pictures[last + gap : last + gap + _AROUND]])
    return takes


def _number(name: str) -> int:
    return int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(), 16)


def _share(found: float, number: float) -> str:
    if not number:
        return "none of 0"
    interval = binomtest(int(found), int(number)).proportion_ci(0.95, "wilson")
    return f"{found / number:.2f} of {number} ({interval.low:.2f} to {interval.high:.2f})"


if __name__ == "__main__":
    raise SystemExit(main())
