"""The rows of the motion benchmark: each way to make motion of a sound, scored clip by clip."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from body.load import load_body_model
from commands.hearing import features_of
from models.data.clips import clips
from models.data.config import WindowConfig
from models.data.records import Window
from models.motion import measures
from models.motion.body_points import BodyPoints
from models.motion.channels import ARRAYS, MASKS, first_frame, to_parameters
from models.motion.checkpoint import bundled_model, load_motion
from models.motion.generate import GenerateConfig, animate
from models.motion.measures import Motion
from models.motion.sound import LogMel

Float = npt.NDArray[np.float32]
Arrays = dict[str, Float]
Maker = Callable[[Window, Float], Arrays]
"""Motion of a clip's person for a sound."""
_FPS = 25.0
_MAX_LAG = 5
_OPEN_RADIANS, _SHUT_RADIANS = 0.12, 0.02  # of the envelope's jaw
REAL, MODEL = "real", "model"
# What is not known of clips whose fit had no arms to go by.
_OF_ARMS = ("arms amplitude", "arms speed", "beats")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One way to make motion: scores of each clip by name, NaN where nothing real is to compare with; the
    clips' keys, who they show, and what was made.
    """

    name: str
    keys: tuple[str, ...]
    people: tuple[str, ...]
    scores: dict[str, tuple[float, ...]]
    motions: tuple[Motion, ...]


def judged_clips(shards: Sequence[str], split: str) -> list[Window]:
    """Return the whole clips of a split, without pictures."""
    wanted = WindowConfig(num_frames=None, arrays=(*ARRAYS, *MASKS))
    return list(clips(shards, wanted, split=split))


def scored_rows(
    judged: list[Window], neighbours: list[Window], model: Path | None, guidance: Sequence[float]
) -> list[Row]:
    """Return all rows for some clips; neighbours are where the nearest by sound is looked for."""
    points = BodyPoints(load_body_model())
    real = [measures.see(points, window.arrays, betas_of(window)) for window in judged]
    rows = [_scored(REAL, judged, real, points, lambda window, _: window.arrays)]
    for scale in guidance:
        rows.append(_scored(f"{MODEL}, guidance {scale:g}", judged, real, points, _model(model, scale)))
    rows.append(_scored("envelope", judged, real, points, _envelope))
    if neighbours:
        rows.append(_scored("nearest by sound", judged, real, points, _nearest(neighbours)))
    rows.append(_scored("mean pose", judged, real, points, _mean_pose(model)))
    rows.append(_scored("held still", judged, real, points, _still))
    return rows


def _scored(name: str, judged: list[Window], real: list[Motion], points: BodyPoints, make: Maker) -> Row:
    scores: dict[str, list[float]] = {}
    motions: list[Motion] = []
    for index, window in enumerate(judged):
        other = judged[(index + 1) % len(judged)]
        drawn = measures.see(points, make(window, sound_of(window)), betas_of(window))
        mismatched = measures.see(points, make(window, sound_of(other)), betas_of(window))
        motions.append(drawn)
        if name == REAL:  # real motion of another clip is that clip's
            mismatched = real[(index + 1) % len(judged)]
        for key, value in _compare(drawn, mismatched, real[index], sound_of(window)):
            hidden = key in _OF_ARMS and not measures.shows("arms", window.arrays)
            scores.setdefault(key, []).append(float("nan") if hidden else value)
    people = tuple(window.identity or window.key for window in judged)
    found = {key: tuple(values) for key, values in scores.items()}
    keys = tuple(window.key for window in judged)
    return Row(name=name, keys=keys, people=people, scores=found, motions=tuple(motions))


def _compare(drawn: Motion, mismatched: Motion, real: Motion, sound: Float) -> Iterator[tuple[str, float]]:
    number = min(len(drawn.jaw), len(real.jaw))
    drawn, real_cut = _cut(drawn, number), _cut(real, number)
    shuffled = min(len(mismatched.jaw), number)
    yield "jaw r", measures.correlation(drawn.jaw, real_cut.jaw)
    yield "lips r", measures.correlation(drawn.lip_opening, real_cut.lip_opening)
    yield "shuffled jaw r", measures.correlation(mismatched.jaw[:shuffled], real_cut.jaw[:shuffled])
    yield "lag", measures.best_lag(drawn.jaw, real_cut.jaw, _MAX_LAG)
    yield "LVE mm", measures.lip_vertex_error_mm(drawn, real_cut)
    for part in ("jaw", "lip_opening", "head", "arms", "gaze"):
        mine, theirs = getattr(drawn, part), getattr(real_cut, part)
        yield f"{part} amplitude", measures.amplitude(mine, theirs)
        if part in ("head", "arms"):
            yield f"{part} speed", measures.speed(mine, theirs)
    yield "blinks a minute", measures.blinks_a_minute(drawn.eye_opening, _FPS)
    loud = LogMel().at_frames(sound, number, _FPS).mean(1)
    yield "beats", measures.beat_consistency(drawn.arms, loud, _FPS)
    torso = drawn.torso[:, None]
    yield "torso jitter m/s3", measures.jitter(torso, _FPS)


def _cut(motion: Motion, number: int) -> Motion:
    return replace(motion, **{n: getattr(motion, n)[:number] for n in Motion.__dataclass_fields__})


def _model(path: Path | None, guidance: float) -> Maker:
    model = load_motion(path or bundled_model())
    features = features_of(model.about.sound)
    config = GenerateConfig(mouth_guidance=guidance)

    def make(window: Window, sound: Float) -> Arrays:
        return animate(model, features, sound, reference_of(window), config)

    return make


def _mean_pose(path: Path | None) -> Maker:
    """Return a maker that holds the mean of what a model was trained on, against the clip's first frame."""
    model = load_motion(path or bundled_model())
    mean = model.scales.mean.numpy()

    def make(window: Window, sound: Float) -> Arrays:
        number = int(len(sound) / 16000 * _FPS)
        still = np.repeat(mean[None], number, axis=0)
        return to_parameters(still, reference_of(window), model.about.pose_against)

    return make


