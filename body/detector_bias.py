"""What MediaPipe's face mesh gets wrong in a way that can be foreseen, and how to take it out.

The mesh is drawn towards a mean, frontal face: a head that nods by 20 degrees is found some 4 degrees too
upright. Where on the skin a landmark lies thus depends on how the head is turned. The dependence is quadratic
to good measure; it was learnt on renders, whose true points are known (tools/body_model/bias.py). Points of
the skin are moved by the head's turn alone, so that the lips keep their opening; irises by gaze as well.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from body.face_mesh import (
    CHIN,
    FOREHEAD,
    IRIS_CENTRES,
    LEFT_EYE_CORNERS,
    MIDDLE_LIPS,
    OUTER_EYES,
    RIGHT_EYE_CORNERS,
    SKIN,
)

Array = npt.NDArray[np.floating]
_RIGHT, _LEFT = OUTER_EYES
_UPPER_LIP, _LOWER_LIP = MIDDLE_LIPS
NUM_SKIN_FEATURES, NUM_IRIS_FEATURES = 6, 9


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DetectorBias:
    """Offsets from where the detector sees points to where they are, linear in `features`.

    ids (L,) MediaPipe's numbers; skin (6, L, 2) and iris (9, 2, 2: left and right) in face sizes, in axes
    turned with the head in the picture.
    """

    ids: npt.NDArray[np.int32]
    skin: npt.NDArray[np.float32]
    iris: npt.NDArray[np.float32]

    def corrected(self, face: Array) -> Array:
        """Return landmarks (N, 478, 3) in px without the bias; NaN stay NaN."""
        view = FaceView.of(face)
        known = view.features()
        moved = np.array(face, np.float64)
        moved[:, self.ids, :2] += view.to_picture(np.tensordot(known[:, :NUM_SKIN_FEATURES], self.skin, 1))
        moved[:, IRIS_CENTRES, :2] += view.to_picture(np.tensordot(known, self.iris, 1))
        return moved


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class FaceView:
    """Face landmarks of N frames in axes of their own: upright (N, 478, 3), in face sizes.

    turn (N, 2, 2) rows are those axes in the picture; size (N,) px, about four fifths of the face's height.
    """

    upright: Array
    turn: Array
    size: Array

    @classmethod
    def of(cls, face: Array) -> "FaceView":
        """Return the view of landmarks (N, 478, 3) in px."""
        points = np.asarray(face, np.float64)
        across = points[:, _LEFT, :2] - points[:, _RIGHT, :2]
        across = across / np.linalg.norm(across, axis=1, keepdims=True)
        turn = np.stack([across, np.stack([-across[:, 1], across[:, 0]], axis=1)], axis=1)
        away = points[..., :2] - points[:, SKIN, :2].mean(1, keepdims=True)
        size = 2.6 * np.sqrt((away[:, SKIN] ** 2).sum(-1).mean(1))
        plane = np.einsum("nij,npj->npi", turn, away)
        upright = np.concatenate([plane, points[..., 2:]], axis=-1) / size[:, None, None]
        return cls(upright=upright, turn=turn, size=size)

    def features(self) -> Array:
        """Return (N, 9): 1, the mesh's own yaw and pitch (rad), their products, opening of lips, gaze."""
        p = self.upright
        normal = np.cross(p[:, _LEFT] - p[:, _RIGHT], p[:, CHIN] - p[:, FOREHEAD])
        yaw = np.arctan2(-normal[:, 0], normal[:, 2])
        pitch = np.arctan2(-normal[:, 1], np.hypot(normal[:, 0], normal[:, 2]))
        opening = np.linalg.norm(p[:, _UPPER_LIP, :2] - p[:, _LOWER_LIP, :2], axis=1)
        sides = zip(IRIS_CENTRES, (LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS), strict=True)
        gaze = np.mean([p[:, i, :2] - p[:, corners, :2].mean(1) for i, corners in sides], axis=0)
        return np.column_stack([np.ones(len(p)), yaw, pitch, yaw**2, pitch**2, yaw * pitch, opening, gaze])

    def to_picture(self, offsets: Array) -> Array:
        """Return offsets (N, L, 2), given in face sizes and the face's axes, in px of the picture."""
        return np.einsum("nij,npi->npj", self.turn, offsets) * self.size[:, None, None]

    def from_picture(self, offsets_px: Array) -> Array:
        """Return offsets (N, L, 2) px in face sizes and the face's axes."""
        return np.einsum("nij,npj->npi", self.turn, offsets_px) / self.size[:, None, None]
