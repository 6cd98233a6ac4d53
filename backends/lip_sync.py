"""How well a mouth follows a sound at every lag: lips that the sound predicts against lips seen.

A linear map from Whisper tiny.en's encoder (the sound of 120 ms around a frame) to seven distances
between landmarks of the mouth and their speeds; what it predicts is correlated with what the face mesh
shows. The encoder knows speech from noise and says little about the speaker or the language. The
map is built by tools/train_lip_sync.py and lies beside this file; docs/sync.md has how well it does.
"""

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import FloatArray, RgbImage
from backends.weights import whisper_folder
from body import face_mesh
from schemas.npz import read_arrays
from schemas.outcomes import BadInputError

EMBEDDED = "lip-sync"
WEIGHTS = Path(__file__).parent / "data" / "lip_sync.npz"
_ENCODER_HZ = 50.0
_MOST_MEL_FRAMES = 3000  # what the encoder takes at once: 30 s
_CONTEXT_SECONDS = (-0.04, 0.0, 0.04)
_SMOOTH_SECONDS = 0.12
# Distances in the face mesh: inner lips (three places, averaged), outer lips, corners, inner
# corners, nose to chin, nose to either lip. They are divided by the forehead's distance to the nose,
# which no lip moves.
_INNER_LIPS = (face_mesh.MIDDLE_LIPS, (82, 87), (312, 317))
_DISTANCES = (
    face_mesh.OUTER_MIDDLE_LIPS, face_mesh.MOUTH_CORNERS, face_mesh.INNER_MOUTH_CORNERS,
    *((face_mesh.NOSE_BASE, point) for point in (face_mesh.CHIN, *face_mesh.MIDDLE_LIPS)),
)  # fmt: skip
# What a map holds: from three encodings of 384 channels each to the distances and their speeds.
_NUM_SHAPES = 2 * (1 + len(_DISTANCES))
_SHAPES: dict[str, tuple[int, ...]] = {
    "map": (len(_CONTEXT_SECONDS) * 384, _NUM_SHAPES),
    "weights": (_NUM_SHAPES,),
    "version": (),
}
_UNMOVED = (face_mesh.FOREHEAD, face_mesh.NOSE_BASE)

Array = npt.NDArray[np.float64]


def mouth_shape(face: npt.NDArray[np.floating], fps: float) -> Array:
    """Return seven distances of the mouth and their change a frame, (n, 14).

    Args:
        face: (n, 478, 3) landmarks in px, NaN where not seen; those frames are interpolated.
    """
    points = _without_gaps(np.asarray(face, np.float64))

    def distance(a: int, b: int) -> Array:
        return np.linalg.norm(points[:, a] - points[:, b], axis=1)

    scale = _smooth(distance(*_UNMOVED), _SMOOTH_SECONDS * fps)
    opening = np.mean([distance(*pair) for pair in _INNER_LIPS], axis=0)
    shape = np.stack([opening, *(distance(*pair) for pair in _DISTANCES)], axis=1) / scale[:, None]
    return np.concatenate([shape, np.gradient(shape, axis=0)], axis=1)


def _without_gaps(points: Array) -> Array:
    """Return points with unseen frames between the seen ones around them."""
    seen = np.isfinite(points[:, 0, 0])
    if seen.all():
        return points
    at = np.interp(np.arange(len(points)), np.flatnonzero(seen), np.arange(seen.sum()))
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, int(seen.sum()) - 1)
    share = (at - low)[:, None, None]
    return points[seen][low] * (1 - share) + points[seen][high] * share


def _smooth(values: Array, sigma: float) -> Array:
    reach = max(int(3 * sigma), 1)
    window = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-6)) ** 2)
    return np.asarray(
        np.convolve(np.pad(values, reach, mode="edge"), window / window.sum(), mode="valid"), np.float64
    )


def sound_features(encoded: npt.NDArray[np.floating], num_frames: int, fps: float) -> Array:
    """Return what surrounds the middle of each frame, (num_frames, 3 channels).

    Args:
        encoded: (m, channels) at 50 Hz, the first centred on the start of the clip.
    """
    middles = (np.arange(num_frames) + 0.5) / fps
    parts: list[Array] = []
    for offset in _CONTEXT_SECONDS:
        at = np.clip((middles + offset) * _ENCODER_HZ, 0, len(encoded) - 1.001)
        low = np.floor(at).astype(int)
        share = (at - low)[:, None]
        parts.append(encoded[low] * (1 - share) + encoded[low + 1] * share)
    return np.concatenate(parts, axis=1)


