"""Which numbers are fitted on each frame, in which order, and what is known about them beforehand.

A frame's parameters x (D,): translation 3, then axis-angle of the pelvis (on top of the clip's mean
orientation), spine, neck, head, jaw, eyes, arms, legs, then coefficients of both hands and of expression.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from body.model import BodyModel
from body.topology import JOINT_INDEX
from transforms.fit_body.config import FitConfig, Smoothness

Array = npt.NDArray[np.float64]

_TRUNK = ("pelvis", "spine1", "spine2", "spine3", "neck", "head")
_FACE = ("jaw", "left_eye", "right_eye")
_ARM = ("collar", "shoulder", "elbow", "wrist")
_LEG = ("hip", "knee", "ankle")
ORDER: tuple[str, ...] = (
    *_TRUNK, *_FACE, *(f"left_{j}" for j in _ARM), *(f"right_{j}" for j in _ARM),
    *(f"left_{j}" for j in _LEG), *(f"right_{j}" for j in _LEG),
)  # fmt: skip
OFFSETS: dict[str, int] = {name: 3 + 3 * row for row, name in enumerate(ORDER)}
NUM_RIGID = 3 + 3 * len(ORDER)
# Columns of the Jacobians of each group of points, before coefficients.
FACE_END = OFFSETS["left_collar"]
SPINE_END = OFFSETS["neck"]
HEAD_END = OFFSETS["jaw"]
LEFT_ARM, RIGHT_ARM = OFFSETS["left_collar"], OFFSETS["right_collar"]
ARM_SIZE = 3 * len(_ARM)
ROOT = OFFSETS["pelvis"]

# Means and deviations (rad) of SMPL-X's axis-angle, left side; the right mirrors y and z. Arms hang by the
# side with elbows bent, as those of people who talk do; SMPLify-X's learned prior stands for the same. The
# forearm's twist is shared by elbow and wrist, so the elbow turns about all axes.
_PRIORS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "pelvis": ((0, 0, 0), (0.10, 0.50, 0.10)),
    "spine1": ((0, 0, 0), (0.12, 0.10, 0.08)),
    "spine2": ((0, 0, 0), (0.12, 0.10, 0.08)),
    "spine3": ((0, 0, 0), (0.10, 0.10, 0.08)),
    "neck": ((0, 0, 0), (0.25, 0.35, 0.20)),
    "head": ((0, 0, 0), (0.25, 0.35, 0.20)),
    "jaw": ((0.04, 0, 0), (0.12, 0.03, 0.03)),
    "eye": ((0, 0, 0), (0.20, 0.25, 0.01)),
    "collar": ((0, 0, 0), (0.12, 0.20, 0.20)),
    "shoulder": ((0.1, -0.2, -1.1), (0.7, 0.6, 0.6)),
    "elbow": ((-0.4, -0.9, 0), (0.8, 0.8, 0.40)),
    "wrist": ((0, 0, 0), (0.5, 0.35, 0.5)),
    "hip": ((-0.1, 0, 0), (0.5, 0.25, 0.2)),
    "knee": ((0.15, 0, 0), (0.6, 0.08, 0.08)),
    "ankle": ((0, 0, 0), (0.3, 0.15, 0.15)),
}
# (joint, axis, lowest, highest) rad.
_LIMITS: tuple[tuple[str, int, float, float], ...] = (
    ("left_elbow", 1, -2.6, 0.05), ("right_elbow", 1, -0.05, 2.6), ("left_elbow", 0, -1.8, 0.9),
    ("right_elbow", 0, -1.8, 0.9), ("left_knee", 0, -0.05, 2.6), ("right_knee", 0, -0.05, 2.6),
    ("jaw", 0, -0.02, 0.5), ("jaw", 1, -0.08, 0.08), ("jaw", 2, -0.05, 0.05), ("left_wrist", 2, -1.3, 1.3),
    ("right_wrist", 2, -1.3, 1.3), ("neck", 0, -0.6, 0.7), ("head", 0, -0.6, 0.7), ("neck", 1, -0.8, 0.8),
    ("head", 1, -0.8, 0.8),
)  # fmt: skip
_LIMIT_DEVIATION = 0.05
_TIED_EYES = 0.03  # rad between the two eyes' angles
_MIN_HAND_DEVIATION = 0.04  # of a hand coefficient, rad
_FREE = 1e-4  # precision of what no prior holds


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Layout:
    """Sizes, priors and limits of a frame's D parameters.

    mean, precision (D,); ties: pairs (i, j, precision) whose difference is held near 0; limits: indices,
    lowest, highest, precision; acceleration (D,): deviation of second differences at 25 fps.
    """

    size: int
    num_hand: int
    num_expression: int
    mean: Array
    precision: Array
    ties: tuple[tuple[int, int, float], ...]
    limited: npt.NDArray[np.intp]
    lowest: Array
    highest: Array
    limit_precision: float
    acceleration: Array

    @property
    def hands(self) -> tuple[int, int]:
        """Where the two hands' coefficients begin."""
        return NUM_RIGID, NUM_RIGID + self.num_hand

    @property
    def expression(self) -> int:
        """Where expression begins."""
        return NUM_RIGID + 2 * self.num_hand

    def indices(self, *groups: str) -> npt.NDArray[np.intp]:
        """Return sorted parameter numbers of groups, each one of `_GROUPS`, a hand or "expression"."""
        found: list[int] = []
        for group in groups:
            if group == "transl":
                found += range(3)
            elif group == "expression":
                found += range(self.expression, self.size)
            elif group in ("left_hand", "right_hand"):
                first = self.hands[group == "right_hand"]
                found += range(first, first + self.num_hand)
            else:
                found += [OFFSETS[j] + axis for j in _GROUPS[group] for axis in range(3)]
        return np.array(sorted(found), np.intp)


