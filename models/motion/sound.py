"""Sound as the network hears it: some vectors for every frame of the picture.

Shapes: S samples at 16 kHz, T frames, C numbers a frame.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import torch

from schemas.outcomes import BadInputError
from schemas.sample import SAMPLING_RATE_HZ

Float = npt.NDArray[np.float32]
SoundKind = Literal["mel", "whisper"]
# The front end of Whisper and of most recognisers: 25 ms windows every 10 ms.
_WINDOW, _HOP, _FFT = 400, 160, 512
_NUM_MELS = 80
# Whisper's own scaling of its log-mel: ten decades below the loudest are one floor, then (x + 4) / 4.
_FLOOR_DECADES = 8.0
_QUIET = 1e-10


class SoundFeatures(Protocol):
    """Turns sound into vectors at the picture's frames."""

    @property
    def name(self) -> str:
        """What a checkpoint calls it: features of another name don't fit its weights."""
        ...

    @property
    def width(self) -> int:
        """C."""
        ...

    def at_frames(self, sound: Float, num_frames: int, fps: float) -> Float:
        """Return (T, C) of sound (S,) in [-1, 1] at 16 kHz that begins with frame 0; silence follows its
        end.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class LogMel:
    """Log-mel energies: `steps` vectors of 80 bands a frame.

    Natural logarithm of the power in triangular bands (O'Shaughnessy's mel scale, 2595 log10(1 + f /
    700)), 25 ms windows every 10 ms.
    """

    steps: int = 4  # 100 Hz at 25 frames a second

    @property
    def name(self) -> str:
        """The features' name."""
        return f"mel{_NUM_MELS}x{self.steps}"

    @property
    def width(self) -> int:
        """C."""
        return _NUM_MELS * self.steps

    def at_frames(self, sound: Float, num_frames: int, fps: float) -> Float:
        """Return (T, C); see `SoundFeatures`."""
        energies = _mel_power(_padded(sound, num_frames, fps))
        return _spread(np.log(energies + 1e-6).astype(np.float32), 100.0, num_frames, fps, self.steps)


class WhisperEncoder:
    """The last layer of a Whisper encoder (Radford et al. 2022) run by CTranslate2: 50 vectors a second.

    An encoder sees all its window, so the same sound has other vectors in another window. Sound is
    therefore cut into stretches of `stretch_seconds`, each heard with `margin_seconds` on either side,
    counted from the clip's first frame.
    """

    def __init__(self, folder: str, stretch_seconds: float = 2.0, margin_seconds: float = 0.5) -> None:
        """Load the encoder.

        Args:
            folder: a CTranslate2 Whisper model: model.bin, config.json, vocabulary.

        Raises:
            BadInputError: if it is none.
        """
        weights = Path(folder) / "model.bin"
        if not weights.is_file():
            raise BadInputError(f"{folder}: no Whisper model for CTranslate2 (model.bin is missing)")
        self._folder, self._stretch, self._margin = folder, stretch_seconds, margin_seconds
        self._loaded: Any = None
        with weights.open("rb") as handle:
            self._sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        self._width = self._encode(np.zeros(SAMPLING_RATE_HZ, np.float32)).shape[1]

    @property
    def name(self) -> str:
        """The features' name."""
        return f"whisper{self._width}x2-{self._sha256[:12]}"

    @property
    def width(self) -> int:
        """C."""
        return 2 * self._width

    def at_frames(self, sound: Float, num_frames: int, fps: float) -> Float:
        """Return (T, C); see `SoundFeatures`."""
        padded = _padded(sound, num_frames, fps)
        margin, stretch = round(self._margin * SAMPLING_RATE_HZ), round(self._stretch * SAMPLING_RATE_HZ)
        ahead = round(self._margin * 50)
        found: list[Float] = []
        around = np.pad(padded, (margin, margin + stretch))
        for start in range(0, len(padded), stretch):
            heard = self._encode(around[start : start + stretch + 2 * margin])
            found.append(heard[ahead : ahead + round(self._stretch * 50)])
        return _spread(np.concatenate(found), 50.0, num_frames, fps, 2)

    def _encode(self, sound: Float) -> Float:
        """Return (50 a second, width) of a stretch of sound."""
        decades = np.log10(np.maximum(_mel_power(sound), _QUIET))
        scaled = (np.maximum(decades, decades.max() - _FLOOR_DECADES) + 4) / 4
        mel = np.ascontiguousarray(scaled.T[None], np.float32)
        if mel.shape[2] % 2:
            mel = np.ascontiguousarray(mel[..., :-1])
        from ctranslate2 import StorageView

        return np.array(self._model().encode(StorageView.from_array(mel)), np.float32)[0]

    def _model(self) -> Any:
        """Return the encoder, loaded once a process."""
        if self._loaded is None:
            from ctranslate2.models import Whisper

            try:
                found = Whisper(self._folder, device="cpu", compute_type="default", intra_threads=1)
            except (RuntimeError, ValueError) as error:
                raise BadInputError(
                    f"{self._folder}: cannot be loaded as a Whisper model ({error})"
                ) from error
            self._loaded = found
        return self._loaded

    def __getstate__(self) -> dict[str, Any]:
        """Send processes that read everything but the encoder, which each loads."""
        return vars(self) | {"_loaded": None}


