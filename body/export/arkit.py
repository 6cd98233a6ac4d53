"""ARKit's 52 coefficients of every frame as CSV.

Gaze and jaw come from rotations, the other units from the expression coefficients: the activations in [0, 1]
whose coefficients are nearest to the track's. All 40 components determine them. A track of fewer, and fits
have ten, leaves them open, and what is not observed is taken as drawn from the components' distribution
(unit second moment). What no answer can tell:

- with ten components, units that look alike share their amount: a cheek puff, squints and single-lip
  units are the least sure, blinks and smiles the surest;
- tongueOut is 0, the model has no tongue; the jaw's roll about the line of sight has no unit;
- gaze outside its units' range, negative jawOpen and activations above 1 are clipped to [0, 1];
- lids that follow the gaze belong to the eyeLook units, as in ARKit.

Sides are the person's own. Frames on which the face was not seen are marked by 0 in the column face_valid;
their values are what priors and neighbouring frames hold.
"""

from collections.abc import Iterable

import numpy as np

from body.export.skeleton import Array, matrices, quaternions
from body.model import ArkitUnits, BodyModel, Float
from body.topology import ARKIT_NAMES
from body.track import BodyTrack, check_model
from schemas.outcomes import BadInputError

_EYE = ("eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide")


def _both(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{name}{side}" for name in names for side in ("Left", "Right"))


# In the order of Apple's documentation of ARFaceAnchor.BlendShapeLocation, which recorders write.
ARKIT_ORDER: tuple[str, ...] = (
    *(f"{name}Left" for name in _EYE), *(f"{name}Right" for name in _EYE),
    "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft",
    "mouthRight", *_both(("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch")), "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    *_both(("mouthPress", "mouthLowerDown", "mouthUpperUp", "browDown")), "browInnerUp",
    *_both(("browOuterUp",)), "cheekPuff", *_both(("cheekSquint", "noseSneer")), "tongueOut",
)  # fmt: skip
assert sorted(ARKIT_ORDER) == sorted(ARKIT_NAMES)

# Spread of an observed coefficient against 1, that of one not observed. Small: a fit's coefficients are kept
# where activations in [0, 1] allow it. On faces drawn as the components' were, ten components: correlation
# with the true activations 0.70, against 0.60 by the linear map cut to [0, 1].
_OBSERVED_SD = 0.05
_MAX_SWEEPS, _TOLERANCE = 2000, 1e-7


def arkit_csv(model: BodyModel, track: BodyTrack) -> str:
    """Return the file's text: time in seconds, frame, the 52 coefficients, face_valid.

    Args:
        model: with all its expression components.

    Raises:
        BadInputError: if the model has no ARKit units, or the track belongs to another.
    """
    values = arkit_coefficients(model, track)
    seen = track.valid.get("face", np.ones(track.num_frames, bool))
    lines = [",".join(("time", "frame", *ARKIT_ORDER, "face_valid"))]
    for frame, row in enumerate(values):
        numbers = ",".join(f"{value:.5f}" for value in row)
        lines.append(f"{frame / track.fps:.6f},{frame},{numbers},{int(seen[frame])}")
    return "\n".join(lines) + "\n"


def arkit_coefficients(model: BodyModel, track: BodyTrack) -> Array:
    """Return (N, 52) in ARKIT_ORDER, each in [0, 1]; arguments and errors as for `arkit_csv`."""
    check_model(model, track)
    if model.arkit is None:
        raise BadInputError(f"body model {model.model_id} has no ARKit units; only the embedded model has")
    units, angles = model.arkit, model.arkit.angles
    values = dict(zip(units.names, expression_units(units, track.expression).T, strict=True))
    pitch, yaw = _pitch_yaw(track.jaw)
    values |= {"jawOpen": pitch / angles["jawOpen"], "tongueOut": np.zeros(track.num_frames)}
    values |= {"jawLeft": yaw / angles["jawLeft"], "jawRight": -yaw / angles["jawLeft"]}
    for side, pose, outward in (("Left", track.left_eye, 1.0), ("Right", track.right_eye, -1.0)):
        pitch, yaw = _pitch_yaw(pose)
        values[f"eyeLookDown{side}"] = pitch / angles["eyeLookDown"]
        values[f"eyeLookUp{side}"] = -pitch / angles["eyeLookUp"]
        values[f"eyeLookOut{side}"] = outward * yaw / angles["eyeLookOut"]
        values[f"eyeLookIn{side}"] = -outward * yaw / angles["eyeLookIn"]
    return np.clip(np.stack([values[name] for name in ARKIT_ORDER], axis=1), 0.0, 1.0) + 0.0


def expression_units(units: ArkitUnits, expression: Float) -> Array:
    """Return activations (N, 40) in [0, 1] of expression coefficients (N, E).

    Minimises |a T - z|^2 over the weights of each coefficient, by coordinate descent on all frames at once.
    """
    back = units.to_expression.astype(np.float64)
    number: int = back.shape[1]
    given: int = expression.shape[1]
    if number < len(units.names):
        raise BadInputError("ARKit units need the body model with all its expression components")
    scale = np.where(np.arange(number) < given, 1 / _OBSERVED_SD, 1.0)
    target = np.zeros((len(expression), number))
    target[:, :given] = expression
    hessian = (back * scale**2) @ back.T
    linear = (target * scale**2) @ back.T
    active = np.zeros((len(expression), len(units.names)))
    for _ in range(_MAX_SWEEPS):
        before = active.copy()
        for unit, curvature in enumerate(np.diag(hessian)):
            step = (active @ hessian[:, unit] - linear[:, unit]) / curvature
            active[:, unit] = np.clip(active[:, unit] - step, 0.0, 1.0)
        if np.abs(active - before).max() < _TOLERANCE:
            break
    return active


def _pitch_yaw(axis_angle: Float) -> tuple[Array, Array]:
    """Return how far rotations (N, 3) turn the forward direction down and to the person's left, radians."""
    forward = matrices(quaternions(axis_angle))[..., 2]
    return np.arcsin(np.clip(-forward[..., 1], -1, 1)), np.arctan2(forward[..., 0], forward[..., 2])
