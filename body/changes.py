"""What of a person in a video is to move otherwise: their mesh before and after, and where that shows.

N frames, V vertices, F triangles, E expression components.
"""

import functools
from collections.abc import Collection
from typing import Literal, get_args

import cv2
import numpy as np
import numpy.typing as npt

from body.face_mesh import NOSE_TIP, OUTER_MIDDLE_LIPS
from body.lids import lid_opening
from body.model import BodyModel, landmark_points
from body.raster import Float, Pinhole, rasterise
from body.skinning import track_vertices
from body.topology import JOINT_INDEX
from body.track import BodyTrack

Change = Literal["mouth", "gaze", "blinks", "expression", "head"]
CHANGES: tuple[Change, ...] = get_args(Change)
Mask = npt.NDArray[np.bool_]
# How far pixels change beyond the mesh that moves, metres: skin at its border; hair goes with a head as far
# as `body.photo.WarpConfig` lets it.
_REACH_METRES: dict[Change, float] = {
    "mouth": 0.010,
    "gaze": 0.003,
    "blinks": 0.006,
    "expression": 0.012,
    "head": 0.20,
}
# The lids' surroundings: all of it within the first distance of an eye's middle, nothing beyond the second.
_LIDS_METRES = (0.021, 0.034)
_NECK_AND_HEAD = ("neck", "head")
_TURNED_BY_HEAD = (*_NECK_AND_HEAD, "jaw", "left_eye", "right_eye")
_EYES = ("left_eye", "right_eye")
# What moves by less is hidden by the mask's soft border: of a vertex's turning, and per unit of expression.
_LEAST_WEIGHT, _LEAST_METRES = 0.05, 2e-4


def changed_points(
    model: BodyModel, own: BodyTrack, given: BodyTrack, changes: Collection[Change], rows: slice
) -> tuple[Float, Float]:
    """Return vertices (n, V, 3) of some frames as they are, and with what changes as it is given.

    The mouth's change is that of jaw and expression below the nose, a blink's that of expression around the
    eyes: the mesh between is mixed, so the rest of the face stays where it is, to the bit.

    Args:
        own, given: N frames of one body.
    """
    one, other = own.taken(rows), given.taken(rows)
    before = track_vertices(model, one)
    pose = one.full_pose().copy()
    turned = (*(_EYES if "gaze" in changes else ()), *(_NECK_AND_HEAD if "head" in changes else ()))
    joints = [JOINT_INDEX[name] for name in turned]
    pose[:, joints] = other.full_pose()[:, joints]
    base = track_vertices(model, one, pose) if joints else before
    talking = pose.copy()
    talking[:, JOINT_INDEX["jaw"]] = other.jaw
    lids = _lids_alone(model, other.expression - one.expression)
    after = base.copy()
    if "expression" in changes:
        face = other.expression if "blinks" in changes else other.expression - lids
        return before, track_vertices(model, one, talking, face)
    if "mouth" in changes:
        spoken = track_vertices(model, one, talking, other.expression)
        after += below_nose(model)[:, None] * (spoken - base)
    if "blinks" in changes:
        blinked = track_vertices(model, one, pose, one.expression + lids)
        after += around_eyes(model)[:, None] * (blinked - base)
    return before, after


@functools.lru_cache(maxsize=4)
def below_nose(model: BodyModel) -> Float:
    """Return how much of each vertex (V,) is the mouth's: 0 above the nose's tip, 1 below it."""
    marks = landmark_points(model, [NOSE_TIP, OUTER_MIDDLE_LIPS[0]]).template[:, 1]
    return _smooth((marks[0] - model.points.template[:, 1]) / (marks[0] - marks[1]))


@functools.lru_cache(maxsize=4)
def around_eyes(model: BodyModel) -> Float:
    """Return how much of each vertex (V,) is the lids': 1 beside an eye, 0 away from both."""
    eyes = model.joint_template[[JOINT_INDEX[name] for name in _EYES]]
    away = np.linalg.norm(model.points.template[:, None] - eyes, axis=2).min(1)
    near, far = _LIDS_METRES
    return _smooth((far - away) / (far - near))


@functools.lru_cache(maxsize=16)
def changing_vertices(model: BodyModel, changes: frozenset[Change]) -> Mask:
    """Return which vertices (V,) changes move at all."""
    spoken = np.linalg.norm(model.points.expression_dirs, axis=1).max(1) > _LEAST_METRES
    spoken = spoken | _turned_by(model, ("jaw",))
    moved: dict[Change, Mask] = {
        "mouth": spoken & (below_nose(model) > _LEAST_WEIGHT),
        "gaze": _turned_by(model, _EYES),
        "blinks": spoken & (around_eyes(model) > _LEAST_WEIGHT),
        "expression": spoken,
        "head": _turned_by(model, _TURNED_BY_HEAD),
    }
    return np.logical_or.reduce([moved[change] for change in changes])


def reach_metres(changes: Collection[Change]) -> float:
    """Return how far beyond the mesh that moves pixels change."""
    return max(_REACH_METRES[change] for change in changes)


def change_mask(
    model: BodyModel,
    shown: npt.NDArray[np.int32],
    after: Float,
    camera: Pinhole,
    changes: frozenset[Change],
    reach_px: float,
) -> Float:
    """Return (H, W) in [0, 1]: 1 where the mesh that moves is or was, fading to 0 over a distance from it.

    Args:
        shown: (H, W) which triangle of the mesh each pixel shows before, -1 for none.
        after: (V, 3) the mesh then.
    """
    triangles = _changing_triangles(model, changes)
    then = rasterise(after, model.faces, camera).face
    core: Mask = ((shown >= 0) & triangles[shown]) | ((then >= 0) & triangles[then])
    if not core.any():
        return np.zeros(core.shape, np.float32)
    away = np.asarray(cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 3), np.float32)
    return _smooth(1 - away / max(reach_px, 1.0))


def _changing_triangles(model: BodyModel, changes: frozenset[Change]) -> Mask:
    return np.asarray(changing_vertices(model, changes)[model.faces].any(axis=1), np.bool_)


def _lids_alone(model: BodyModel, change: Float) -> Float:
    """Return the part of a change of expression (n, E) that opens or closes the lids."""
    opening = lid_opening(model)[: change.shape[1]]
    amount: Float = change[:, : len(opening)] @ opening / np.float32(opening @ opening)
    return amount[:, None] * opening


def _turned_by(model: BodyModel, joints: Collection[str]) -> Mask:
    """Return which vertices (V,) turn with joints, or give way when these turn, as lids do to eyes."""
    numbers = np.array([JOINT_INDEX[name] for name in joints])
    weight = model.points.weights[:, numbers].sum(1)
    features = np.isin(model.pose_features // 9 + 1, numbers)  # nine numbers a joint, without the pelvis
    way = np.linalg.norm(model.points.pose_dirs[..., features], axis=1).max(1, initial=0)
    return (weight > _LEAST_WEIGHT) | (way > _LEAST_METRES)


def _smooth(share: npt.NDArray[np.floating]) -> Float:
    """Return a share within [0, 1], without corners at its ends."""
    inside = np.asarray(np.clip(share, 0, 1), np.float32)
    return inside * inside * (3 - 2 * inside)
