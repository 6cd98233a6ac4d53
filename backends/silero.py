"""Voice activity with Silero VAD through ONNX Runtime (weights in the silero-vad wheel)."""

import functools
import importlib.metadata
from pathlib import Path

import numpy as np

from backends.protocols import FloatArray

_RATE = 16000


class SileroSpeech:
    """`SpeechDetector` on `silero_vad`; hysteresis and paddings are the package's own."""

    def __init__(self, threshold: float) -> None:
        import silero_vad
        import torch
        from silero_vad.utils_vad import OnnxWrapper

        torch.set_num_threads(1)
        self.name = f"silero-vad-{importlib.metadata.version('silero-vad')}"
        weights = Path(silero_vad.__file__).parent / "data" / "silero_vad.onnx"
        self._model = OnnxWrapper(str(weights), force_onnx_cpu=True)
        self._spans = silero_vad.get_speech_timestamps
        self._threshold = threshold
        self._torch = torch

    def speech_spans(self, samples: FloatArray) -> list[tuple[float, float]]:
        """Return spans of speech in seconds."""
        if len(samples) < 512:  # one window of the network
            return []
        found = self._spans(
            self._torch.from_numpy(np.ascontiguousarray(samples)),
            self._model,
            threshold=self._threshold,
            sampling_rate=_RATE,
        )
        return [(span["start"] / _RATE, span["end"] / _RATE) for span in found]


@functools.lru_cache(maxsize=1)
def load(threshold: float) -> SileroSpeech:
    """Return the process's detector."""
    return SileroSpeech(threshold)
