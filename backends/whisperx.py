"""Speech recognition with WhisperX on local model directories; nothing is downloaded.

Words get Whisper's own times (cross-attention alignment). Decoding is by beams at temperature
zero, so the same sound gives the same words, and once more without beams, to know which of them are
guesses. A clip is encoded once for finding its language, its words and their times.
"""

import functools
import math
import os
import threading
import warnings
from typing import Any

import numpy as np

from backends import torchaudio_compat
from backends.protocols.arrays import FloatArray
from backends.protocols.sound import RecognisedWord, Recognition
from backends.weights import whisper_folder

# Languages of which Whisper heard next to nothing and which it guesses for accented speech in
# others: what it learnt as Welsh was mostly English (Radford et al. 2022, arXiv 2212.04356,
# section 3.3). They are believed only when it is sure.
_SELDOM = frozenset(("br", "cy", "fo", "haw", "jw", "la", "lb", "mi", "nn", "oc", "sa", "yi"))
_SURE = 0.9
# Text that compresses better than this is a loop (Whisper's own bound); such a window is decoded again
# with no run of so many tokens twice. Whisper's way, sampling, would not be repeatable.
_LOOPS, _MOST_REPEATED = 2.4, 4


def likeliest_language(chances: dict[str, float]) -> tuple[str, float]:
    """Return the language to decode and its chance, out of chances that Whisper gives."""
    likely = {name: p for name, p in chances.items() if name not in _SELDOM or p >= _SURE}
    best = max(likely or chances, key=lambda name: (chances[name], name))
    return best, chances[best]


class WhisperXRecogniser:
    """`Recogniser` on `whisperx`'s faster-whisper model, int8 on one CPU thread."""

    def __init__(self, model: str, beam_size: int) -> None:
        folder = whisper_folder(model)  # before what takes seconds to import
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
        warnings.filterwarnings("ignore", category=UserWarning)
        torchaudio_compat.install()
        import tqdm
        import whisperx.asr
        from faster_whisper.audio import pad_or_trim

        # tqdm's own lock is a named semaphore, which leaks when the pool ends its processes.
        tqdm.tqdm.set_lock(threading.RLock())
        self.name = f"whisperx-3.4.5/whisper-{model if os.sep not in model else folder.name}"
        self.aligner = "whisper-attention"
        self._beam_size = beam_size
        self._model: Any = whisperx.asr.WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
        )
        self._pad_or_trim = pad_or_trim
        self._encode = self._model.encode
        self._model.encode = self._encode_once
        self._encoded: tuple[FloatArray, Any] | None = None

    def _encode_once(self, features: FloatArray) -> Any:
        """Encode a window, or answer with the encoding of the same window asked for just before."""
        if self._encoded is None or not np.array_equal(self._encoded[0], features):
            self._encoded = features, self._encode(features)
        return self._encoded[1]

    def _find_language(self, samples: FloatArray) -> tuple[str, float]:
        if not self._model.model.is_multilingual:
            return "en", 1.0
        features = self._model.feature_extractor(samples)
        window = self._pad_or_trim(features[:, : min(features.shape[1] - 1, 3000)])
        found = self._model.model.detect_language(self._encode_once(window))[0]
        return likeliest_language({token[2:-2]: float(chance) for token, chance in found})

    def _decode(self, samples: FloatArray, language: str, **options: Any) -> list[Any]:
        settings = {"beam_size": self._beam_size, "word_timestamps": True} | options
        segments, _ = self._model.transcribe(
            samples,
            language=language,
            temperature=0.0,
            condition_on_previous_text=False,
            vad_filter=False,
            **settings,
        )
        return list(segments)

    def recognise(self, samples: FloatArray, language: str | None) -> Recognition:
        """Transcribe; see `Recogniser.recognise`."""
        self._encoded = None
        language, chance = (language, 1.0) if language else self._find_language(samples)
        heard = self._decode(samples, language)
        if any(segment.compression_ratio > _LOOPS for segment in heard):
            heard = self._decode(samples, language, no_repeat_ngram_size=_MOST_REPEATED)
        # A second time without looking ahead: where words are guessed, it guesses others.
        again = self._decode(samples, language, beam_size=1, word_timestamps=False)
        words = [
            RecognisedWord(
                # Segments do not go on within a word.
                w.word if i else f" {w.word.lstrip()}",
                float(w.start),
                float(w.end),
                float(w.probability),
            )
            for segment in heard
            for i, w in enumerate(segment.words or [])
        ]
        weights = sum(len(s.tokens) for s in heard)
        score = sum(s.avg_logprob * len(s.tokens) for s in heard) / weights if weights else None
        return Recognition(
            text=" ".join(s.text.strip() for s in heard).strip(),
            language=language,
            language_probability=chance,
            words=tuple(words),
            mean_log_probability=None if score is None or math.isnan(score) else float(score),
            again=" ".join(s.text.strip() for s in again).strip(),
        )


@functools.lru_cache(maxsize=1)
def load(model: str, beam_size: int) -> WhisperXRecogniser:
    """Return the process's recogniser."""
    return WhisperXRecogniser(model, beam_size)
