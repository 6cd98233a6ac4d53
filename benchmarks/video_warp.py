"""How near a warped photo comes to the real frame, by window and region, and what it costs."""

import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from backends.select import person_segmenter
from body.load import load_body_model
from body.model import BodyModel
from body.photo import prepare_photo, window_of
from body.raster import Pinhole
from body.topology import Part
from body.warp import Seen, warp
from body.windows import Box, WindowKind
from models.data.clips import clips
from models.data.records import Reference, Window
from models.video.pairs import Examples, make_pairs, pair_windows, posed_window

Image = npt.NDArray[np.uint8]
SIZES: dict[WindowKind, int] = {"head": 128, "left_hand": 128, "right_hand": 128, "whole": 192}
_TARGETS = 6
_DRAWS = 500
_EYES, _HANDS = (Part.LEFT_EYE, Part.RIGHT_EYE), (Part.LEFT_HAND, Part.RIGHT_HAND)
# Parts and by how many px they are widened: lids belong to eyes.
_REGIONS: dict[str, tuple[tuple[Part, ...], int]] = {
    "body": (tuple(part for part in Part if part is not Part.BACKGROUND), 0),
    "mouth": ((Part.MOUTH,), 4),
    "eyes": (_EYES, 4),
    "hands": (_HANDS, 2),
}
_SPEED_PX = 512


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Scored:
    """Squared errors of a window's frames: sums (F,) and numbers of pixels (F,) by way and region."""

    kind: WindowKind
    person: str
    errors: dict[tuple[str, str], tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]]
    examples: Examples


def measure_warp(
    data: Sequence[str], split: str | None, max_clips: int, pictures: int, output: Path, console: Console
) -> dict[str, Any]:
    """Print the table and times, write the pictures; returns the figures."""
    model, segment = load_body_model(), person_segmenter().segment
    found = list(_scored(data, split, max_clips, model, segment))
    values: dict[str, Any] = {}
    for kind in SIZES:
        mine = [one for one in found if one.kind == kind]
        if not mine:
            continue
        values[kind] = _figures(mine)
        _print(kind, mine, values[kind], console)
        cv2.imwrite(str(output / f"warp_{kind}.png"), _strip(mine, pictures)[..., ::-1])
    values["milliseconds"] = _times(data, split, model, segment)
    for name, spent in values["milliseconds"].items():
        console.print(f"{name}: {spent:.1f} ms", markup=False)
    return values


def _scored(
    data: Sequence[str], split: str | None, max_clips: int, model: BodyModel, segment: Any
) -> Iterator[Scored]:
    for number, window in enumerate(clips_of(data, split)):
        if number == max_clips:
            return
        chosen = chosen_frames(window)
        if chosen is None:
            continue
        person = (window.about.get("identity") or {}).get("identity_id") or window.about["video_id"]
        for kind, examples in make_pairs(chosen, SIZES, model, segment=segment).items():
            kept = examples["fitted"] > 0
            if kept.any():
                few = {n: a if n == "reference" else a[kept] for n, a in examples.items()}
                yield Scored(kind=kind, person=person, errors=_errors(few), examples=few)


def clips_of(data: Sequence[str], split: str | None) -> Iterator[Window]:
    """Yield the clips of some runs, whole, as pairs are made of them."""
    config = pair_windows(num_frames=1)
    for root in data:
        yield from clips(root, config, split=split)


def chosen_frames(window: Window) -> Window | None:
    """Return some frames of a whole clip and another one as reference; None if its face is not fitted."""
    random = np.random.default_rng(zlib.crc32(window.key.encode()))
    sound = np.flatnonzero(window.arrays["valid:smplx_face"] & window.arrays["valid:smplx_body"])
    if len(sound) < 2 or window.frames is None:
        return None
    rows = random.permutation(sound)[: _TARGETS + 1]
    frames, other = rows[1:], int(rows[0])
    return replace(
        window,
        num_frames=len(frames),
        arrays={name: array[frames] for name, array in window.arrays.items()},
        frames=window.frames[frames],
        reference=Reference(
            frame=other,
            arrays={name: array[[other]] for name, array in window.arrays.items()},
            picture=window.frames[other],
        ),
    )


def _errors(examples: Examples) -> dict[tuple[str, str], tuple[Any, Any]]:
    part, real = examples["part"], examples["target"].astype(np.float32)
    masks = {name: _widened(np.isin(part, parts), by) for name, (parts, by) in _REGIONS.items()}
    masks |= {
        "whole": np.ones(part.shape, bool),
        "valid": examples["validity"] == Seen.VISIBLE,
        "hidden": (examples["validity"] == Seen.HIDDEN) & (part > 0),
        "around": part == 0,
    }
    ways = {"photo": examples["reference"][None], "warp": examples["warp"]}
    found: dict[tuple[str, str], tuple[Any, Any]] = {}
    for way, picture in ways.items():
        squared = ((picture - real) ** 2).mean(-1)
        for name, mask in masks.items():
            found[way, name] = ((squared * mask).sum((1, 2), np.float64), mask.sum((1, 2)))
    return found