_GROUPS: dict[str, tuple[str, ...]] = {
    "root": ("pelvis",),
    "spine": ("spine1", "spine2", "spine3"),
    "neck": ("neck", "head"),
    "face": _FACE,
    "arms": tuple(f"{side}_{j}" for side in ("left", "right") for j in _ARM),
    **{f"{side}_leg": tuple(f"{side}_{j}" for j in _LEG) for side in ("left", "right")},
}


def build_layout(model: BodyModel, config: FitConfig) -> Layout:
    """Return the layout for a body model."""
    num_expression = model.points.expression_dirs.shape[-1]
    num_hand = min(config.hand_components, model.hands.components.shape[1])
    size = NUM_RIGID + 2 * num_hand + num_expression
    mean, precision = np.zeros(size), np.ones(size)
    precision[:3] = _FREE
    for name, first in OFFSETS.items():
        side, _, joint = name.partition("_")
        centre, deviation = _PRIORS[joint if joint in _PRIORS else name]
        mirror = np.array([1, -1, -1]) if side == "right" else np.ones(3)
        mean[first : first + 3] = np.array(centre) * mirror
        precision[first : first + 3] = 1 / np.square(deviation)
    spread = np.maximum(model.hands.deviations[:num_hand], _MIN_HAND_DEVIATION).astype(np.float64)
    precision[NUM_RIGID : NUM_RIGID + 2 * num_hand] = np.tile(1 / spread**2, 2)
    left, right = OFFSETS["left_eye"], OFFSETS["right_eye"]
    return Layout(
        size=size,
        num_hand=num_hand,
        num_expression=num_expression,
        mean=mean,
        precision=precision,
        ties=tuple((left + a, right + a, 1 / _TIED_EYES**2) for a in range(3)),
        limited=np.array([OFFSETS[name] + axis for name, axis, _, _ in _LIMITS], np.intp),
        lowest=np.array([low for _, _, low, _ in _LIMITS]),
        highest=np.array([high for _, _, _, high in _LIMITS]),
        limit_precision=1 / _LIMIT_DEVIATION**2,
        acceleration=_accelerations(size, num_hand, config.smoothness),
    )


def _accelerations(size: int, num_hand: int, smoothness: Smoothness) -> Array:
    values = np.full(size, smoothness.expression)
    values[:3] = smoothness.transl_m
    by_joint = {
        "pelvis": smoothness.root, "neck": smoothness.neck, "head": smoothness.neck, "jaw": smoothness.jaw,
        "eye": smoothness.eyes, "collar": smoothness.neck, "shoulder": smoothness.shoulder,
        "elbow": smoothness.elbow, "wrist": smoothness.wrist,
    }  # fmt: skip
    for name, first in OFFSETS.items():
        joint = name.split("_")[-1]
        default = smoothness.spine if joint.startswith("spine") else smoothness.legs
        values[first : first + 3] = by_joint.get(joint, default)
    values[NUM_RIGID : NUM_RIGID + 2 * num_hand] = smoothness.fingers
    return values


def joint_offsets() -> npt.NDArray[np.int64]:
    """Return where each of the first 25 joints' parameters begin, -1 for the feet, which are not fitted."""
    found = np.full(25, -1, np.int64)
    for name, first in OFFSETS.items():
        found[JOINT_INDEX[name]] = first
    return found
