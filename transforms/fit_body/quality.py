"""Scores of a fit that say whether to keep its clip."""

import numpy as np
import numpy.typing as npt

from body.model import BodyModel
from body.skinning import rotation_matrices, transform_joints
from body.topology import JOINT_INDEX
from schemas.records.picture import BodyFit
from transforms.fit_body.fit import PARTS, Fit

_UPPER_BODY = [JOINT_INDEX[name] for name in (
    "spine3", "neck", "head", "left_collar", "right_collar", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist",
)]  # fmt: skip
# Turning by more than this between frames a 25th of a second apart is no person's doing (40 rad/s).
_FLIP_RAD_PER_SECOND = 40.0


def fit_quality(model: BodyModel, fit: Fit) -> BodyFit:
    """Return the record of a fit of this model: what its frames share, and its scores."""
    hands = [fit.error_px[part][fit.valid[part]] for part in ("left_hand", "right_hand")]
    return BodyFit(
        model_id=fit.model_id,
        focal_length_px=fit.focal_length_px,
        betas=tuple(fit.betas.tolist()),
        face_error=_median_share(fit.error_px["face"], fit.face_height_px),
        body_error=_median_share(fit.error_px["body"], fit.face_height_px),
        hand_error=_median_share(np.concatenate(hands), fit.face_height_px),
        hand_misfit_ratio=_hand_misfits(fit),
        **{f"{part}_valid_ratio": float(fit.valid[part].mean()) for part in PARTS},
        max_acceleration=_extreme(joint_accelerations(model, fit)),
        num_flips=int((_turning_rates(fit) > _FLIP_RAD_PER_SECOND).sum()),
        betas_norm=float(np.linalg.norm(fit.betas)),
    )


def _hand_misfits(fit: Fit) -> float:
    """Return on which share of the frames a hand was seen and the fitted one lies elsewhere."""
    misfits = [np.isfinite(fit.error_px[p]) & ~fit.valid[p] for p in ("left_hand", "right_hand")]
    return float((misfits[0] | misfits[1]).mean())


def joint_accelerations(model: BodyModel, fit: Fit) -> npt.NDArray[np.float32]:
    """Return accelerations (N - 2, 11) of the upper body's joints in m/s^2."""
    placed = transform_joints(model, fit.full_pose(), fit.betas, fit.expression).positions[:, _UPPER_BODY]
    bend = np.diff(placed + fit.transl[:, None], 2, axis=0)
    return np.linalg.norm(bend, axis=-1) * np.float32(fit.fps**2)


def _turning_rates(fit: Fit) -> npt.NDArray[np.float32]:
    """Return how fast the pelvis turns between frames (N - 1,) in rad/s."""
    turned = rotation_matrices(fit.global_orient)
    trace = np.einsum("nab,nab->n", turned[1:], turned[:-1])
    return np.arccos(np.clip((trace - 1) / 2, -1, 1)) * np.float32(fit.fps)


def _median_share(errors: npt.NDArray[np.floating], height: float) -> float | None:
    known = errors[np.isfinite(errors)]
    return float(np.median(known) / height) if known.size else None


def _extreme(values: npt.NDArray[np.floating]) -> float | None:
    return float(np.percentile(values, 99.9)) if values.size else None
