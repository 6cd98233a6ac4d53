"""Points of the body as a differentiable function of motion: what losses and scores in space look at.

Skinning is `smplx.lbs.lbs`, the function under the `smplx` package's layers. It gets our body model's points
instead of all vertices: lips, lids and irises as MediaPipe numbers them, and the 55 joints as points of their
own, from which the regressor takes them. So a window costs a hundredth of the whole mesh.

N frames (of all windows together), L points, J = 55 joints.
"""

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from body.face_mesh import (
    INNER_LIPS,
    IRIS_CENTRES,
    LEFT_EYE,
    OUTER_LIPS,
    RIGHT_EYE,
)
from body.lids import lid_opening
from body.model import BodyModel, landmark_points
from body.topology import JOINT_INDEX, JOINT_NAMES, NUM_EXPRESSION, NUM_JOINTS, NUM_POSE_FEATURES
from models.motion.channels import CHANNELS, SLICES, rotations_of

Area = Literal["lips", "eyes"]
AREAS: dict[Area, tuple[int, ...]] = {
    "lips": (*OUTER_LIPS, *INNER_LIPS),
    "eyes": (*LEFT_EYE, *RIGHT_EYE, *IRIS_CENTRES),
}
_FACE_IDS = tuple(identity for ids in AREAS.values() for identity in ids)
_FACE_CHANNELS = ("jaw", "left_eye", "right_eye")
HAND_JOINTS = tuple(i for i, name in enumerate(JOINT_NAMES) if name[-1].isdigit() and "spine" not in name)
ARM_JOINTS = tuple(
    JOINT_INDEX[f"{side}_{bone}"] for side in ("left", "right") for bone in ("shoulder", "elbow", "wrist")
)
HEAD_JOINTS = tuple(JOINT_INDEX[name] for name in ("neck", "head", "left_eye", "right_eye", "jaw"))


class BodyPoints(nn.Module):
    """Places of a body model's lips, eyes and joints, in metres."""

    templates: Tensor
    directions: Tensor
    poses: Tensor
    weights: Tensor
    regressor: Tensor
    parents: Tensor
    lids: Tensor

    def __init__(self, model: BodyModel) -> None:
        """Prepare the points.

        Raises:
            ValueError: if the model's landmarks lack lips or eyes.
        """
        super().__init__()
        known = set(model.landmarks.mediapipe_ids.tolist())
        self.ids = tuple(identity for identity in _FACE_IDS if identity in known)
        if not {*AREAS["lips"]} & known or not {*LEFT_EYE} & known:
            raise ValueError(f"body model {model.model_id} has no landmarks on lips and lids")
        lids = torch.from_numpy(lid_opening(model)[:NUM_EXPRESSION])
        self.register_buffer("lids", lids, persistent=False)
        points = landmark_points(model, self.ids)
        templates = np.concatenate([points.template, model.joint_template])
        shapes = [points.shape_dirs, points.expression_dirs]
        joints = [model.joint_shape_dirs, model.joint_expression_dirs]
        directions = np.concatenate([np.concatenate(shapes, 2), np.concatenate(joints, 2)])
        poses = np.zeros((NUM_POSE_FEATURES, len(templates), 3), np.float32)
        poses[model.pose_features, : len(self.ids)] = points.pose_dirs.transpose(2, 0, 1)
        weights = np.concatenate([points.weights, np.eye(NUM_JOINTS, dtype=np.float32)])
        regressor = np.eye(NUM_JOINTS, len(templates), k=len(self.ids), dtype=np.float32)
        self.num_betas = model.points.shape_dirs.shape[2]
        for name, values in {
            "templates": templates,
            "directions": directions,
            "poses": poses.reshape(NUM_POSE_FEATURES, -1),
            "weights": weights,
            "regressor": regressor,
        }.items():
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values)), persistent=False)
        self.register_buffer("parents", torch.from_numpy(model.parents.astype(np.int64)), persistent=False)

    def rows(self, area: Area) -> list[int]:
        """Return which of the face's points belong to an area."""
        return [row for row, identity in enumerate(self.ids) if identity in AREAS[area]]

    def face(self, vectors: Tensor, betas: Tensor) -> Tensor:
        """Return (N, L, 3): the face's points of motion (N, D) on a head that stays at rest; betas (N, S)."""
        turned = self._at_rest(vectors)
        for name in _FACE_CHANNELS:
            turned[:, JOINT_INDEX[name]] = rotations_of(vectors, name)[:, 0]
        components = self._components(vectors, betas)
        points, _ = _smplx().lbs(
            components,
            turned,
            self.templates,
            self.directions[..., : components.shape[1]],
            self.poses,
            self.regressor,
            self.parents,
            self.weights,
            pose2rot=False,
        )
        return points[:, : len(self.ids)]

    def lid_opening(self) -> Tensor:
        """Return (E,): by how much a unit of each expression opens the eyes, in metres; the mean of both."""
        return self.lids

    def joints(self, vectors: Tensor, reference: Tensor, betas: Tensor) -> Tensor:
        """Return (N, J, 3): joints of residual motion (N, D) on reference frames (N, D), absolute vectors.

        Both are not normalised. Without translation: the pelvis stays where it is. Legs are at rest.
        """
        turned = self._at_rest(vectors)
        for channel in CHANNELS:
            if channel.joints is None:
                continue
            moved = rotations_of(vectors, channel.name)
            if channel.residual:
                moved = rotations_of(reference, channel.name) @ moved
            turned[:, _joint_numbers(channel.array, channel.joints)] = moved
        components, first = self._components(vectors, betas), len(self.ids)
        directions = self.directions[first:, :, : components.shape[1]]
        resting = self.templates[first:] + _smplx().blend_shapes(components, directions)
        joints, _ = _smplx().batch_rigid_transform(turned, resting, self.parents, dtype=vectors.dtype)
        return joints

    def _at_rest(self, vectors: Tensor) -> Tensor:
        identity = torch.eye(3, device=vectors.device, dtype=vectors.dtype)
        return identity.repeat(len(vectors), NUM_JOINTS, 1, 1)

    def _components(self, vectors: Tensor, betas: Tensor) -> Tensor:
        shape = torch.nn.functional.pad(betas, (0, self.num_betas - betas.shape[1]))
        return torch.cat([shape, vectors[:, SLICES["expression"]]], dim=1)


def _smplx() -> Any:
    """Return the package's functions, whose tensors have a type of its own."""
    from smplx import lbs

    return lbs


def _joint_numbers(array: str, joints: tuple[int, ...]) -> list[int]:
    """Return the numbers in the full pose of an array's joints."""
    first = {
        "global_orient": 0,
        "body_pose": 1,
        "jaw": JOINT_INDEX["jaw"],
        "left_eye": JOINT_INDEX["left_eye"],
        "right_eye": JOINT_INDEX["right_eye"],
        "left_hand": JOINT_INDEX["left_index1"],
        "right_hand": JOINT_INDEX["right_index1"],
    }[array]
    return [first + joint for joint in joints]
