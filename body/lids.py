"""How a face's expression moves its lids."""

import numpy as np
import numpy.typing as npt

from body.face_mesh import MIDDLE_LIDS
from body.model import BodyModel, landmark_points

Float = npt.NDArray[np.float32]


def lid_opening(model: BodyModel) -> Float:
    """Return (E,): by how much a unit of each expression opens the eyes, in metres; the mean of both.

    Raises:
        KeyError: if the model's landmarks lack the lids' middles.
    """
    found: list[Float] = []
    for pair in MIDDLE_LIDS:
        upper_and_lower = landmark_points(model, pair)
        apart = upper_and_lower.template[0] - upper_and_lower.template[1]
        moved = upper_and_lower.expression_dirs[0] - upper_and_lower.expression_dirs[1]
        found.append((apart / np.linalg.norm(apart)) @ moved)
    return np.asarray(np.stack(found).mean(0), np.float32)
