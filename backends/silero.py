"""Voice activity with Silero VAD through ONNX Runtime (weights in the silero-vad wheel)."""

import functools
import importlib.metadata
from pathlib import Path
from typing import Any

import numpy as np

from backends.protocols.arrays import FloatArray
from backends.protocols.sound import FoundSpeech

_RATE = 16000
_WINDOW = 512  # samples the network looks at in one step


class _Recorder:
    """Passes calls on to the network and keeps its answers."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.probabilities: list[float] = []

    def reset_states(self) -> None:
        self._model.reset_states()
        self.probabilities = []

    def __call__(self, chunk: Any, sampling_rate: int) -> Any:
        answer = self._model(chunk, sampling_rate)
        self.probabilities.append(float(answer.item()))
        return answer


class SileroSpeech:
    """`SpeechDetector` on `silero_vad`; hysteresis and paddings are the package's own."""

    def __init__(self, threshold: float) -> None:
        import silero_vad
        import torch
        from silero_vad.utils_vad import OnnxWrapper

        torch.set_num_threads(1)
        self.name = f"silero-vad-{importlib.metadata.version('silero-vad')}"
        weights = Path(silero_vad.__file__).parent / "data" / "silero_vad.onnx"
        self._model = _Recorder(OnnxWrapper(str(weights), force_onnx_cpu=True))
        self._spans = silero_vad.get_speech_timestamps
        self._threshold = threshold
        self._torch = torch

    def find_speech(self, samples: FloatArray) -> FoundSpeech:
        """Return spans of speech and the mean probability of speech within them."""
        if len(samples) < _WINDOW:
            return FoundSpeech((), None)
        found = self._spans(
            self._torch.from_numpy(np.ascontiguousarray(samples)),
            self._model,
            threshold=self._threshold,
            sampling_rate=_RATE,
        )
        chances = self._model.probabilities
        inside = [
            p
            for s in found
            for p in chances[s["start"] // _WINDOW : -(-s["end"] // _WINDOW)]
            if p > self._threshold
        ]
        return FoundSpeech(
            tuple((s["start"] / _RATE, s["end"] / _RATE) for s in found),
            float(np.mean(inside)) if inside else None,
        )


@functools.lru_cache(maxsize=1)
def load(threshold: float) -> SileroSpeech:
    """Return the process's detector."""
    return SileroSpeech(threshold)
