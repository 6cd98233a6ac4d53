"""A sample's parts decoded, whatever strangers put into them: nothing unpickled, nothing oversized."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from media.mp4 import count_frames
from media.source import MediaLimits
from media.spans import decode_span
from schemas.npz import read_arrays
from schemas.sample import (
    ARRAYS,
    BODY_ARRAYS,
    MAX_FRAMES,
    SAMPLING_RATE_HZ,
    WAV_FAULTS,
    about_of_json,
    pcm_of_wav,
)

_MAX_PIXELS = 4096 * 2304
# Pictures are decoded so many bytes at a time.
_SPAN_BYTES = 256 * 2**20
_FAULTS = (*WAV_FAULTS, zipfile.BadZipFile, OverflowError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoded:
    """What a sample's parts hold; `faults` says by part why one cannot be read.

    `about` is its JSON, {} where that is no sample's. `arrays` are those that a sample may have,
    `other_arrays` the names of all others. `picture_size` is (height, width) in px of the last picture.
    """

    about: Mapping[str, Any] = field(default_factory=dict[str, Any])
    num_samples: int | None = None
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict[str, npt.NDArray[Any]])
    other_arrays: tuple[str, ...] = ()
    num_pictures: int | None = None
    picture_size: tuple[int, int] | None = None
    faults: Mapping[str, str] = field(default_factory=dict[str, str])


def decode_parts(parts: Mapping[str, bytes]) -> Decoded:
    """Return what a sample's parts hold; a part that is not there has no fault here."""
    found: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for part, read in (("json", _about), ("wav", _sound), ("npz", _arrays), ("mp4", _pictures)):
        if part not in parts:
            continue
        try:
            found |= read(parts[part], found.get("about", {}))
        except _FAULTS as error:
            faults[part] = f"{type(error).__name__}: {error}"[:200]
    if objects := found.pop("objects", None):
        faults["npz"] = f"{objects} holds Python objects; they were not unpickled"
    return Decoded(**found, faults=faults)


def _about(data: bytes, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"about": about_of_json(data, MAX_FRAMES)}


def _sound(data: bytes, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"num_samples": len(pcm_of_wav(data, SAMPLING_RATE_HZ))}


def _arrays(data: bytes, _: Mapping[str, Any]) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = {info.filename.removesuffix(".npy") for info in archive.infolist()}
    known = names & (ARRAYS | BODY_ARRAYS).keys()
    arrays = read_arrays(io.BytesIO(data), known, "its arrays")
    found: dict[str, Any] = {"arrays": arrays, "other_arrays": tuple(sorted(names - known))}
    return found | {"objects": next(iter(sorted(known - arrays.keys())), None)}


def _pictures(data: bytes, about: Mapping[str, Any]) -> dict[str, Any]:
    """Count the pictures, and decode them all where the JSON says how many a second there are."""
    count = count_frames(data)
    if not about:
        return {"num_pictures": count}
    step = max(_SPAN_BYTES // (3 * about["width"] * about["height"]), 1)
    limits, pictures = MediaLimits(max_pixels=_MAX_PIXELS), np.zeros((0, 0, 0, 3), np.uint8)
    for start in range(0, count, step):
        number = min(step, count - start)
        pictures = decode_span(data, start, number, float(about["fps"]), limits, 2 * _SPAN_BYTES)
    return {"num_pictures": count, "picture_size": pictures.shape[1:3]}
