"""What the network makes of warped photos, beside the photo, the warp alone and the real frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.table import Table

from backends.select import person_segmenter
from backends.weights import perceptual_weights
from benchmarks.video_warp import chosen_frames, clips_of, psnr
from body.load import load_body_model
from models.data.records import Reference, Window
from models.video.checkpoint import VideoModel, bundled_model, load_video
from models.video.controls import EYES, HANDS, MOUTH, as_numbers, of_parts
from models.video.mend import frames_of, mended
from models.video.pairs import Examples, make_pairs
from models.video.perceptual import PerceptualDistance

Image = npt.NDArray[np.uint8]
Values = dict[str, float]
_FOLLOWING = 12  # frames in a row, for what moves
_DRAWS = 500
_STEPS = (1, 2, 4)


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """Values of a clip by way and measure."""

    person: str
    values: dict[str, Values]


def measure_network(
    data: Sequence[str], split: str | None, max_clips: int, model: Path | None, output: Path, console: Console
) -> dict[str, Any]:
    """Print the table, write pictures of some people; returns the figures."""
    known = load_video(model or bundled_model())
    looks = PerceptualDistance(perceptual_weights())
    found, rows = list[Judged](), list[Image]()
    for number, (person, pairs, following) in enumerate(_pairs(data, split, known)):
        if number == max_clips:
            break
        ways = _ways(pairs, known)
        values = {way: _scores(pictures, pairs, looks) for way, pictures in ways.items()}
        for way, pictures in _ways(following, known).items():
            values[way] |= _over_time(pictures, following)
        found.append(Judged(person=person, values=values))
        rows.append(np.concatenate([pictures[0] for pictures in ways.values()], axis=1))
    cv2.imwrite(str(output / "network_head.png"), np.concatenate(rows[:12])[..., ::-1])
    figures = _figures(found)
    _print(figures, found, console)
    return figures


def _pairs(
    data: Sequence[str], split: str | None, known: VideoModel
) -> Iterator[tuple[str, Examples, Examples]]:
    """Yield a clip's person, pairs of frames from anywhere in it, and pairs of frames in a row."""
    body, segment = load_body_model(), person_segmenter().segment
    for window in clips_of(data, split):
        apart, row = chosen_frames(window), _in_a_row(window)
        if apart is None or row is None:
            continue
        made = [
            make_pairs(one, {"head": known.about.window_px}, body, segment=segment).get("head")
            for one in (apart, row)
        ]
        if all(one is not None and one["fitted"].all() for one in made):
            person = (window.about.get("identity") or {}).get("identity_id") or window.about["video_id"]
            yield str(person), made[0], made[1]  # type: ignore[misc]


def _in_a_row(window: Window) -> Window | None:
    """Return frames in the middle of a clip, with its first one as the photo."""
    if window.frames is None or window.num_frames < _FOLLOWING + 1:
        return None
    start = (window.num_frames - _FOLLOWING) // 2
    rows = np.arange(start, start + _FOLLOWING)
    first = {name: array[:1] for name, array in window.arrays.items()}
    return replace(
        window,
        num_frames=_FOLLOWING,
        arrays={name: array[rows] for name, array in window.arrays.items()},
        frames=window.frames[rows],
        reference=Reference(frame=0, arrays=first, picture=window.frames[0]),
    )


def _ways(pairs: Examples, known: VideoModel) -> dict[str, Image]:
    """Return frames (T, S, S, 3) by the way they were made."""
    photo = np.broadcast_to(pairs["reference"], pairs["warp"].shape)
    ways = {"photo": photo, "warp": pairs["warp"]}
    told = frames_of(pairs)
    for steps in _STEPS:
        ways[f"network, {steps} steps"] = mended(known, told, steps).numpy()
    return ways | {"real": pairs["target"]}


def _scores(pictures: Image, pairs: Examples, looks: PerceptualDistance) -> Values:
    drawn, real = (as_numbers(torch.from_numpy(np.array(x))) for x in (pictures, pairs["target"]))
    part = torch.from_numpy(pairs["part"])
    squared = ((drawn - real) * 127.5).square().mean(1, keepdim=True)
    masks = {
        "whole": torch.ones_like(squared),
        "person": (part[:, None] > 0).float(),
        "mouth": of_parts(part, MOUTH, 4),
        "eyes": of_parts(part, EYES, 4),
        "hands": of_parts(part, HANDS, 2),
        "visible": torch.from_numpy(pairs["validity"] == 3)[:, None].float(),
    }
    found: Values = {}
    for name, mask in masks.items():
        if mask.sum() >= 16:
            found[f"{name} dB"] = float(psnr(np.array(((squared * mask).sum() / mask.sum()).item())))
    mouth = masks["mouth"]
    if bool((mouth.sum((1, 2, 3)) > 0).all()):
        found["mouth ST-LPIPS"] = float(looks(drawn, real, mouth).mean())
        found["mouth sharpness"] = _sharpness(drawn, mouth) / max(_sharpness(real, mouth), 1e-9)
    found["ST-LPIPS"] = float(looks(drawn, real).mean())
    return found


def _sharpness(x: torch.Tensor, mask: torch.Tensor) -> float:
    """Return the root mean square of the Laplacian where a mask is."""
    kernel = torch.tensor([[[[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]]])
    edges = torch.nn.functional.conv2d(x.mean(1, keepdim=True), kernel, padding=1)
    return float(((edges.square() * mask).sum() / mask.sum().clamp_min(1)).sqrt())


def _over_time(pictures: Image, pairs: Examples) -> Values:
    """Return how changes from frame to frame agree with the real ones', how large they are against them, and
    how much the background moves.
    """
    drawn, real = (np.diff(x.astype(np.float32), axis=0) for x in (pictures, pairs["target"]))
    still = (pairs["validity"] == 2).all(0)
    return {
        "change error": float(np.abs(drawn - real).mean()),
        "change against real": float(np.abs(drawn).mean() / max(np.abs(real).mean(), 1e-6)),
        "background change": float(np.abs(drawn[:, still]).mean()) if still.any() else 0.0,
    }


def _figures(found: Sequence[Judged]) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return means over clips by way and measure, with 95 % intervals by drawing people again."""
    people = sorted({one.person for one in found})
    random = np.random.default_rng(0)
    draws = [np.arange(len(people))] + [random.integers(len(people), size=len(people)) for _ in range(_DRAWS)]
    figures: dict[str, dict[str, tuple[float, float, float]]] = {}
    for way in found[0].values:
        for name in sorted({name for one in found for name in one.values[way]}):
            sums = np.zeros((len(people), 2))
            for one in found:
                if name in one.values[way]:
                    sums[people.index(one.person)] += one.values[way][name], 1
            drawn = [np.divide(*sums[draw].sum(0)) for draw in draws if sums[draw, 1].sum()]
            low, high = np.percentile(drawn[1:], [2.5, 97.5])
            figures.setdefault(name, {})[way] = (float(drawn[0]), float(low), float(high))
    return figures


def _print(figures: dict[str, Any], found: Sequence[Judged], console: Console) -> None:
    people = len({one.person for one in found})
    ways = list(found[0].values)
    table = Table(title=f"head, {len(found)} clips of {people} people (95 % over people)")
    for column in ("", *ways):
        table.add_column(column, justify="right" if column else "left")
    for name, values in figures.items():
        cells = [f"{v:.3g} ({low:.3g}, {high:.3g})" for v, low, high in (values[way] for way in ways)]
        table.add_row(name, *cells)
    console.print(table)
