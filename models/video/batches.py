"""Windows of shards as a video model wants them: frames, what geometry makes of another frame, and the truth.

B = clips x frames a clip windows of S px, the frames of a clip next to each other.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from body.model import BodyModel
from body.windows import HAND_WINDOWS, Box, WindowKind
from models.data.loader import WindowLoader
from models.data.records import Window
from models.data.windows import ShardWindows
from models.device import best_device
from models.training import Batches
from models.video.config import PairsConfig
from models.video.controls import Frames, VideoBatch
from models.video.pairs import Examples, Segment, make_pairs, pair_windows, shows_the_same
from models.video.pool import ExamplePool
from schemas.outcomes import BadInputError

# Frames that are not to follow each other are taken from so many as a window has.
_SPREAD_FRAMES = 24


class VideoExamples:
    """Makes batches of windows; runs in the workers that read."""

    def __init__(self, model: BodyModel, config: PairsConfig, segment: Segment | None) -> None:
        self._model, self._config, self._segment = model, config, segment

    def __call__(self, windows: Sequence[Window]) -> VideoBatch:
        """Return the batch of some clips' windows.

        Raises:
            BadInputError: if a window was fitted with another body model.
        """
        made = [self._example(window) for window in windows]
        stacked = {name: torch.from_numpy(np.concatenate([one[name] for one in made])) for name in made[0]}
        target, counts = stacked.pop("target"), stacked.pop("fitted").float()
        skipped = tuple(found for window in windows for found in window.skipped)
        frames = Frames(**stacked)
        return VideoBatch(
            frames=frames, target=target, counts=counts, after=windows[-1].after, skipped=skipped
        )

    def _example(self, window: Window) -> Examples:
        config = self._config
        named = f"{window.key} {window.start_frame} {window.mirrored}"
        random = np.random.default_rng(list(hashlib.sha256(named.encode()).digest()[:8]))
        if config.num_frames > 1:
            targets = np.arange(config.num_frames)
        else:
            targets = np.sort(random.permutation(window.num_frames)[: config.frames_a_clip])
        hands = bool(random.random() < config.hand_share)
        apart = config.placed_apart * random.uniform(-1, 1, 3)
        kinds: list[WindowKind] = ["head"]
        if hands:
            kinds = [*(HAND_WINDOWS if random.random() < 0.5 else reversed(HAND_WINDOWS)), "head"]
        for kind in kinds:
            found = self._pairs(window, kind, targets.tolist(), lambda box: _apart(box, apart))
            if found is not None and (found["fitted"].any() or kind == kinds[-1]):
                return _as_example(found)
        return self._nothing(len(targets))

    def _pairs(
        self, window: Window, kind: WindowKind, targets: list[int], placed: Callable[[Box], Box]
    ) -> Examples | None:
        """Return windows of one kind, made of a frame of another clip if there is one that shows the same."""
        sizes: dict[WindowKind, int] = {kind: self._config.window_px}
        if window.elsewhere is not None:
            other = replace(window, reference=window.elsewhere)
            found = make_pairs(other, sizes, self._model, targets, self._segment, placed).get(kind)
            if found is not None and found["fitted"].any() and shows_the_same(found):
                return found
        return make_pairs(window, sizes, self._model, targets, self._segment, placed).get(kind)

    def _nothing(self, number: int) -> Examples:
        """Return windows that count for nothing: of a clip that shows no head."""
        size = self._config.window_px
        plain, colours = np.zeros((number, size, size), np.uint8), np.zeros((number, size, size, 3), np.uint8)
        named: Examples = {"flow": np.zeros((number, size, size, 2), np.float16)}
        named["fitted"] = np.zeros(number, np.uint8)
        named |= dict.fromkeys(("validity", "part", "alpha"), plain)
        return named | dict.fromkeys(("photo", "warp", "position", "target"), colours)


def video_windows(
    shards: Sequence[str],
    config: PairsConfig,
    split: str,
    rank: int,
    world_size: int,
    body_file: str | None = None,
) -> ShardWindows:
    """Return the windows that a run draws from.

    Raises:
        BadInputError: if a batch cannot be made of whole clips for each process.
    """
    frames = frames_a_clip(config)
    used, size = config.reuse * frames * world_size, config.training.batch_size
    if size % used:
        raise BadInputError(
            f"training.batch_size {size} is no multiple of {used}: {frames} frames a clip, each used "
            f"{config.reuse} times, for each of {world_size} processes"
        )
    wanted = pair_windows(
        config.num_frames if config.num_frames > 1 else _SPREAD_FRAMES,
        config.mirror_probability,
        body_model=body_file,
        person_power=config.person_power,
        elsewhere=config.elsewhere,
    )
    return ShardWindows(
        shards,
        wanted,
        seed=config.training.seed,
        split=split,
        rank=rank,
        world_size=world_size,
        batch_size=size // used,
        epochs=None,
    )


def video_batches(
    windows: ShardWindows, model: BodyModel, config: PairsConfig, segment: Segment | None
) -> Batches:
    """Return the batches of windows that a run learns from, each read once or used again from memory."""
    loader = WindowLoader(windows, make=VideoExamples(model, config, segment), num_workers=config.num_workers)
    if config.reuse == 1:
        return loader
    read_a_step = config.training.batch_size // config.reuse
    return ExamplePool(
        loader,
        reuse=config.reuse,
        frames_a_clip=frames_a_clip(config),
        pool_batches=max(config.reuse, config.pool_examples // read_a_step),
        seed=config.training.seed,
        device=best_device(),
    )


def frames_a_clip(config: PairsConfig) -> int:
    """Return how many windows of a batch are of one clip."""
    return config.num_frames if config.num_frames > 1 else config.frames_a_clip


def _apart(box: Box, shares: npt.NDArray[np.float64]) -> Box:
    """Return a box moved right and down and enlarged by shares (3,) of its side."""
    middle = np.array([box.left, box.top]) + box.side * (0.5 + shares[:2])
    half = box.side * (1 + shares[2]) / 2
    return Box.around(middle - half, middle + half)


def _as_example(found: Examples) -> Examples:
    photo = np.broadcast_to(found["reference"], found["target"].shape)
    return {"photo": photo} | {name: values for name, values in found.items() if name != "reference"}