def sound_features(kind: SoundKind, whisper_folder: str | None = None) -> SoundFeatures:
    """Return the features that a configuration names.

    Raises:
        BadInputError: if Whisper is asked for without a folder, or the folder holds no model.
    """
    if kind == "mel":
        return LogMel()
    if whisper_folder is None:
        raise BadInputError("sound: whisper needs the folder of a Whisper model converted for CTranslate2")
    return WhisperEncoder(whisper_folder)


def _padded(sound: Float, num_frames: int, fps: float) -> Float:
    """Return the sound at the length of the pictures: cut, or silence after it."""
    wanted = round(num_frames / fps * SAMPLING_RATE_HZ)
    return np.pad(sound[:wanted], (0, max(0, wanted - len(sound)))).astype(np.float32)


def _mel_power(sound: Float) -> Float:
    """Return (100 a second, 80) power in mel bands; window i is centred on i * 10 ms."""
    tensor = torch.from_numpy(np.pad(sound, (_WINDOW // 2, _WINDOW // 2)))
    window = torch.hann_window(_WINDOW)
    spectrum = torch.stft(tensor, _FFT, _HOP, _WINDOW, window, center=False, return_complex=True)
    power = torch.view_as_real(spectrum).square().sum(-1)
    return (_mel_bands() @ power).T.numpy()


@lru_cache(maxsize=1)
def _mel_bands() -> torch.Tensor:
    """Return (80, FFT / 2 + 1): triangles of equal width on the mel scale."""
    hertz = np.linspace(0, SAMPLING_RATE_HZ / 2, _FFT // 2 + 1)
    mel = 2595 * np.log10(1 + hertz / 700)
    edges = np.linspace(mel[1], mel[-1], _NUM_MELS + 2)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (mel - low) / (middle - low), (high - mel) / (high - middle)
    return torch.from_numpy(np.maximum(np.minimum(rising, falling), 0).astype(np.float32))


def _spread(vectors: Float, rate_hz: float, num_frames: int, fps: float, steps: int) -> Float:
    """Return (T, steps * C): for each frame `steps` vectors spread over the time it is shown,
    interpolated.
    """
    times = (np.arange(num_frames * steps) + 0.5) / (fps * steps)
    places = np.clip(times * rate_hz, 0, len(vectors) - 1)
    below = np.minimum(places.astype(int), max(0, len(vectors) - 2))
    share = (places - below)[:, None].astype(np.float32)
    above = np.minimum(below + 1, len(vectors) - 1)
    mixed = vectors[below] * (1 - share) + vectors[above] * share
    return mixed.reshape(num_frames, -1).astype(np.float32)
