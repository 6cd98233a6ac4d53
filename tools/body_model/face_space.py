"""Jaw, gaze and expression: ARKit's units turned into rotations, pose correctives and components."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from body.topology import ARKIT_EXPRESSION_UNITS, JOINT_INDEX
from tools.body_model.anny_source import Mesh
from tools.body_model.shape_space import head_mask
from tools.body_model.tpose import turn_about

Float = npt.NDArray[np.float64]

# How strongly each unit is used in the sample that the components are learnt from (sd of its activation).
_ACTIVATION_SD = {"mouthClose": 0.12, "cheekPuff": 0.25, "jawForward": 0.30, "eyeBlink": 0.55, "mouth": 0.45}
_OTHER_SD = 0.40
_USE_RATE = 0.35  # a unit rests in two frames of three
_SAMPLES = 4000


@dataclass(frozen=True, kw_only=True, slots=True)
class PoseCorrective:
    """What skinning leaves of a unit: added in proportion to one element of a joint's rotation matrix."""

    column: int  # of SMPL-X's 486 pose features, (joint - 1) * 9 + row * 3 + column
    offsets: Float  # (V, 3) per unit of that element, metres


@dataclass(frozen=True, kw_only=True, slots=True)
class FaceSpace:
    """components (V, 3, 40) per unit coefficient z; to_units (40, 40): activations = z @ to_units.

    angles: radians that the full unit turns its joint: jawOpen, jawLeft, eyeLookDown, eyeLookUp, eyeLookIn,
    eyeLookOut.
    """

    components: Float
    to_units: Float
    explained: Float
    correctives: tuple[PoseCorrective, ...]
    angles: dict[str, float]
    jaw_residual_mm: float


def learn(units: dict[str, Float], mean: Float, regressor: Float, mesh: Mesh) -> FaceSpace:
    """Return the face space of ARKit's units (V, 3) on the mean body (V, 3)."""
    jaw, jaw_angle, residual = _jaw_open(units["jawOpen"], mean, regressor, mesh)
    lateral = _angle_of(units["jawLeft"], mean, regressor, mesh, "jaw", axis=1)
    angles = {"jawOpen": jaw_angle, "jawLeft": lateral}
    correctives = [jaw]
    for direction, axis in (("Down", 0), ("Up", 0), ("In", 1), ("Out", 1)):
        angles[f"eyeLook{direction}"] = abs(
            _angle_of(units[f"eyeLook{direction}Left"], mean, regressor, mesh, "left_eye", axis)
        )
    for side in ("left", "right"):
        correctives += _lids(units, mesh, side, angles)
    components, to_units, explained = _expressions(units, mean, regressor, mesh)
    return FaceSpace(
        components=components,
        to_units=to_units,
        explained=explained,
        correctives=tuple(correctives),
        angles=angles,
        jaw_residual_mm=residual,
    )


def _turn(axis: int, angle: float) -> Float:
    return turn_about(np.eye(3)[axis][None], np.array([angle]))[0]


def _angle_of(delta: Float, mean: Float, regressor: Float, mesh: Mesh, joint: str, axis: int) -> float:
    """Return the angle about an axis of the joint that best makes `delta` (V, 3), by least squares."""
    index = JOINT_INDEX[joint]
    rows = mesh.weights[:, index] > 0.8
    arm = (mean - regressor[index] @ mean)[rows]
    moved = np.cross(np.eye(3)[axis], arm)
    for _ in range(5):  # small-angle solution, refined on the circle
        slope = (moved * delta[rows]).sum() / (moved * moved).sum()
        chord = arm @ _turn(axis, slope).T - arm
        moved = chord / slope
    return float(slope)


def _jaw_open(delta: Float, mean: Float, regressor: Float, mesh: Mesh) -> tuple[PoseCorrective, float, float]:
    """Return jawOpen's corrective, its angle and what skinning alone leaves on the chin in mm."""
    joint = JOINT_INDEX["jaw"]
    centre, weight = regressor[joint] @ mean, mesh.weights[:, joint]
    chin = (weight > 0.8) & (mean[:, 1] < centre[1] - 0.01) & (mean[:, 2] > centre[2] + 0.02)
    target = mean + delta

    def skinned(angle: float) -> Float:
        return mean + weight[:, None] * ((mean - centre) @ _turn(0, angle).T + centre - mean)

    candidates = np.linspace(0.05, 0.60, 221)
    left = [np.linalg.norm(skinned(a) - target, axis=1)[chin].mean() for a in candidates]
    angle = float(candidates[int(np.argmin(left))])
    # The corrective is added before skinning: p with A (mean + p) + t = target.
    turn = _turn(0, angle)
    matrices = np.eye(3) + weight[:, None, None] * (turn - np.eye(3))
    shift = weight[:, None] * (centre - turn @ centre)
    offsets = np.linalg.solve(matrices, (target - shift)[..., None])[..., 0] - mean
    offsets[head_mask(mesh) <= 0.5] = 0.0
    column = (joint - 1) * 9 + 2 * 3 + 1  # sin(angle) of a turn about x
    corrective = PoseCorrective(column=column, offsets=offsets / np.sin(angle))
    return corrective, angle, float(min(left) * 1000)


