"""Rotations as six numbers: the first two columns of the matrix.

Zhou et al., On the Continuity of Rotation Representations in Neural Networks (2019), section 4.2: the map
from six numbers to a rotation has no jumps, which axis-angle and quaternions have.
"""

import numpy as np
import numpy.typing as npt
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from body.skinning import rotation_matrices

Float = npt.NDArray[np.float32]
SIX = 6
_IDENTITY = np.array([1, 0, 0, 0, 1, 0], np.float32)


def six_numbers(matrices: Float) -> Float:
    """Return (..., 6) of rotation matrices (..., 3, 3): first column, then second, less the identity's.

    So no rotation is six zeros, and what a network leaves out stays where it was.
    """
    columns = np.swapaxes(matrices[..., :2], -1, -2).reshape(*matrices.shape[:-2], SIX)
    return np.asarray(columns - _IDENTITY, np.float32)


def matrices_of(six: Tensor) -> Tensor:
    """Return rotation matrices (..., 3, 3) of six numbers (..., 6), by Gram and Schmidt; differentiable."""
    columns = six + torch.from_numpy(_IDENTITY).to(six)
    first = torch.nn.functional.normalize(columns[..., :3], dim=-1)
    rest = columns[..., 3:] - (first * columns[..., 3:]).sum(-1, keepdim=True) * first
    second = torch.nn.functional.normalize(rest, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)


def axis_angles(matrices: Float) -> Float:
    """Return axis-angle vectors (..., 3) in radians of rotation matrices (..., 3, 3)."""
    flat = Rotation.from_matrix(np.asarray(matrices, np.float64).reshape(-1, 3, 3)).as_rotvec()
    return flat.reshape(*matrices.shape[:-2], 3).astype(np.float32)


def joint_matrices(axis_angle: Float) -> Float:
    """Return (T, J, 3, 3) of axis-angle vectors (T, J * 3)."""
    return rotation_matrices(axis_angle.reshape(len(axis_angle), -1, 3))
