"""What is kept of a clip to tell copies of it: little of its sound and of how its face moves."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipPrint:
    """Two kilobytes a second, made by `transforms.find_near_duplicates`.

    `sound` (n, 32) are energies at 20 Hz, as `sound_print` gives them; `face` (m, 63) frequencies of small
    pictures at `face_hz`, as `FacePrinter` does.
    """

    sound: npt.NDArray[np.uint8]
    face: npt.NDArray[np.int16]
    face_hz: float