def frame_correlations(predicted: Array, seen: Array, weights: Array, max_lag: int) -> Array:
    """Return what each frame adds to the correlation at lags -max_lag to max_lag, (2 max_lag + 1, n).

    At lag l frame t is compared with the prediction for t + l: the best lag is positive where the
    sound is late. Only frames that both have are compared, the others are NaN; the mean of a row is the
    weighted mean correlation of the columns.
    """
    n = len(seen)
    found = np.full((2 * max_lag + 1, n), np.nan)
    for lag in range(-max_lag, max_lag + 1):
        low, high = max(0, -lag), min(n, n - lag)
        a, b = predicted[low + lag : high + lag], seen[low:high]
        a, b = a - a.mean(0), b - b.mean(0)
        norms = np.maximum(np.sqrt((a * a).sum(0) * (b * b).sum(0)), 1e-12)
        found[lag + max_lag, low:high] = (a * b / norms) @ weights * (high - low)
    return found


def lag_correlations(predicted: Array, seen: Array, weights: Array, max_lag: int) -> Array:
    """Return the weighted mean correlation of columns at lags -max_lag to max_lag, (2 max_lag + 1,)."""
    return np.asarray(np.nanmean(frame_correlations(predicted, seen, weights, max_lag), axis=1))


class WhisperEncoder:
    """Whisper tiny.en's encoder, on the length of the sound alone (no padding to 30 s)."""

    def __init__(self) -> None:
        import ctranslate2
        from faster_whisper.feature_extractor import FeatureExtractor

        folder = str(whisper_folder("tiny.en"))
        self._model: Any = ctranslate2.models.Whisper(
            folder, device="cpu", compute_type="int8", intra_threads=1
        )
        self._mel = FeatureExtractor()
        self._array: Any = ctranslate2.StorageView.from_array

    def encode(self, samples: FloatArray) -> FloatArray:
        """Return (m, 384) at 50 Hz of mono samples (n,) at 16 kHz, n at least 25 ms."""
        mel = self._mel(samples, padding=0)
        pieces = [
            np.ascontiguousarray(mel[None, :, i : i + _MOST_MEL_FRAMES], np.float32)
            for i in range(0, mel.shape[1], _MOST_MEL_FRAMES)
        ]
        return np.concatenate(
            [np.array(self._model.encode(self._array(piece)), np.float32)[0] for piece in pieces]
        )


def _no_map(path: str, why: str) -> BadInputError:
    return BadInputError(
        f"sync.model {path}: no map of tools/train_lip_sync.py ({why}); give its file, or lip-sync"
    )


class LipSync:
    """`SyncScorer` on the encoder and a linear map: the bundled one, or one that the tool built elsewhere."""

    needs_pictures = False

    def __init__(self, path: str) -> None:
        self._encoder = WhisperEncoder()
        arrays = read_arrays(Path(path), _SHAPES)
        for name, shape in _SHAPES.items():
            if name not in arrays or arrays[name].shape != shape:
                found = f"has shape {arrays[name].shape}, not {shape}" if name in arrays else "is missing"
                raise _no_map(path, f"{name} {found}")
        self._map, self._weights = (arrays[name] for name in ("map", "weights"))
        numbers = all(a.dtype.kind == "f" and np.isfinite(a).all() for a in (self._map, self._weights))
        if not numbers or arrays["version"].dtype.kind != "U":
            raise _no_map(path, "not finite numbers and a version")
        self._map, self._weights = self._map.astype(np.float64), self._weights.astype(np.float64)
        self.name = f"lip-sync-{arrays['version']}/whisper-tiny.en"

    def look(
        self, face: npt.NDArray[np.floating], fps: float, pictures: Iterable[RgbImage] | None
    ) -> npt.NDArray[np.float64]:
        """Return the mouth's shape; see `SyncScorer.look`."""
        return mouth_shape(face, fps)

    def agreement(
        self, samples: FloatArray, seen: npt.NDArray[np.floating], fps: float, max_lag: int
    ) -> npt.NDArray[np.float64]:
        """Correlate; see `SyncScorer.agreement`."""
        predicted = sound_features(self._encoder.encode(samples), len(seen), fps) @ self._map
        return frame_correlations(predicted, np.asarray(seen, np.float64), self._weights, max_lag)


@functools.lru_cache(maxsize=1)
def load(model: str = EMBEDDED) -> LipSync:
    """Return the process's scorer: the bundled one, or that of a map's path."""
    return LipSync(str(WEIGHTS) if model == EMBEDDED else model)
