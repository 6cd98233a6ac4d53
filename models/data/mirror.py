"""A window in the mirror: sides exchanged; points, rotations and coefficients turned over.

The picture is flipped about its middle, where the camera's axis is, so that arrays in px and in metres agree.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from body.face_mesh import PARTNERS
from body.load import load_body_model
from body.mirror import (
    JOINT_PARTNERS,
    CoefficientMirror,
    coefficient_mirror,
    mirrored_points,
    mirrored_rotations,
    other_side,
)
from body.pose_points import POSE_PARTNERS
from body.topology import BODY_POSE
from schemas.outcomes import BadInputError
from schemas.sample import LANDMARK_UNITS_PER_PX, VALIDITY

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mirror:
    """What mirroring a clip takes: its picture's width in px, and the body model it was fitted with."""

    width: int
    body_model: str | None  # a path, as `body.load.load_body_model` takes
    model_id: str | None  # of the clip's fit

    def coefficients(self) -> CoefficientMirror:
        """Return the matrices of the clip's body model.

        Raises:
            BadInputError: if the clip was fitted with another model.
        """
        found = _coefficients(self.body_model)
        if self.model_id != found.model_id:
            raise BadInputError(
                f"the clip was fitted with body model {self.model_id}, which "
                f"{found.model_id} cannot mirror; name its file (`body_model`) or set mirror_probability=0"
            )
        return found


@functools.cache
def _coefficients(path: str | None) -> CoefficientMirror:
    return coefficient_mirror(load_body_model(path))


def sources_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arrays from which some arrays' mirror images are made: masks and other sides too."""
    both = {name for given in names for name in (given, other_side(given))}
    return tuple(sorted(both | {VALIDITY[name] for name in both if name in VALIDITY}))


def mirrored_arrays(arrays: Mapping[str, Array], names: tuple[str, ...], mirror: Mirror) -> dict[str, Array]:
    """Return some arrays as they are in the mirror.

    Args:
        arrays: (T, ...) those of `sources_of(names)`.

    Raises:
        BadInputError: for arrays of which it is not known how they turn over.
    """
    return {name: _mirrored(name, arrays, mirror) for name in names}


def mirrored_betas(betas: npt.NDArray[np.float32], mirror: Mirror) -> npt.NDArray[np.float32]:
    """Return shape coefficients (S,) as they are in the mirror."""
    return _by(betas, mirror.coefficients().shape)


def _mirrored(name: str, arrays: Mapping[str, Array], mirror: Mirror) -> Array:
    other = other_side(name)
    array = arrays[other]
    if name in _FLIPS:
        return _FLIPS[name](array, mirror)
    if name in VALIDITY:
        # Where nothing was seen all numbers are 0, and stay so.
        seen = arrays[VALIDITY[other]][:, None, None]
        return np.where(seen, _flipped_landmarks(array[:, _POINTS.get(name, slice(None))], mirror), array)
    if name.startswith("valid:") or name.endswith("_error_px"):
        return array
    raise BadInputError(
        f"array {name}: how it looks in a mirror is not known; set mirror_probability to 0 or leave it out"
    )


def _flipped_landmarks(points: Array, mirror: Mirror) -> Array:
    """Flip (T, P, 3) in 1/16 px within the picture."""
    flipped = points.copy()
    flipped[..., 0] = np.clip(
        mirror.width * LANDMARK_UNITS_PER_PX - points[..., 0].astype(np.int64), -32768, 32767
    )
    return flipped


def _flipped_box(box: Array, mirror: Mirror) -> Array:
    return np.stack([mirror.width - box[:, 2], box[:, 1], mirror.width - box[:, 0], box[:, 3]], axis=1)


def _body_pose(pose: Array, _: Mirror) -> Array:
    joints = pose.reshape(len(pose), -1, 3)[:, JOINT_PARTNERS[BODY_POSE] - BODY_POSE.start]
    return mirrored_rotations(joints).reshape(pose.shape)


def _rotations(array: Array, _: Mirror) -> Array:
    return mirrored_rotations(array.reshape(len(array), -1, 3)).reshape(array.shape)


def _by(coefficients: npt.NDArray[np.float32], matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    number = coefficients.shape[-1]
    return (coefficients @ matrix[:number, :number]).astype(coefficients.dtype)


_POINTS: dict[str, Any] = {"face:landmarks": PARTNERS, "pose:landmarks": list(POSE_PARTNERS)}
_FLIPS: dict[str, Callable[[Array, Mirror], Array]] = {
    "pose:visibility": lambda array, _: array[:, list(POSE_PARTNERS)],
    "pose:world": lambda array, _: mirrored_points(array[:, list(POSE_PARTNERS)]),
    "box:face": _flipped_box,
    "smplx:transl": lambda array, _: mirrored_points(array),
    "smplx:body_pose": _body_pose,
    "smplx:expression": lambda array, mirror: _by(array, mirror.coefficients().expression),
    **{
        f"smplx:{part}": _rotations
        for part in ("global_orient", "jaw", "left_eye", "right_eye", "left_hand", "right_hand")
    },
}
