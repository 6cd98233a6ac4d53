"""Forced alignment with WhisperX on a wav2vec2 CTC model in a local directory, any language.

The method is Bain et al. 2023 (arXiv 2303.00747); nothing is downloaded.
"""

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backends import torchaudio_compat
from backends.protocols.arrays import FloatArray
from backends.protocols.sound import AlignedWord, Alignment
from schemas.outcomes import BadInputError

_RATE = 16000
# The label under which WhisperX splits on spaces, as every language with spaces needs.
_WITH_SPACES = "en"


class Wav2Vec2Aligner:
    """`ForcedAligner` on `whisperx.align`. It gives no phones; of several readings the first is used.

    Hesitations are not looked for.
    """

    def __init__(self, folder: str) -> None:
        for name in ("config.json", "model.safetensors"):  # other weights are pickles: not read
            if not (Path(folder) / name).is_file():
                raise BadInputError(
                    f"align.model {folder}: no wav2vec2 model there ({name} is missing); give a directory "
                    "that transformers saved with safetensors, or pocketsphinx"
                )
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
        torchaudio_compat.install()
        import whisperx

        self.name = f"whisperx-3.4.5/{Path(folder).name}"
        self._align: Any = whisperx.align
        self._model, self._metadata = whisperx.load_align_model(_WITH_SPACES, "cpu", model_name=folder)

    def aligns(self, language: str) -> bool:
        """Return true: whoever names a model says that it fits the language."""
        return True

    def align(self, samples: FloatArray, words: Sequence[Sequence[tuple[str, ...]]]) -> Alignment:
        """Align; see `ForcedAligner.align`."""
        readings = [options[0] for options in words]
        text = " ".join(token for reading in readings for token in reading)
        segments = [{"start": 0.0, "end": len(samples) / _RATE, "text": text}]
        found = self._align(segments, self._model, self._metadata, samples, "cpu")["word_segments"]
        if len(found) != sum(map(len, readings)):
            return Alignment((None,) * len(words))
        rest = iter(found)
        return Alignment(tuple(_word(reading, [next(rest) for _ in reading]) for reading in readings))


def _word(reading: tuple[str, ...], found: list[dict[str, Any]]) -> AlignedWord | None:
    placed = [word for word in found if "start" in word and "end" in word]
    if not placed:
        return None
    score = sum(float(word["score"]) for word in placed) / len(placed)
    return AlignedWord(reading, float(placed[0]["start"]), float(placed[-1]["end"]), score, ())


@functools.lru_cache(maxsize=1)
def load(folder: str) -> Wav2Vec2Aligner:
    """Return the process's aligner."""
    return Wav2Vec2Aligner(folder)