def _widened(mask: npt.NDArray[np.bool_], by: int) -> npt.NDArray[np.bool_]:
    kernel = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return np.stack([cv2.dilate(one.astype(np.uint8), kernel) for one in mask]) > 0


def _figures(scored: Sequence[Scored]) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return PSNR in dB by way and region: that of the mean squared error, and its interval over people.

    That of the whole window is the mean of the frames' own.
    """
    people = sorted({one.person for one in scored})
    random = np.random.default_rng(0)
    draws = [np.arange(len(people))] + [random.integers(len(people), size=len(people)) for _ in range(_DRAWS)]
    figures: dict[str, dict[str, tuple[float, float, float]]] = {}
    for way, region in scored[0].errors:
        sums = np.zeros((len(people), 2))
        for one in scored:
            errors, numbers = one.errors[way, region]
            if region == "whole":
                errors, numbers = psnr(errors / numbers), np.ones(len(numbers))
            sums[people.index(one.person)] += errors.sum(), numbers.sum()
        if not sums[:, 1].sum():
            continue
        drawn = np.array([np.divide(*sums[draw].sum(0)) for draw in draws if sums[draw, 1].sum()])
        values = drawn if region == "whole" else psnr(drawn)
        low, high = np.percentile(values[1:], [2.5, 97.5])
        figures.setdefault(region, {})[way] = (float(values[0]), float(low), float(high))
    return figures


def psnr(error: Any) -> Any:
    """Return PSNR in dB of mean squared errors of levels from 0 to 255."""
    return -10 * np.log10(np.maximum(error, 1e-2) / 255**2)


def _print(kind: str, scored: Sequence[Scored], figures: dict[str, Any], console: Console) -> None:
    frames, people = sum(len(one.examples["target"]) for one in scored), len({one.person for one in scored})
    table = Table(
        title=f"{kind}, {SIZES[kind]} px: PSNR dB of {frames} frames of {people} people (95 % over people)"  # type: ignore[index]
    )
    for column in ("region", "photo", "warp"):
        table.add_column(column, justify="left" if column == "region" else "right")
    for region, ways in figures.items():
        table.add_row(region, *(f"{v:.2f} ({low:.2f}, {high:.2f})" for v, low, high in ways.values()))
    console.print(table)


def _strip(scored: Sequence[Scored], number: int) -> Image:
    """Return a picture of people below each other: photo, background known, warp, validity, real."""
    shown = list({one.person: one for one in scored}.values())[:number]
    rows: list[Image] = []
    for one in shown:
        all_of = one.examples
        marks = np.repeat(all_of["validity"][0][..., None] * np.uint8(85), 3, axis=2)
        rows.append(
            np.concatenate([all_of["reference"], all_of["warp"][0], all_of["target"][0], marks], axis=1)
        )
    return np.concatenate(rows)


def _times(data: Sequence[str], split: str | None, model: BodyModel, segment: Any) -> dict[str, float]:
    """Return median ms on one clip: of a pair with all that belongs to it, and of frames of a whole photo."""
    window = next(chosen for clip in clips_of(data, split) if (chosen := chosen_frames(clip)) is not None)
    assert window.reference is not None and window.reference.picture is not None
    camera, points, _ = posed_window(window, np.arange(window.num_frames), model)
    size = (_SPEED_PX, _SPEED_PX)
    whole = cv2.resize(window.reference.picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    scaled = Pinhole.for_picture(_SPEED_PX, _SPEED_PX, camera.focal_px * _SPEED_PX / camera.width_px)
    photo = prepare_photo(whole, points[-1], scaled, model, segmented=segment(whole))
    head = window_of(photo, Box(left=128, top=64, side=256), 128, model)
    sizes: dict[WindowKind, int] = {"head": 128}
    pairs = window.num_frames
    return {
        "a pair at 128 px": _median_ms(lambda: make_pairs(window, sizes, model, segment=segment)) / pairs,
        "warping a window of 128 px": _median_ms(lambda: warp(head, points[0], model)),
        f"preparing a photo of {_SPEED_PX} px": _median_ms(
            lambda: prepare_photo(whole, points[-1], scaled, model, segmented=segment(whole))
        ),
        f"warping a photo of {_SPEED_PX} px": _median_ms(lambda: warp(photo, points[0], model)),
    }


def _median_ms(work: Any, rounds: int = 15) -> float:
    work()
    spent: list[float] = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return 1000 * float(np.median(spent))
