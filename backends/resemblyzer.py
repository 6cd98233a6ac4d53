"""Voices as points on a sphere, with the network of the Resemblyzer package.

A GE2E speaker encoder (Wan et al. 2018, arXiv 1710.10467): three LSTM layers over 1.6 s of a mel
spectrogram. Of the package only the weights are used; its own code needs a VAD that we have.
"""

import functools
import importlib.metadata
from typing import Any

import numpy as np
import numpy.typing as npt

from backends.catalogue import verify_weights
from backends.protocols.arrays import FloatArray
from backends.weights import package_folder

_RATE, _WINDOW, _HOP, _BANDS, _UNITS = 16000, 400, 160, 40, 256
_LEVEL_DBFS = -30.0  # quieter sound is brought to this level first


class ResemblyzerVoices:
    """`VoiceEmbedder` on Resemblyzer's weights."""

    window_seconds = 1.6

    def __init__(self) -> None:
        import torch
        from faster_whisper.feature_extractor import FeatureExtractor

        verify_weights("resemblyzer")
        torch.set_num_threads(1)
        self.name = f"resemblyzer-{importlib.metadata.version('resemblyzer')}"
        path = package_folder("resemblyzer") / "pretrained.pt"
        state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
        self._lstm = torch.nn.LSTM(_BANDS, _UNITS, 3, batch_first=True)
        self._linear = torch.nn.Linear(_UNITS, _UNITS)
        for module, prefix in ((self._lstm, "lstm."), (self._linear, "linear.")):
            module.load_state_dict({k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)})
        self._torch: Any = torch
        self._filters: FloatArray = FeatureExtractor.get_mel_filters(_RATE, _WINDOW, _BANDS)

    def embed(self, samples: FloatArray, starts_seconds: npt.NDArray[np.float64]) -> FloatArray:
        """Return the voice in the windows that start at given times; see `VoiceEmbedder.embed`."""
        if not len(starts_seconds):
            return np.zeros((0, _UNITS), np.float32)
        mel = self._mel(samples)
        length = round(self.window_seconds * _RATE / _HOP)
        first = np.round(starts_seconds * _RATE / _HOP).astype(int)
        rows = np.clip(first[:, None] + np.arange(length), 0, len(mel) - 1)
        torch = self._torch
        with torch.inference_mode():
            _, (hidden, _) = self._lstm(torch.from_numpy(mel[rows]))
            found = torch.relu(self._linear(hidden[-1])).numpy()
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)

    def _mel(self, samples: FloatArray) -> FloatArray:
        """Return the mel power spectrogram, (frames, 40), at 100 Hz."""
        power = float((samples.astype(np.float64) ** 2).mean())
        gain = max(_LEVEL_DBFS - 10 * np.log10(max(power, 1e-12)), 0.0)
        sound = np.pad(samples * np.float32(10 ** (gain / 20)), _WINDOW // 2)
        frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_HOP]
        window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
        spectrum = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
        return np.ascontiguousarray(spectrum @ self._filters.T, np.float32)


@functools.lru_cache(maxsize=1)
def load() -> ResemblyzerVoices:
    """Return the process's embedder."""
    return ResemblyzerVoices()