def _still(window: Window, sound: Float) -> Arrays:
    number = int(len(sound) / 16000 * _FPS)
    return {name: np.repeat(values, number, axis=0) for name, values in reference_of(window).items()}


def _envelope(window: Window, sound: Float) -> Arrays:
    made = _still(window, sound)
    number = len(made["smplx:jaw"])
    loud = LogMel().at_frames(sound, number, _FPS).mean(1)
    low, high = np.percentile(loud, [10, 95])
    share = np.clip((loud - low) / max(high - low, 1e-3), 0, 1)
    made["smplx:jaw"][:, 0] = _SHUT_RADIANS + (_OPEN_RADIANS - _SHUT_RADIANS) * share
    return made


def _nearest(neighbours: list[Window]) -> Maker:
    """Return a maker that takes, for every second, the motion of the stretch that sounds most alike."""
    step = round(_FPS)
    stretches: list[tuple[Float, Window, int]] = []
    for window in neighbours:
        heard = LogMel().at_frames(sound_of(window), window.num_frames, _FPS)
        for start in range(0, window.num_frames - step, step // 2):
            stretches.append((heard[start : start + step].ravel(), window, start))
    known = np.stack([s[0] for s in stretches])

    def make(window: Window, sound: Float) -> Arrays:
        made = _still(window, sound)
        number = len(made["smplx:jaw"])
        heard = LogMel().at_frames(sound, number, _FPS)
        for start in range(0, number - step + 1, step):
            wanted = heard[start : start + step].ravel()
            _, source, first = stretches[int(np.argmin(np.square(known - wanted).sum(1)))]
            for name in made:
                made[name][start : start + step] = source.arrays[name][first : first + step]
        return made

    return make


def reference_of(window: Window) -> dict[str, Any]:
    """Return the first frame of a clip, arrays (1, ...)."""
    return first_frame(window.arrays)


def sound_of(window: Window) -> Float:
    """Return the sound of a clip, (n,)."""
    assert window.sound is not None
    return window.sound


def betas_of(window: Window) -> Float:
    """Return the shape of a clip's person, (S,)."""
    assert window.betas is not None
    return window.betas
