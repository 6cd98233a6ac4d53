"""A body's motion as one .npz: what `animate` writes and programs that draw or edit it read."""

from pathlib import Path

import numpy as np

from body.track import TRACK_PARAMETERS, TRACK_PARTS, BodyTrack
from schemas.npz import read_arrays
from schemas.outcomes import BadInputError
from schemas.sample import arrays_to_npz

# fps, focal length in px, width and height of the picture in px
_CAMERA = "camera"
_MODEL_ID, _BETAS = "model_id", "betas"
_MAX_FRAMES = 1_000_000


def track_bytes(track: BodyTrack) -> bytes:
    """Return the file: `smplx:*` (T, ...) and `valid:smplx_*` (T,) as in a training sample, `betas` (S,),
    `camera` (4,): fps, focal length, width and height in px; `model_id` as UTF-8 bytes. Same track, same
    bytes.
    """
    camera = (track.fps, track.focal_length_px, track.width, track.height)
    return arrays_to_npz(
        {
            **track.arrays(),
            _BETAS: track.betas,
            _CAMERA: np.array(camera, np.float64),
            _MODEL_ID: np.frombuffer(track.model_id.encode(), np.uint8),
        }
    )


def read_track(path: Path) -> BodyTrack:
    """Return the motion of a file.

    Raises:
        BadInputError: if it is none, is damaged, or something is missing or does not fit.
    """
    names = [f"smplx:{name}" for name in TRACK_PARAMETERS]
    masks = [f"valid:smplx_{part}" for part in TRACK_PARTS]
    arrays = read_arrays(path, [*names, *masks, _BETAS, _CAMERA, _MODEL_ID])
    for name in (*names, _BETAS, _CAMERA, _MODEL_ID):
        if name not in arrays:
            raise BadInputError(f"{path}: no motion of a body, {name} is missing")
    camera, model = arrays[_CAMERA], arrays[_MODEL_ID]
    if camera.shape != (4,) or not np.isfinite(camera).all() or model.dtype != np.uint8 or model.ndim != 1:
        raise BadInputError(f"{path}: its camera or model_id is damaged")
    number = len(np.atleast_1d(arrays[names[0]]))
    if not 0 < number <= _MAX_FRAMES:
        raise BadInputError(f"{path}: {number} frames; 1 to {_MAX_FRAMES} are read")
    try:
        fit = {
            "betas": arrays[_BETAS],
            "focal_length_px": camera[1],
            "model_id": bytes(model[:200]).decode("utf-8", "replace"),
        }
        return BodyTrack.from_sample(arrays, fit, float(camera[0]), int(camera[2]), int(camera[3]))
    except (BadInputError, TypeError, ValueError) as error:
        raise BadInputError(f"{path}: {error}") from error
