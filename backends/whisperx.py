"""Speech recognition with WhisperX on local model directories; nothing is downloaded.

Words get Whisper's own times (cross-attention alignment); with a wav2vec2 directory WhisperX
aligns them on the sound (Bain et al. 2023, arXiv 2303.00747). Decoding is greedy at temperature
zero, so the same sound gives the same words.
"""

import functools
import math
import os
import threading
import warnings
from typing import Any

from backends import torchaudio_compat
from backends.protocols import FloatArray, RecognisedWord, Recognition
from backends.weights import whisper_folder


class WhisperXRecogniser:
    """`Recogniser` on `whisperx`'s faster-whisper model, int8 on one CPU thread."""

    def __init__(self, model: str, align_model: str | None, beam_size: int) -> None:
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
        warnings.filterwarnings("ignore", category=UserWarning)
        torchaudio_compat.install()
        import tqdm
        import whisperx
        import whisperx.asr

        # tqdm's own lock is a named semaphore, which leaks when the pool ends its processes.
        tqdm.tqdm.set_lock(threading.RLock())
        folder = whisper_folder(model)
        self.name = f"whisperx-3.4.5/whisper-{model if os.sep not in model else folder.name}"
        self._beam_size = beam_size
        self._model = whisperx.asr.WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
        )
        self._whisperx: Any = whisperx
        self._align_model = align_model
        self.aligner = "whisper-attention" if align_model is None else f"whisperx/{align_model}"

    def recognise(self, samples: FloatArray, language: str | None) -> Recognition:
        """Transcribe; see `Recogniser.recognise`."""
        segments, info = self._model.transcribe(
            samples,
            language=language,
            beam_size=self._beam_size,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            vad_filter=False,
        )
        heard = list(segments)
        words = [
            RecognisedWord(w.word.strip(), float(w.start), float(w.end), float(w.probability))
            for segment in heard
            for w in segment.words or []
        ]
        if self._align_model is not None and heard:
            words = self._align(heard, samples, info.language) or words
        weights = sum(len(s.tokens) for s in heard)
        score = sum(s.avg_logprob * len(s.tokens) for s in heard) / weights if weights else None
        return Recognition(
            text=" ".join(s.text.strip() for s in heard).strip(),
            language=info.language,
            language_probability=float(info.language_probability),
            words=tuple(words),
            mean_log_probability=None if score is None or math.isnan(score) else float(score),
        )

    def _align(self, heard: list[Any], samples: FloatArray, language: str) -> list[RecognisedWord]:
        model, metadata = self._alignment(language)
        segments = [{"start": s.start, "end": s.end, "text": s.text} for s in heard]
        aligned = self._whisperx.align(segments, model, metadata, samples, "cpu")
        return [
            RecognisedWord(w["word"], w.get("start"), w.get("end"), w.get("score"))
            for w in aligned["word_segments"]
        ]

    @functools.lru_cache(maxsize=1)  # noqa: B019 (one recogniser a process)
    def _alignment(self, language: str) -> tuple[Any, Any]:
        return self._whisperx.load_align_model(language, "cpu", model_name=self._align_model)


@functools.lru_cache(maxsize=1)
def load(model: str, align_model: str | None, beam_size: int) -> WhisperXRecogniser:
    """Return the process's recogniser."""
    return WhisperXRecogniser(model, align_model, beam_size)
