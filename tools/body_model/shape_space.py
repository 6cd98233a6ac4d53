"""Mean body, shape components and the joint regressor, learnt from bodies in T-pose.

Everything is made symmetric by letting each body stand for itself and its mirror image.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from body.topology import JOINT_INDEX, JOINT_NAMES
from tools.body_model.anny_source import MIRROR, Bodies, Mesh, mirrored_name

Float = npt.NDArray[np.float64]

HEAD_JOINTS = tuple(JOINT_INDEX[n] for n in ("head", "jaw", "left_eye", "right_eye"))
_HEAD_WEIGHT = 8.0  # faces are what the pictures show: their squared error counts ninefold
_PELVIS = np.array([0.0, -0.35, 0.01])  # where SMPL-X's neutral body has it, in metres
_CANDIDATES = 500  # vertices that may place a joint, spread over the 4,000 nearest
_RIDGE = 3e-3  # of held-out bodies' joint error, least near here; the weights sum to 1
_STILL = 3e-4  # vertices that expressions move more (m) must not move joints


@dataclass(frozen=True, kw_only=True, slots=True)
class ShapeSpace:
    """mean (V, 3); components (V, 3, S), each for a coefficient of standard deviation 1; regressor (55, V).

    fingertips (2, 5, 3) of the mean body. residual_mm: mean distance that the first ten components leave.
    joint_error_mm: mean distance of regressed from true joints, on bodies held out of the regression.
    """

    mean: Float
    components: Float
    regressor: Float
    fingertips: Float
    residual_mm: dict[str, float]
    joint_error_mm: dict[str, float]


def head_mask(mesh: Mesh) -> Float:
    """Return how far each vertex (V,) belongs to the head, in [0, 1]."""
    return mesh.weights[:, HEAD_JOINTS].sum(1)


def learn(bodies: Bodies, mesh: Mesh, expression_reach: Float, number: int) -> ShapeSpace:
    """Return the shape space of `number` components.

    Args:
        expression_reach: (V,) the furthest that any expression moves each vertex, metres.
    """
    vertices = bodies.vertices.astype(np.float64) + _PELVIS
    joints = bodies.joints + _PELVIS
    mirrored = vertices[:, mesh.mirror] * MIRROR
    mean = 0.5 * (vertices.mean(0) + mirrored.mean(0))
    top = int(mean[:, 1].argmax())
    components, residual = _principal_components(vertices - mean, mirrored - mean, mesh, number, top)
    still = np.nonzero(expression_reach < _STILL)[0]
    held_out = np.arange(len(vertices)) % 4 == 0
    test = _regressor(vertices[~held_out], joints[~held_out], still, mesh)
    apart = np.linalg.norm(test @ vertices[held_out] - joints[held_out], axis=-1).mean(0) * 1000
    tips = bodies.fingertips.mean(0) + _PELVIS
    return ShapeSpace(
        mean=mean,
        components=components,
        regressor=_regressor(vertices, joints, still, mesh),
        fingertips=0.5 * (tips + tips[::-1] * MIRROR),
        residual_mm=residual,
        joint_error_mm=dict(zip(JOINT_NAMES, apart.tolist(), strict=True)),
    )


def _principal_components(
    centred: Float, mirrored: Float, mesh: Mesh, number: int, top: int
) -> tuple[Float, dict[str, float]]:
    """Return (V, 3, number) and the mean distance that ten of them leave.

    The covariance of bodies and mirror images is that of their symmetric halves plus that of their
    antisymmetric halves, so each component is purely one or the other. `top` is the vertex of the crown.
    """
    count = len(centred)
    halves = np.concatenate([centred + mirrored, centred - mirrored]).reshape(2 * count, -1) / 2
    scale = np.repeat(np.sqrt(1.0 + _HEAD_WEIGHT * head_mask(mesh)), 3)
    weighted = (halves * scale).astype(np.float32)
    values, vectors = np.linalg.eigh((weighted @ weighted.T).astype(np.float64))
    order = np.argsort(-values)[:number]
    components = vectors[:, order].T @ halves / np.sqrt(count)
    # An eigenvector's sign is arbitrary: those that raise the top of the head are taken as positive.
    components *= np.where(components[:, 3 * top + 1] < 0, -1.0, 1.0)[:, None]
    scores = (centred.reshape(count, -1) * scale**2) @ components[:10].T * (count / values[order[:10]])
    left = np.linalg.norm(
        (centred.reshape(count, -1) - scores @ components[:10]).reshape(count, -1, 3), axis=-1
    )
    head = head_mask(mesh) > 0.9
    residual = {"body": float(left.mean() * 1000), "head": float(left[:, head].mean() * 1000)}
    return components.reshape(number, -1, 3).transpose(1, 2, 0), residual


def _regressor(vertices: Float, joints: Float, still: npt.NDArray[np.int64], mesh: Mesh) -> Float:
    """Return weights (55, V) of rows that sum to 1, by ridge regression towards the candidates' mean.

    Weights may be negative: MakeHuman's bones, those of the spine above all, lie where no mean of skin
    vertices lies, and non-negative weights leave 14 mm at spine3 where these leave half.
    """
    mean = vertices.mean(0)
    regressor = np.zeros((len(JOINT_NAMES), vertices.shape[1]))
    for joint in range(len(JOINT_NAMES)):
        distance = np.linalg.norm(mean[still] - joints[:, joint].mean(0), axis=1)
        near = still[np.argsort(distance)[: 8 * _CANDIDATES : 8]]
        design = vertices[:, near].transpose(0, 2, 1)  # (n, 3, c)
        centred = (design - design.mean(-1, keepdims=True)).reshape(-1, len(near))
        target = (joints[:, joint] - design.mean(-1)).reshape(-1)
        weights = np.linalg.solve(centred.T @ centred + _RIDGE * np.eye(len(near)), centred.T @ target)
        regressor[joint, near] = weights - weights.mean() + 1 / len(near)
    twins = [JOINT_INDEX[mirrored_name(name)] for name in JOINT_NAMES]
    return 0.5 * (regressor + regressor[twins][:, mesh.mirror])
