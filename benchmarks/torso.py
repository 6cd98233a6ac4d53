"""Whether fitted bodies sway less with steadied shoulders and hips: heads carried along by both fits.

    python -m benchmarks.torso --data OUT [--split test] [--every 2] [--output FOLDER]

The frames of a run's clips are looked at anew. A body is fitted to landmarks as they were found and to the
steadied ones (`transforms/extract_landmarks/torso.py`), a frame of the clip is warped to others by each, and
set beside the real frames: PSNR of windows of 128 px around the head, whole and by part of the body, as
`evaluate` has it. Both fits are judged on the same frames.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402

from backends import select  # noqa: E402
from backends.protocols.pictures import FrameLandmarks  # noqa: E402
from benchmarks.page import Part as Section  # noqa: E402
from benchmarks.page import Table, print_part  # noqa: E402
from body.load import load_body_model  # noqa: E402
from body.model import BodyModel  # noqa: E402
from body.topology import Part  # noqa: E402
from commands.evaluation_figures import mean_interval  # noqa: E402
from models.data.records import Window  # noqa: E402
from models.video.judged import apart, judged_clips, person_of  # noqa: E402
from models.video.measures import psnr  # noqa: E402
from models.video.pairs import Examples, Segment, make_pairs  # noqa: E402
from pipelines.observed import observed  # noqa: E402
from transforms.extract_landmarks import LandmarkCollector, LandmarkConfig  # noqa: E402
from transforms.fit_body import fit_clip  # noqa: E402

FOUND, STEADIED, PHOTO = "as found", "steadied", "photo, unmoved"
PARTS: Mapping[str, tuple[Part, ...]] = {
    "whole": (),
    "torso": (Part.TORSO,),
    "arms": (Part.LEFT_ARM, Part.RIGHT_ARM),
    "head": (Part.HEAD,),
    "face": (Part.FACE,),
}
_LEAST_PX = 200


def looked_at(clip: Window) -> tuple[list[FrameLandmarks], list[FrameLandmarks]]:
    """Return a clip's landmarks as found and steadied."""
    config = LandmarkConfig()
    extractor = select.landmark_extractor(config.min_score, config.model_complexity)
    collector = LandmarkCollector(extractor, clip.arrays["box:face"].astype(np.float64), config)
    assert clip.frames is not None
    for picture in clip.frames:
        collector.update(picture, repeated=False)
    return collector.frames, collector.steadied()


def fitted(clip: Window, landmarks: Sequence[FrameLandmarks], body: BodyModel) -> Window:
    """Return a clip with a body that is fitted to landmarks; which frames are judged stays."""
    width, height = clip.about["width"], clip.about["height"]
    fit = fit_clip(body, observed(landmarks, width, height, clip.fps))
    kept = {name: clip.arrays[name] for name in clip.arrays if name.startswith("valid:")}
    arrays = {name: array for name, array in fit.arrays().items() if name in clip.arrays} | kept
    about = dict(clip.about["body_fit"]) | {"focal_length_px": fit.focal_length_px}
    return replace(
        clip,
        arrays=dict(clip.arrays) | arrays,
        betas=fit.betas,
        about=dict(clip.about) | {"body_fit": about},
    )


def nearness(pairs: Examples) -> dict[str, tuple[float, float]]:
    """Return the PSNR of the warp and of the unmoved photo, by part."""
    real, still = pairs["target"].astype(np.float32), pairs["reference"].astype(np.float32)[None]
    wrong = [((made - real) ** 2).mean(-1) for made in (pairs["warp"].astype(np.float32), still)]
    found: dict[str, tuple[float, float]] = {}
    for name, parts in PARTS.items():
        mask = np.isin(pairs["part"], parts) if parts else np.ones(pairs["part"].shape, np.bool_)
        if mask.sum() >= _LEAST_PX:
            warped, copied = (psnr(float(one[mask].mean(dtype=np.float64))) for one in wrong)
            found[name] = warped, copied
    return found


def judged(clip: Window, body: BodyModel, segment: Segment) -> dict[str, dict[str, float]] | None:
    """Return PSNR by part and way; None if a body is not fitted."""
    scores: dict[str, dict[str, float]] = {}
    for way, landmarks in zip((FOUND, STEADIED), looked_at(clip), strict=True):
        chosen = apart(fitted(clip, landmarks, body))
        pairs = {} if chosen is None else make_pairs(chosen, {"head": 128}, body, segment=segment)
        if "head" not in pairs:
            return None
        for name, (warped, copied) in nearness(pairs["head"]).items():
            scores.setdefault(name, {})[way] = warped
            scores[name].setdefault(PHOTO, copied)
    return {name: by_way for name, by_way in scores.items() if len(by_way) == len((FOUND, STEADIED, PHOTO))}


def table_of(found: Sequence[tuple[str, dict[str, dict[str, float]]]]) -> Table:
    """Return means over clips and the difference with its interval of 95 %, people drawn again."""
    rows: list[tuple[object, ...]] = []
    for name in PARTS:
        some = [(person, scores[name]) for person, scores in found if name in scores]
        if not some:
            continue
        gains = [by_way[STEADIED] - by_way[FOUND] for _, by_way in some]
        mean, low, high = mean_interval(gains, [person for person, _ in some])
        means = [float(np.mean([by_way[way] for _, by_way in some])) for way in (PHOTO, FOUND, STEADIED)]
        better = sum(gain > 0 for gain in gains)
        rows.append((name, len(some), *means, mean, f"{low:+.2f} to {high:+.2f}", better))
    columns = ("part", "clips", PHOTO, FOUND, STEADIED, "gain", "95 %", "better in")
    return Table(title="PSNR of warped heads and shoulders, dB", columns=columns, rows=rows)


def main() -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", required=True, nargs="+", help="run folders or folders of shards")
    parser.add_argument("--split", help="whose clips; default: all splits")
    parser.add_argument("--every", type=int, default=1, help="judge one clip in so many (1)")
    parser.add_argument("--output", type=Path, default=Path("out/torso"), help="default: out/torso")
    options = parser.parse_args()
    body, segment, console = load_body_model(), select.person_segmenter().segment, Console()
    found: list[tuple[str, dict[str, dict[str, float]]]] = []
    for number, clip in enumerate(judged_clips(options.data, options.split)):
        scores = judged(clip, body, segment) if number % options.every == 0 else None
        if scores is not None:
            found.append((person_of(clip), scores))
            gain = scores["whole"][STEADIED] - scores["whole"][FOUND]
            console.print(f"{clip.key[:20]}: {gain:+.2f} dB", highlight=False)
    table = table_of(found)
    print_part(Section(name="torso", tables=[table], values={}), console)
    options.output.mkdir(parents=True, exist_ok=True)
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    (options.output / "results.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
