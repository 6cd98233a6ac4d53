"""A SyncNet by path: a network that compares pictures of a mouth with the sound (Chung and Zisserman 2016).

Takes the lip-sync expert of Wav2Lip (Prajwal et al. 2020, arXiv 2008.10010, section 3.1) or one like it as
ONNX, with two inputs and the outputs in the same order: the sound (b, 1, 80, 16), a mel spectrogram at 80
frames a second, and five pictures (b, 15, 48, 96) of the lower half of a face, BGR in [0, 1], stacked. Both
outputs are embeddings (b, d); where they agree, the face says what is heard.
"""

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from backends.onnx_session import open_session, short_hash
from backends.protocols.arrays import FloatArray, RgbImage
from body.face_mesh import SKIN
from schemas.outcomes import BadInputError

FPS, WINDOW = 25.0, 5
_SIDE, _BATCH = 96, 32
# Wav2Lip's hparams.py: spectrogram of 16 kHz sound.
_RATE, _FFT, _HOP, _MELS, _STEPS = 16_000, 800, 200, 80, 16
_LOWEST_HZ, _HIGHEST_HZ, _PREEMPHASIS = 55.0, 7600.0, 0.97
_REFERENCE_DB, _FLOOR_DB, _HIGHEST = 20.0, -100.0, 4.0
_CHIN_PADDING = 0.06  # of the mesh's height: Wav2Lip pads its detector's boxes by 10 px at the chin