def _lids(units: dict[str, Float], mesh: Mesh, side: str, angles: dict[str, float]) -> list[PoseCorrective]:
    """Return the correctives that let the lids follow the eye up and down, and sideways.

    Opposite directions share one column, which changes sign with the angle; the mean of both is taken.
    """
    joint, suffix = JOINT_INDEX[f"{side}_eye"], side.capitalize()
    skin = (mesh.weights[:, joint] < 0.5)[:, None]

    def rate(direction: str) -> Float:
        return units[f"eyeLook{direction}{suffix}"] * skin / np.sin(angles[f"eyeLook{direction}"])

    outward = 1.0 if side == "left" else -1.0  # a positive turn about y looks to the person's left
    pitch = PoseCorrective(column=(joint - 1) * 9 + 7, offsets=0.5 * (rate("Down") - rate("Up")))
    yaw = PoseCorrective(column=(joint - 1) * 9 + 2, offsets=0.5 * outward * (rate("Out") - rate("In")))
    return [pitch, yaw]


def draw_activations(number: int, rng: np.random.Generator) -> Float:
    """Return activations (number, 40) of ARKIT_EXPRESSION_UNITS as faces use them: few at once, paired."""
    names = ARKIT_EXPRESSION_UNITS
    active = np.zeros((number, len(names)))
    for column, name in enumerate(names):
        left = name[:-5] + "Left"
        if name.endswith("Right") and left in names:
            twin = active[:, names.index(left)]
            active[:, column] = twin + rng.normal(0, 0.08, number) * (twin > 0)
            continue
        spread = next((sd for start, sd in _ACTIVATION_SD.items() if name.startswith(start)), _OTHER_SD)
        active[:, column] = np.abs(rng.normal(0, spread, number)) * (rng.random(number) < _USE_RATE)
    smile = active[:, names.index("mouthSmileLeft")]
    for name in ("cheekSquintLeft", "cheekSquintRight", "eyeSquintLeft", "eyeSquintRight"):
        active[:, names.index(name)] += 0.5 * smile
    return np.clip(active, 0, 1.2)


def _expressions(
    units: dict[str, Float], mean: Float, regressor: Float, mesh: Mesh
) -> tuple[Float, Float, Float]:
    """Return components (V, 3, 40), to_units (40, 40) and the share that the first k components explain.

    An uncentred PCA, so that coefficients 0 are the neutral face: with activations a of second moment C = L
    L', the displacements' principal axes are the eigenvectors Q of L' G L, G the units' weighted Gram matrix.
    Then a = z @ (L Q)' with z of second moment 1, and the map between z and a is invertible.
    """
    stacked = np.stack([units[name].reshape(-1) for name in ARKIT_EXPRESSION_UNITS])
    active = draw_activations(_SAMPLES, np.random.default_rng(1))
    jaw = JOINT_INDEX["jaw"]
    front = (head_mask(mesh) > 0.5) & (mean[:, 2] > regressor[jaw] @ mean[:, 2] + 0.02)
    seen = ((mesh.weights[:, jaw] > 0.2) | front) & ~interior(mesh)
    weighted = stacked * np.repeat(np.sqrt(0.05 + seen), 3)
    lower = np.linalg.cholesky(active.T @ active / len(active) + 1e-9 * np.eye(len(stacked)))
    values, vectors = np.linalg.eigh(lower.T @ (weighted @ weighted.T) @ lower)
    order = np.argsort(-values)
    to_units = (lower @ vectors[:, order]).T
    to_units *= np.where(to_units.sum(1) < 0, -1.0, 1.0)[:, None]
    components = (to_units @ stacked).reshape(len(stacked), -1, 3).transpose(1, 2, 0)
    return components, np.asarray(to_units, np.float64), np.cumsum(values[order]) / values.sum()


def interior(mesh: Mesh) -> npt.NDArray[np.bool_]:
    """Return which vertices (V,) lie only in the mouth's cavity, the tongue or the eye sockets."""
    outside = np.zeros(len(mesh.weights), bool)
    hidden = np.isin(mesh.regions, ["mouth_cavity", "tongue", "eye_cavity.L", "eye_cavity.R"])
    outside[mesh.faces[~hidden]] = True
    return ~outside
