"""SMPLify-X's way on the same observations: autograd through the whole mesh of `smplx`, and Adam.

Same robust residuals, priors and smoothness as the fitter's; gradients instead of second-order steps.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import smplx
import torch

from body.model import BodyModel
from body.smplx_format import write_smplx
from transforms.fit_body import Fit, FitConfig, Observations
from transforms.fit_body.fit import unpack
from transforms.fit_body.initialise import initial
from transforms.fit_body.normal import Problem, Targets, build_problem
from transforms.fit_body.observations import build_targets

_RATES = {"turns": 0.02, "transl": 0.01, "coefficients": 0.05}


def fit_with_adam(model: BodyModel, seen: Observations, template: Fit, iterations: int) -> tuple[Fit, float]:
    """Return the fit after so many iterations and its processor seconds; template gives the rest."""
    torch.set_num_threads(1)
    problem = build_problem(model, FitConfig())
    focal = template.focal_length_px
    start, root = initial(problem, seen, focal)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "SMPLX_NEUTRAL.npz"
        write_smplx(model, path)
        body = smplx.create(str(path), model_type="smplx", use_pca=False, num_betas=10, flat_hand_mean=True,
                            num_expression_coeffs=10, batch_size=len(start))  # fmt: skip
    values = unpack(problem, start, root)
    unknowns = {name: torch.tensor(values[name], requires_grad=True) for name in values}
    unknowns["betas"] = torch.zeros((1, 10), requires_grad=True)
    arrays = build_targets(seen, problem.points, problem.config)
    tensors = (torch.tensor(array, dtype=torch.float32) for array in arrays)
    targets = SimpleNamespace(**dict(zip(Targets._fields, tensors, strict=True)))
    held = {name: tensor.detach().clone() for name, tensor in unknowns.items()}
    groups = [
        {"params": [unknowns["transl"]], "lr": _RATES["transl"]},
        {"params": [unknowns["betas"], unknowns["expression"]], "lr": _RATES["coefficients"]},
        {"params": [unknowns[n] for n in ("global_orient", "body_pose", "jaw", "left_eye", "right_eye",
                                          "left_hand", "right_hand")], "lr": _RATES["turns"]},
    ]  # fmt: skip
    optimiser = torch.optim.Adam(groups)
    before = time.process_time()
    for _ in range(iterations):
        optimiser.zero_grad()
        loss = _loss(problem, model, body, unknowns, held, targets, seen, focal)
        loss.backward()
        optimiser.step()
    spent = time.process_time() - before
    found = {name: tensor.detach().numpy() for name, tensor in unknowns.items()}
    found["betas"] = found["betas"][0]
    return replace(template, **found), spent


def _loss(problem: Problem, model: BodyModel, body, unknowns, held, targets, seen, focal):
    out = body(
        global_orient=unknowns["global_orient"], body_pose=unknowns["body_pose"], jaw_pose=unknowns["jaw"],
        leye_pose=unknowns["left_eye"], reye_pose=unknowns["right_eye"],
        left_hand_pose=unknowns["left_hand"], right_hand_pose=unknowns["right_hand"],
        betas=unknowns["betas"].expand(len(held["transl"]), -1), expression=unknowns["expression"],
        transl=unknowns["transl"],
    )  # fmt: skip
    centre = torch.tensor([seen.width_px / 2, seen.height_px / 2])
    robust = problem.config.robust_scale**2

    def robust_sum(errors):
        return (errors / (1 + errors / robust)).sum()

    def reproject(points, px, weight):
        seen_px = points[..., :2] / points[..., 2:].clamp(min=0.1) * focal + centre
        return robust_sum((((seen_px - px) * weight[..., None]) ** 2).sum(-1))

    marks = model.landmarks
    rows = {int(i): row for row, i in enumerate(marks.mediapipe_ids)}
    ids = [rows[int(i)] for i in problem.points.face_ids]
    corners = torch.tensor(model.faces[marks.faces[ids]].astype(np.int64))
    shares = torch.tensor(marks.barycentric[ids])
    face = (out.vertices[:, corners] * shares[..., None]).sum(2)
    loss = reproject(face, targets.face_px, targets.face_weight)
    pose = out.joints[:, problem.points.pose.joints]
    loss = loss + reproject(pose, targets.pose_px, targets.pose_weight)
    base = (pose[..., 2] * torch.tensor(problem.points.pose.reference, dtype=torch.float32)).sum(
        1, keepdim=True
    )
    gap = (pose[..., 2] - base - targets.pose_depth) * targets.pose_depth_weight
    loss = loss + robust_sum(gap**2)
    for side in range(2):
        hand = out.joints[:, problem.points.hands[side].joints]
        loss = loss + reproject(hand, targets.hand_px[side], targets.hand_weight[side])
        gap = (hand[..., 2] - hand[:, :1, 2] - targets.hand_depth[side]) * targets.hand_depth_weight[side]
        loss = loss + robust_sum(gap**2)
    return loss + _priors(problem, unknowns, held, seen.fps)


def _priors(problem: Problem, unknowns, held, fps: float):
    """Return priors and smoothness, with the deviations that the fitter's layout has for the same angles."""
    layout = problem.layout
    loss = problem.config.betas_precision * len(held["transl"]) * (unknowns["betas"] ** 2).sum()
    first = layout.expression
    body = np.ones(63)
    rate = np.full(63, layout.acceleration[6])
    for joint, offset in enumerate(problem.skeleton.offsets[:22]):
        if joint and offset >= 0:
            body[3 * joint - 3 : 3 * joint] = layout.precision[offset : offset + 3]
            rate[3 * joint - 3 : 3 * joint] = layout.acceleration[offset : offset + 3]
    hand = 1 / 0.3**2
    scale = (fps / 25.0) ** 2
    for name, precision, deviation in (
        ("body_pose", body, rate), ("jaw", layout.precision[21:24], layout.acceleration[21:24]),
        ("left_eye", layout.precision[24:27], layout.acceleration[24:27]),
        ("right_eye", layout.precision[27:30], layout.acceleration[27:30]),
        ("left_hand", hand, 0.05), ("right_hand", hand, 0.05), ("expression", layout.precision[first], 0.25),
        ("transl", 0.0, layout.acceleration[:3]), ("global_orient", 0.0, layout.acceleration[3:6]),
    ):  # fmt: skip
        weight = torch.tensor(np.asarray(precision), dtype=torch.float32)
        loss = loss + (weight * (unknowns[name] - held[name]) ** 2).sum()
        bend = unknowns[name][2:] - 2 * unknowns[name][1:-1] + unknowns[name][:-2]
        stiff = torch.tensor((scale / np.asarray(deviation)) ** 2, dtype=torch.float32)
        loss = loss + (stiff * bend**2).sum()
    return loss
