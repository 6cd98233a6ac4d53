"""Scores of drawn motion beside real motion of the same sound.

T frames, P points; series are in metres or radians unless said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from body.face_mesh import MIDDLE_LIDS, MIDDLE_LIPS
from body.topology import JOINT_INDEX, SIDES
from models.motion.body_points import BodyPoints
from models.motion.channels import absolute_vectors

Float = npt.NDArray[np.float32]
_ARMS = tuple(JOINT_INDEX[f"{side}_{bone}"] for side in SIDES for bone in ("elbow", "wrist"))
_SEEN = 0.5  # of a clip's frames
_MASKS = {"head": ("body",), "arms": tuple(f"{side}_arm" for side in SIDES)}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Motion:
    """What scores look at, of T frames: lips (T, P, 3) in the head's own frame, jaw opening angle (T,),
    lip and eye opening (T,), gaze (T, 2), head rotation vector against the torso (T, 3), arm joints (T,
    4, 3), torso place (T, 3).
    """

    lips: Float
    jaw: Float
    lip_opening: Float
    eye_opening: Float
    gaze: Float
    head: Float
    arms: Float
    torso: Float


def see(points: BodyPoints, parameters: dict[str, Float], betas: Float) -> Motion:
    """Return what scores look at of `smplx:*` arrays (T, ...)."""
    vectors = torch.from_numpy(absolute_vectors(parameters))
    shape = torch.from_numpy(betas)[None].expand(len(vectors), -1)
    with torch.inference_mode():
        face = points.face(vectors, shape).numpy()
        joints = points.joints(vectors, vectors.new_zeros(vectors.shape), shape).numpy()
    row = {identity: index for index, identity in enumerate(points.ids)}
    pose = parameters["smplx:body_pose"].reshape(len(vectors), -1, 3)
    return Motion(
        lips=face[:, points.rows("lips")],
        jaw=parameters["smplx:jaw"][:, 0],
        lip_opening=_between(face, row, MIDDLE_LIPS),
        eye_opening=_between(face, row, MIDDLE_LIDS[0]),
        gaze=parameters["smplx:left_eye"][:, :2],
        head=pose[:, JOINT_INDEX["neck"] - 1] + pose[:, JOINT_INDEX["head"] - 1],
        arms=joints[:, _ARMS],
        torso=parameters["smplx:transl"],
    )


def _between(face: Float, row: dict[int, int], pair: tuple[int, int]) -> Float:
    return np.linalg.norm(face[:, row[pair[0]]] - face[:, row[pair[1]]], axis=1)


def shows(part: str, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
    """Return whether the head, or both arms, were seen half of the time, by the masks (T,) of a sample."""
    return bool(np.mean([arrays[f"valid:smplx_{name}"] for name in _MASKS[part]]) >= _SEEN)


def correlation(a: Float, b: Float) -> float:
    """Return Pearson's r of two series (T,); 0 where one does not move."""
    a, b = a - a.mean(), b - b.mean()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 1e-9 else 0.0


def best_lag(a: Float, b: Float, most: int) -> int:
    """Return by how many frames a is late against b, within `most`, where they agree best."""
    lags = range(-most, most + 1)
    inner = slice(most, len(b) - most)
    found = [correlation(a[most + lag : len(a) - most + lag], b[inner]) for lag in lags]
    return lags[int(np.argmax(found))]


def amplitude(drawn: Float, real: Float) -> float:
    """Return how far drawn motion goes as a share of the real one's: deviations over time, root mean
    square over axes.
    """
    return spread(drawn) / max(spread(real), 1e-9)


def speed(drawn: Float, real: Float) -> float:
    """Return the mean speed as a share of the real one's."""
    return mean_step(drawn) / max(mean_step(real), 1e-9)


def mean_step(series: Float) -> float:
    """Return how far a series (T, ...) goes from frame to frame, root mean square over axes."""
    return float(np.linalg.norm(np.diff(series.reshape(len(series), -1), axis=0), axis=1).mean())


def spread(series: Float) -> float:
    """Return how far a series (T, ...) goes around its mean: deviations over time, root mean square over
    axes.
    """
    return float(np.sqrt(series.reshape(len(series), -1).var(0).sum()))


def jitter(series: Float, fps: float) -> float:
    """Return the mean length of the third difference of places (T, ..., 3) per second cubed."""
    third = np.diff(series.reshape(len(series), -1, 3), 3, axis=0)
    return float(np.linalg.norm(third, axis=-1).mean() * fps**3)


def lip_vertex_error_mm(drawn: Motion, real: Motion) -> float:
    """Return LVE: the mean over frames of the farthest lip point's distance (Richard et al., MeshTalk,
    2021, 5.1).
    """
    return float(np.linalg.norm(drawn.lips - real.lips, axis=-1).max(1).mean() * 1000)


def blinks_a_minute(eye_opening: Float, fps: float) -> float:
    """Return how often the eye closes to less than half of how far it is usually open, for at most 0.6 s."""
    usual = float(np.percentile(eye_opening, 75))
    shut = eye_opening < 0.5 * usual
    edges = np.flatnonzero(np.diff(np.concatenate([[0], shut.astype(int), [0]])))
    lengths = edges[1::2] - edges[::2]
    return float((lengths <= 0.6 * fps).sum() / (len(eye_opening) / fps) * 60)


def beat_consistency(arms: Float, loudness: Float, fps: float, tolerance_seconds: float = 0.1) -> float:
    """Return BC: how near beats of the voice are to beats of the arms (Li et al., AI Choreographer, 2021,
    equation 6, with the beats of Liu et al., EMAGE, 2024): the mean over the voice's beats of exp(-d^2 /
    2 s^2).

    Beats of motion are local minima of the arms' speed, of the voice local maxima of loudness (T,).
    """
    pace = np.linalg.norm(np.diff(arms.reshape(len(arms), -1), axis=0), axis=1)
    motion = np.flatnonzero((pace[1:-1] < pace[:-2]) & (pace[1:-1] <= pace[2:])) + 1
    voice = np.flatnonzero((loudness[1:-1] > loudness[:-2]) & (loudness[1:-1] >= loudness[2:])) + 1
    if not len(motion) or not len(voice):
        return 0.0
    apart = np.abs(voice[:, None] - motion[None]).min(1) / fps
    return float(np.exp(-(apart**2) / (2 * tolerance_seconds**2)).mean())