class SyncNet:
    """`SyncScorer` on an ONNX network of the user's."""

    needs_pictures = True

    def __init__(self, path: str) -> None:
        file = Path(path)
        self._session: Any = open_session(file)
        shapes = [list(entry.shape)[1:] for entry in self._session.get_inputs()]
        wanted = [[1, _MELS, _STEPS], [3 * WINDOW, _SIDE // 2, _SIDE]]
        if sorted(shapes) != sorted(wanted) or len(self._session.get_outputs()) != 2:
            raise BadInputError(
                f"sync.model {path}: takes {shapes}; a SyncNet takes {wanted[0]} and {wanted[1]}"
            )
        self._sound_first = shapes[0] == wanted[0]
        self._names = [entry.name for entry in self._session.get_inputs()]
        self.name = f"syncnet-{short_hash(file)}"

    def look(
        self, face: npt.NDArray[np.floating], fps: float, pictures: Iterable[RgbImage] | None
    ) -> npt.NDArray[np.float64]:
        """Return the embedding of the five pictures from each frame on; see `SyncScorer.look`."""
        if abs(fps - FPS) > 0.5:
            raise BadInputError(f"sync.model: a SyncNet sees {FPS:.0f} pictures a second, not {fps:g}")
        assert pictures is not None
        mouths = [mouth_picture(p, points) for p, points in zip(pictures, face, strict=True)]
        seen = np.array([mouth is not None for mouth in mouths])
        blank = np.zeros((3, _SIDE // 2, _SIDE), np.float32)
        stack = np.stack([blank if mouth is None else mouth for mouth in mouths])
        whole = np.lib.stride_tricks.sliding_window_view(seen, WINDOW).all(-1)
        windows = np.lib.stride_tricks.sliding_window_view(stack, WINDOW, axis=0)  # (n - 4, 3, 48, 96, 5)
        inputs = np.moveaxis(windows, -1, 1).reshape(len(windows), 3 * WINDOW, _SIDE // 2, _SIDE)
        found = np.full((len(face), self._embed(inputs[:1], sound=False).shape[1]), np.nan)
        found[: len(windows)][whole] = self._embed(inputs[whole], sound=False)
        return found

    def agreement(
        self, samples: FloatArray, seen: npt.NDArray[np.floating], fps: float, max_lag: int
    ) -> npt.NDArray[np.float64]:
        """Return cosines of embeddings; see `SyncScorer.agreement`."""
        spectrogram = mel_spectrogram(samples)
        starts = (np.arange(len(seen)) / fps * _RATE / _HOP).astype(int)
        starts = starts[starts + _STEPS <= spectrogram.shape[1]]
        heard = self._embed(np.stack([spectrogram[None, :, s : s + _STEPS] for s in starts]), sound=True)
        found = np.full((2 * max_lag + 1, len(seen)), np.nan)
        for lag in range(-max_lag, max_lag + 1):
            low, high = max(0, -lag), min(len(seen), len(heard) - lag)
            cosines = (_unit(seen[low:high]) * _unit(heard[low + lag : high + lag])).sum(axis=1)
            found[lag + max_lag, low : low + len(cosines)] = cosines
        return found

    def _embed(self, inputs: npt.NDArray[np.float32], sound: bool) -> npt.NDArray[np.float64]:
        """Return one branch's embeddings (n, d); the other branch is fed with zeros."""
        other = (3 * WINDOW, _SIDE // 2, _SIDE) if sound else (1, _MELS, _STEPS)
        mine = 0 if sound == self._sound_first else 1
        found = []
        for start in range(0, len(inputs), _BATCH):
            batch = np.ascontiguousarray(inputs[start : start + _BATCH], np.float32)
            feed = {
                self._names[mine]: batch,
                self._names[1 - mine]: np.zeros((len(batch), *other), np.float32),
            }
            found.append(self._session.run(None, feed)[mine])
        return np.concatenate(found).astype(np.float64)


def mouth_picture(picture: RgbImage, points: npt.NDArray[np.floating]) -> npt.NDArray[np.float32] | None:
    """Return the lower half of a face (3, 48, 96), BGR in [0, 1]; None if it was not seen.

    Args:
        points: (478, 3) landmarks in px of the picture.
    """
    if not np.isfinite(points[0, 0]):
        return None
    (x0, y0), (x1, y1) = points[SKIN, :2].min(axis=0), points[SKIN, :2].max(axis=0)
    y1 += _CHIN_PADDING * (y1 - y0)
    size = np.array([picture.shape[1], picture.shape[0]])
    left, top = np.clip([x0, y0], 0, size - 2).astype(int)
    right, bottom = np.clip([x1 + 1, y1 + 1], (left + 2, top + 2), size).astype(int)
    face = cv2.resize(picture[top:bottom, left:right], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    lower = face[_SIDE // 2 :, :, ::-1].transpose(2, 0, 1)
    return np.asarray(lower / np.float32(255), np.float32)


def mel_spectrogram(samples: FloatArray) -> npt.NDArray[np.float32]:
    """Return (80, m) mel levels in [-4, 4] at 80 frames a second, as Wav2Lip's audio.py makes them.

    Args:
        samples: mono (n,) at 16 kHz.
    """
    sound = np.asarray(samples, np.float64)
    sound = np.append(sound[:1], sound[1:] - _PREEMPHASIS * sound[:-1])
    padded = np.pad(sound, _FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT)
    levels = _mel_filters() @ np.abs(np.fft.rfft(frames * window, axis=1)).T
    decibels = 20 * np.log10(np.maximum(levels, 1e-5)) - _REFERENCE_DB
    scaled = 2 * _HIGHEST * (decibels - _FLOOR_DB) / -_FLOOR_DB - _HIGHEST
    return np.clip(scaled, -_HIGHEST, _HIGHEST).astype(np.float32)


@functools.lru_cache(maxsize=1)
def _mel_filters() -> npt.NDArray[np.float64]:
    """Return (80, 401) triangles of equal area on Slaney's mel scale (Auditory Toolbox, 1998)."""
    bounds = np.array([_LOWEST_HZ, _HIGHEST_HZ])
    linear, logarithmic = bounds * 3 / 200, 15 + 27 * np.log(np.maximum(bounds, 1000) / 1000) / np.log(6.4)
    lowest, highest = np.where(bounds < 1000, linear, logarithmic).tolist()
    mels = np.linspace(lowest, highest, _MELS + 2)
    corners = np.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))
    bins = np.arange(_FFT // 2 + 1) * _RATE / _FFT
    low, middle, high = (corners[i : i + _MELS, None] for i in range(3))
    triangles = np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle))
    return np.maximum(triangles, 0) * 2 / (high - low)


def _unit(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float64)


@functools.lru_cache(maxsize=1)
def load(model: str) -> SyncNet:
    """Return the process's network."""
    return SyncNet(model)
