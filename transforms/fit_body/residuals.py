"""How far the fitted model is from what was seen, on each frame and part."""

import numpy as np
import numpy.typing as npt

from body.pose_points import LIMBS
from body.topology import SIDES
from transforms.fit_body.kinematics import new_frame, place
from transforms.fit_body.solver import Clip

Array = npt.NDArray[np.float64]


def project(clip: Clip, x: Array, betas: Array) -> dict[str, Array]:
    """Return px of the model's points: face (N, P, 2), body (N, L, 2), each hand (N, 21, 2)."""
    problem, points = clip.problem, clip.problem.points
    skeleton, face = problem.skeleton, points.face
    rest = skeleton.rest + skeleton.by_betas @ betas
    frame, scratch, both = new_frame(problem.num_betas), np.empty((3, 3)), np.ones(2, np.bool_)
    shaped = face.template + face.by_betas @ betas
    found: dict[str, list[Array]] = {"face": [], "body": [], "left_hand": [], "right_hand": []}
    for row in x:
        place(row, clip.root, rest, skeleton, frame, both, scratch)
        rigid = {"body": points.pose, "left_hand": points.hands[0], "right_hand": points.hands[1]}
        for name, group in rigid.items():
            lever = rest[group.joints] - rest[group.frames] + group.offsets
            moved = np.einsum("lab,lb->la", frame.turned[group.frames], lever)
            found[name].append(frame.placed[group.frames] + moved)
        features = frame.local[face.feature_joint, face.feature_row, face.feature_column]
        features = features - (face.feature_row == face.feature_column)
        v = shaped + face.by_expression @ row[skeleton.expression_first :] + face.by_features @ features
        levers = v[:, None] - frame.rest[face.joints]
        placed = np.einsum("kab,pkb->pka", frame.turned[face.joints], levers) + frame.placed[face.joints]
        found["face"].append((face.weights[..., None] * placed).sum(1))
    focal, centre = clip.camera[0], clip.camera[1:]
    stacked = {name: np.stack(rows) for name, rows in found.items()}
    return {n: p[..., :2] / np.maximum(p[..., 2:], 0.05) * focal + centre for n, p in stacked.items()}


def part_errors(
    clip: Clip, x: Array, betas: Array
) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, npt.NDArray[np.bool_]]]:
    """Return each part's median distance in px (N,), NaN where not seen, and whether it is valid (N,)."""
    targets = clip.targets
    observed = {
        "body": (targets.pose_px, targets.pose_weight),
        "face": (targets.face_px, targets.face_weight),
        "left_hand": (targets.hand_px[0], targets.hand_weight[0]),
        "right_hand": (targets.hand_px[1], targets.hand_weight[1]),
    }
    shown = project(clip, x, betas)
    for limb, sides in LIMBS.items():
        for side, points in zip(SIDES, sides, strict=True):
            columns = np.isin(clip.problem.points.pose_ids, points)
            observed[f"{side}_{limb}"] = targets.pose_px[:, columns], targets.pose_weight[:, columns]
            shown[f"{side}_{limb}"] = shown["body"][:, columns]
    errors: dict[str, npt.NDArray[np.float32]] = {}
    valid: dict[str, npt.NDArray[np.bool_]] = {}
    for name, px in shown.items():
        target, weight = observed[name]
        seen = weight.max(1) > 0
        gap = np.where(weight > 0, np.linalg.norm(px - target, axis=-1), np.nan)
        sigmas = gap * weight
        typical, scaled = np.full(len(x), np.nan), np.full(len(x), np.inf)
        typical[seen], scaled[seen] = np.nanmedian(gap[seen], 1), np.nanmedian(sigmas[seen], 1)
        errors[name] = typical.astype(np.float32)
        valid[name] = seen & (scaled < clip.problem.config.max_residual)
    return errors, valid
