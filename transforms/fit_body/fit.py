"""Fit the body, hands and face of one person to all frames of a clip at once."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from body.model import BodyModel
from body.pose_points import KNEES
from body.raster import Pinhole
from body.skinning import rotation_matrices
from body.topology import SIDES
from body.track import TRACK_PARAMETERS, TRACK_PARTS
from transforms.fit_body.config import FitConfig
from transforms.fit_body.initialise import axis_angles, initial
from transforms.fit_body.layout import ROOT, joint_offsets
from transforms.fit_body.normal import Problem, build_problem
from transforms.fit_body.observations import (
    Observations,
    build_targets,
    with_believed_limbs,
    without_twins,
)
from transforms.fit_body.residuals import part_errors
from transforms.fit_body.solver import Clip, Coupling, solve

Array = npt.NDArray[np.float64]
PARTS = TRACK_PARTS
_RATE = 25.0  # fps at which smoothness is given


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Fit:
    """A clip's body: N frames in the camera's axes, metres and radians (axis-angle), float32.

    Hands (N, 45) include the model's mean pose. valid and error_px hold for each of PARTS (N,) arrays: was
    the part seen and does the model agree; typical distance of landmarks (without the detector's known bias)
    from the model's, NaN if not seen.
    What is not valid is held by priors and neighbouring frames. face_height_px: hairline to chin, median.
    """

    model_id: str
    transl: npt.NDArray[np.float32]
    global_orient: npt.NDArray[np.float32]
    body_pose: npt.NDArray[np.float32]
    jaw: npt.NDArray[np.float32]
    left_eye: npt.NDArray[np.float32]
    right_eye: npt.NDArray[np.float32]
    left_hand: npt.NDArray[np.float32]
    right_hand: npt.NDArray[np.float32]
    expression: npt.NDArray[np.float32]
    betas: npt.NDArray[np.float32]
    focal_length_px: float
    width_px: int
    height_px: int
    fps: float
    face_height_px: float
    valid: dict[str, npt.NDArray[np.bool_]]
    error_px: dict[str, npt.NDArray[np.float32]]
    iterations: tuple[int, ...]

    def full_pose(self) -> npt.NDArray[np.float32]:
        """Return (N, 165): all joints' axis-angles in SMPL-X's order."""
        parts = (self.global_orient, self.body_pose, self.jaw, self.left_eye, self.right_eye)
        return np.concatenate([*parts, self.left_hand, self.right_hand], axis=1)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what a sample holds of the fit (schemas.sample.BODY_ARRAYS)."""
        return {
            **{f"smplx:{name}": getattr(self, name) for name in TRACK_PARAMETERS},
            **{f"smplx:{part}_error_px": self.error_px[part] for part in PARTS},
            **{f"valid:smplx_{part}": self.valid[part] for part in PARTS},
        }

    def camera(self) -> Pinhole:
        """Return the camera, centred on the picture."""
        return Pinhole.for_picture(self.width_px, self.height_px, self.focal_length_px)


@lru_cache(maxsize=4)
def _problem(model: BodyModel, config: FitConfig) -> Problem:
    return build_problem(model, config)


def fit_clip(model: BodyModel, seen: Observations, config: FitConfig | None = None) -> Fit:
    """Fit a body model to the landmarks of a clip, or of one picture (N = 1).

    First the head and torso are placed, then a few frames a second are fitted apart from each other with
    shared betas, then all frames together with smoothness. Deterministic; uses one thread if BLAS does.

    Raises:
        ValueError: if there are no frames, or neither face nor body was seen on any.
    """
    if not (seen.seen("face").any() or seen.seen("pose").any()):
        raise ValueError("neither a face nor a body was seen on any frame")
    problem = _problem(model, config or FitConfig())
    seen = with_believed_limbs(without_twins(seen), problem.config)
    if model.detector_bias is not None and seen.face_detector == "mediapipe":
        seen = replace(seen, face=model.detector_bias.corrected(seen.face))
    focal = seen.focal_px or problem.config.focal_per_side * max(seen.width_px, seen.height_px)
    clip, x, betas, done = _minimise(problem, seen, focal)
    errors, valid = part_errors(clip, x, betas)
    for hand in ("left_hand", "right_hand"):
        # No error is NaN where the hand was not seen; it is not valid there either.
        valid[hand] &= errors[hand] <= problem.config.max_hand_error * seen.face_height_px()
    return Fit(
        model_id=model.model_id,
        **unpack(problem, x, clip.root),
        betas=betas.astype(np.float32),
        focal_length_px=float(focal),
        width_px=seen.width_px,
        height_px=seen.height_px,
        fps=seen.fps,
        face_height_px=seen.face_height_px(),
        valid=valid,
        error_px=errors,
        iterations=done,
    )


def _minimise(
    problem: Problem, seen: Observations, focal: float
) -> tuple[Clip, Array, Array, tuple[int, ...]]:
    """Run all passes; returns the last one's clip, x (N, D), betas (S,) and the passes' iterations."""
    options, layout = problem.config, problem.layout
    free, active = _what_moves(problem, seen)
    stride = max(1, round(seen.fps / options.coarse_fps))
    rows = np.unique(np.append(np.arange(0, seen.num_frames, stride), seen.num_frames - 1))
    coarse = seen.take(rows, seen.fps / stride) if len(rows) < seen.num_frames else seen
    start, root = initial(problem, coarse, focal)
    clip = _clip(problem, coarse, focal, root, smooth=False)
    betas = np.zeros(problem.num_betas)
    rigid = layout.indices("transl", "root", "neck")
    used = active & np.array([True, True, False, False])
    wide = options.widening
    x, betas, first = solve(clip, start, betas, rigid, used, options.rigid_iterations, wide, fit_betas=False)
    done = [first]
    for widening, iterations in ((wide, options.wide_iterations), (1.0, options.coarse_iterations)):
        x, betas, count = solve(clip, x, betas, free, active, iterations, widening)
        done.append(count)
    clip = _clip(problem, seen, focal, root, smooth=seen.num_frames > 2)
    if seen.num_frames > 2:
        x = _spread(x, rows, seen.num_frames)
        for widening, iterations in ((wide, options.catch_iterations), (1.0, options.fine_iterations)):
            x, betas, count = solve(clip, x, betas, free, active, iterations, widening)
            done.append(count)
    return clip, x, betas, tuple(done)


def _what_moves(problem: Problem, seen: Observations) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Return which parameters are fitted, and which of face, body, left and right hand were ever seen."""
    parts = ("face", "pose", "left_hand", "right_hand")
    active = np.array([bool(seen.seen(part).any()) for part in parts])
    groups = ["transl", "root", "spine", "neck"]
    groups += ["face", "expression"] if active[0] else []
    groups += ["arms"] if active[1:].any() else []
    groups += [part for part, there in zip(parts[2:], active[2:], strict=True) if there]
    # Of legs that are not believed no point is visible (with_believed_limbs).
    for side, knee in zip(SIDES, KNEES, strict=True):
        groups += [f"{side}_leg"] if (seen.pose_visibility[:, knee] > 0).any() else []
    return problem.layout.indices(*groups), active


def _clip(problem: Problem, seen: Observations, focal: float, root: Array, smooth: bool) -> Clip:
    layout, config = problem.layout, problem.config
    precision = np.zeros(layout.size)
    if smooth:
        precision = 1 / (layout.acceleration * (_RATE / seen.fps) ** 2) ** 2
    return Clip(
        problem=problem,
        targets=build_targets(seen, problem.points, config),
        root=root,
        camera=np.array([focal, seen.width_px / 2, seen.height_px / 2]),
        coupling=Coupling(precision=precision),
        betas_precision=config.betas_precision * seen.num_frames,
    )


def _spread(x: Array, rows: npt.NDArray[np.intp], number: int) -> Array:
    """Return parameters of all frames from those of some, by linear interpolation."""
    frames = np.arange(number)
    columns: list[Array] = [np.interp(frames, rows, column) for column in x.T]
    return np.stack(columns, axis=1)


def unpack(problem: Problem, x: Array, root: Array) -> dict[str, npt.NDArray[np.float32]]:
    """Return SMPL-X's parameters, named as in `Fit`, of x (N, D) and the mean orientation (3, 3)."""
    layout, skeleton = problem.layout, problem.skeleton
    pose, offsets = np.zeros((len(x), 25, 3)), joint_offsets()
    for joint in np.flatnonzero(offsets >= 0):
        pose[:, joint] = x[:, offsets[joint] : offsets[joint] + 3]
    turned = rotation_matrices(x[:, ROOT : ROOT + 3]).astype(np.float64) @ root
    hands = [
        skeleton.hand_mean[side] + x[:, first : first + layout.num_hand] @ skeleton.hand_components[side]
        for side, first in enumerate(layout.hands)
    ]
    values = {
        "transl": x[:, :3],
        "global_orient": axis_angles(turned),
        "body_pose": pose[:, 1:22],
        "jaw": pose[:, 22],
        "left_eye": pose[:, 23],
        "right_eye": pose[:, 24],
        "left_hand": hands[0],
        "right_hand": hands[1],
        "expression": x[:, layout.expression :],
    }
    return {name: np.ascontiguousarray(v.reshape(len(x), -1), np.float32) for name, v in values.items()}
