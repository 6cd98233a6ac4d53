"""A person's body through a clip, as the parameters of a body model: what exporters and drawings take."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from body.model import BodyModel
from body.topology import NUM_HAND_JOINTS, NUM_JOINTS
from schemas.outcomes import BadInputError

Float = npt.NDArray[np.float32]
TRACK_PARTS = (
    *("body", "face", "left_hand", "right_hand"),
    *("left_arm", "right_arm", "left_leg", "right_leg"),
)
_WIDTHS: dict[str, int | None] = {
    "transl": 3, "global_orient": 3, "body_pose": 63, "jaw": 3, "left_eye": 3, "right_eye": 3,
    "left_hand": NUM_HAND_JOINTS * 3, "right_hand": NUM_HAND_JOINTS * 3, "expression": None,
}  # fmt: skip
TRACK_PARAMETERS = tuple(_WIDTHS)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class BodyTrack:
    """N frames in the camera's axes (OpenCV: x right, y down, z forward), metres and radians (axis-angle).

    transl, global_orient, jaw, left_eye, right_eye (N, 3); body_pose (N, 63); left_hand, right_hand (N, 45)
    with the model's mean pose in them; expression (N, E); betas (S,). valid: for each of TRACK_PARTS (N,),
    whether the part was seen; what was not seen is held by priors. The camera is centred on the picture.
    """

    transl: Float
    global_orient: Float
    body_pose: Float
    jaw: Float
    left_eye: Float
    right_eye: Float
    left_hand: Float
    right_hand: Float
    expression: Float
    betas: Float
    fps: float
    focal_length_px: float
    width: int
    height: int
    model_id: str
    valid: dict[str, npt.NDArray[np.bool_]]

    def __post_init__(self) -> None:
        """Check shapes and numbers.

        Raises:
            BadInputError: naming what does not fit.
        """
        number = len(self.transl)
        for name, width in _WIDTHS.items():
            _check(name, getattr(self, name), number, width)
        _check("betas", self.betas[None], 1, None)
        for part, mask in self.valid.items():
            if mask.shape != (number,):
                raise BadInputError(f"body fit: mask {part} has shape {mask.shape}, wanted ({number},)")
        if not number or not self.fps > 0 or not self.focal_length_px > 0:
            raise BadInputError("body fit: no frames, or a frame rate or focal length that is not positive")

    @property
    def num_frames(self) -> int:
        """N."""
        return len(self.transl)

    def full_pose(self) -> Float:
        """Return (N, 55, 3): all joints' axis-angles in SMPL-X's order."""
        parts = (self.global_orient, self.body_pose, self.jaw, self.left_eye, self.right_eye)
        pose = np.concatenate([*parts, self.left_hand, self.right_hand], axis=1)
        return pose.reshape(-1, NUM_JOINTS, 3)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what a sample holds of the frames: `smplx:*` and, for parts with a mask, `valid:smplx_*`."""
        parameters = {f"smplx:{name}": getattr(self, name) for name in TRACK_PARAMETERS}
        return parameters | {f"valid:smplx_{part}": mask for part, mask in self.valid.items()}

    def moved(self, parameters: Mapping[str, Float], fps: float) -> "BodyTrack":
        """Return the person of this track in other motion: `smplx:*` arrays (T, ...), every part valid."""
        number = len(parameters["smplx:transl"])
        return replace(
            self,
            **{name: parameters[f"smplx:{name}"] for name in TRACK_PARAMETERS},
            fps=fps,
            valid={part: np.ones(number, bool) for part in TRACK_PARTS},
        )

    def taken(self, rows: slice | npt.NDArray[np.int64]) -> "BodyTrack":
        """Return some of the frames, in that order."""
        return replace(
            self,
            **{name: getattr(self, name)[rows] for name in TRACK_PARAMETERS},
            valid={part: mask[rows] for part, mask in self.valid.items()},
        )

    @classmethod
    def from_sample(
        cls,
        arrays: Mapping[str, npt.NDArray[Any]],
        body_fit: Mapping[str, Any],
        fps: float,
        width: int,
        height: int,
    ) -> "BodyTrack":
        """Return the track of a training sample.

        Args:
            arrays: the sample's npz, of which `smplx:*` and `valid:smplx_*` are read.
            body_fit: betas, focal_length_px and model_id, as in the sample's json.
            width, height: of the clip's picture, px.

        Raises:
            BadInputError: if something is missing or does not fit.
        """
        missing = [f"smplx:{name}" for name in _WIDTHS if f"smplx:{name}" not in arrays]
        missing += [key for key in ("betas", "focal_length_px", "model_id") if body_fit.get(key) is None]
        if missing:
            raise BadInputError(f"the clip has no body fit ({', '.join(missing[:3])} missing)")
        masks = {part: arrays.get(f"valid:smplx_{part}") for part in TRACK_PARTS}
        return cls(
            **{name: np.asarray(arrays[f"smplx:{name}"], np.float32) for name in _WIDTHS},
            betas=np.asarray(body_fit["betas"], np.float32),
            fps=float(fps),
            focal_length_px=float(body_fit["focal_length_px"]),
            width=int(width),
            height=int(height),
            model_id=str(body_fit["model_id"]),
            valid={part: mask.astype(bool) for part, mask in masks.items() if mask is not None},
        )


def check_model(model: BodyModel, track: BodyTrack) -> None:
    """Check that the track was fitted with this model.

    Raises:
        BadInputError: if it was another.
    """
    if model.model_id != track.model_id:
        raise BadInputError(
            f"the clip was fitted with body model {track.model_id}, and this is {model.model_id}; parameters "
            "don't transfer between body models"
        )
    if track.betas.shape[0] > model.points.shape_dirs.shape[2]:
        raise BadInputError(f"{len(track.betas)} betas are more than the body model has")
    if track.expression.shape[1] > model.points.expression_dirs.shape[2]:
        raise BadInputError(f"{track.expression.shape[1]} expression components are more than the model has")


def _check(name: str, array: npt.NDArray[np.floating], number: int, width: int | None) -> None:
    if array.ndim != 2 or len(array) != number or (width is not None and array.shape[1] != width):
        wanted = (number, width or "any")
        raise BadInputError(f"body fit: {name} has shape {array.shape}, wanted {wanted}")
    if not np.isfinite(array).all():
        raise BadInputError(f"body fit: {name} has numbers that are not finite")
