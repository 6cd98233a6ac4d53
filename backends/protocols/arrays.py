"""The arrays that outside models are given and give."""

import numpy as np
import numpy.typing as npt

RgbImage = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
