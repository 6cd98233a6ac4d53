"""Long motion: whether windows meet without a seam, and whether pose drifts away."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.motion_rows import Arrays, reference_of
from body.load import load_body_model
from commands.hearing import features_of
from models.data.records import Window
from models.motion import measures
from models.motion.body_points import BodyPoints
from models.motion.checkpoint import bundled_model, load_motion
from models.motion.generate import GenerateConfig, animate, window_starts

Float = npt.NDArray[np.float32]
_SERIES = ("lips", "head", "arms", "torso")
_ENDS_SECONDS = 5.0


def long_scores(judged: list[Window], path: Path | None, seconds: float) -> dict[str, dict[str, float]]:
    """Return scores of one long motion: the first clip's person, the sounds of all clips one after the other.

    seam: the largest step from frame to frame at a border of windows, as a share of the 99th percentile
    of all other steps; drift: how far the mean of the last seconds is from that of the first, in
    deviations over time.
    """
    model = load_motion(path or bundled_model())
    about = model.about
    sounds = [w.sound for w in judged if w.sound is not None]
    number = round(seconds * 16000)
    sound = np.tile(np.concatenate(sounds), -(-number // sum(map(len, sounds))))[:number]
    first = judged[0]
    made: Arrays = animate(model, features_of(about.sound), sound, reference_of(first))
    betas = first.betas if first.betas is not None else np.zeros(10, np.float32)
    motion = measures.see(BodyPoints(load_body_model()), made, betas)
    fade = GenerateConfig().fade_frames
    starts = window_starts(len(motion.jaw), about.window_frames, about.known_frames + fade)
    # Windows meet over some frames, from the last that is only the one's to the first that is only the
    # other's.
    borders = [start + about.known_frames + i for start in starts[1:-1] for i in range(fade + 1)]
    ends = round(_ENDS_SECONDS * about.fps)
    out: dict[str, dict[str, float]] = {}
    for name in _SERIES:
        series = np.asarray(getattr(motion, name)).reshape(len(motion.jaw), -1)
        steps = np.linalg.norm(np.diff(series, axis=0), axis=1)
        at = np.array([b - 1 for b in borders if 0 < b < len(series)])
        elsewhere = np.delete(steps, at)
        moved = np.linalg.norm(series[-ends:].mean(0) - series[:ends].mean(0))
        out[name] = {
            "seam": float(steps[at].max() / np.percentile(elsewhere, 99)),
            "borders above the 99th percentile": float(np.mean(steps[at] > np.percentile(elsewhere, 99))),
            "drift": float(moved / max(np.sqrt(series.var(0).sum()), 1e-9)),
        }
    return out
