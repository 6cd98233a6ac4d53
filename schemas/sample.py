"""One training sample: the parts of a clip, their names and the contract between them.

A sample is `key.mp4`, `key.wav`, `key.json` and `key.npz`, adjacent in a shard. Arrays have the
frame as first axis and names with a prefix that says what they are. Landmarks are stored as
int16 in units of 1/16 px (an error of 0.03 px at most), pose visibility as uint8 in 1/255.
"""

import io
import json
import re
import types
import typing
import wave
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.npz import read_arrays
from schemas.records.clip import Clip
from schemas.visible import json_escaped

PARTS = ("json", "mp4", "npz", "wav")
KEY_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,100}")
LANDMARK_UNITS_PER_PX = 16
SAMPLING_RATE_HZ = 16000
MAX_FRAMES = 20_000  # of a sample; clips of a minute have 1800
# The records that stages make of a clip; samples name those that are missing as not computed.
CLIP_RECORDS = tuple(
    name
    for name, hint in typing.get_type_hints(Clip).items()
    if isinstance(hint, types.UnionType) and any(map(is_dataclass, typing.get_args(hint)))
)

_FITTED = {
    part: part.replace("_", " ")
    for part in ("body", "face", "left_hand", "right_hand", "left_arm", "right_arm", "left_leg", "right_leg")
}

# name: (trailing shape, dtype, meaning)
ARRAYS: dict[str, tuple[tuple[int, ...], str, str]] = {
    "face:landmarks": ((478, 3), "int16", "MediaPipe face mesh with irises, x y z in 1/16 px"),
    "hand:left_landmarks": ((21, 3), "int16", "left hand, x y z in 1/16 px"),
    "hand:right_landmarks": ((21, 3), "int16", "right hand, x y z in 1/16 px"),
    "pose:landmarks": ((33, 3), "int16", "BlazePose body, x y z in 1/16 px"),
    "pose:visibility": ((33,), "uint8", "BlazePose visibility in 1/255"),
    "pose:world": ((33, 3), "float16", "BlazePose body in metres around the hips"),
    "box:face": ((4,), "float32", "face track, x0 y0 x1 y1 in px of the clip"),
    "valid:box": ((), "bool", "the face detector saw the face within its sampling interval"),
    "valid:face": ((), "bool", "face landmarks were observed on this frame"),
    "valid:left_hand": ((), "bool", "left hand landmarks were observed on this frame"),
    "valid:right_hand": ((), "bool", "right hand landmarks were observed on this frame"),
    "valid:pose": ((), "bool", "body landmarks were observed on this frame"),
}
# What the body fit adds, in the body model's terms (axis-angle in radians, metres, OpenCV camera).
BODY_ARRAYS: dict[str, tuple[tuple[int, ...], str, str]] = {
    "smplx:transl": ((3,), "float32", "translation in m"),
    "smplx:global_orient": ((3,), "float32", "rotation of the pelvis"),
    "smplx:body_pose": ((63,), "float32", "rotations of the 21 body joints"),
    "smplx:jaw": ((3,), "float32", "rotation of the jaw"),
    "smplx:left_eye": ((3,), "float32", "rotation of the left eye"),
    "smplx:right_eye": ((3,), "float32", "rotation of the right eye"),
    "smplx:left_hand": ((45,), "float32", "rotations of the left hand's 15 joints, mean pose included"),
    "smplx:right_hand": ((45,), "float32", "rotations of the right hand's 15 joints, mean pose included"),
    "smplx:expression": ((10,), "float32", "expression coefficients"),
    **{
        f"smplx:{part}_error_px": ((), "float32", f"typical distance of the {name} from the landmarks, px")
        for part, name in _FITTED.items()
    },
    **{
        f"valid:smplx_{part}": ((), "bool", f"the {name} was seen on this frame and the fit agrees")
        for part, name in _FITTED.items()
    },
}
VALIDITY = {
    "face:landmarks": "valid:face",
    "hand:left_landmarks": "valid:left_hand",
    "hand:right_landmarks": "valid:right_hand",
    "pose:landmarks": "valid:pose",
}


# What reading a WAV file of strangers may raise.
WAV_FAULTS = (wave.Error, EOFError, OSError, ValueError, RuntimeError)
_MAX_SIDE_PX = 2**16


class SampleError(ValueError):
    """The parts of a sample do not fit together."""


def pack_landmarks(points_px: npt.NDArray[np.floating]) -> npt.NDArray[np.int16]:
    """Return landmarks in px as int16 in 1/16 px; points not observed (NaN) become 0."""
    units = np.nan_to_num(points_px * LANDMARK_UNITS_PER_PX)
    return np.clip(np.round(units), -32768, 32767).astype(np.int16)


def unpack_landmarks(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> npt.NDArray[np.float32]:
    """Return landmarks in px, float32, NaN on frames where they were not observed."""
    points = arrays[name].astype(np.float32) / np.float32(LANDMARK_UNITS_PER_PX)
    points[~arrays[VALIDITY[name]]] = np.nan
    return points


def arrays_to_npz(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Return arrays as a compressed .npz whose bytes depend on nothing but the arrays."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(arrays):
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            payload = io.BytesIO()
            np.lib.format.write_array(payload, np.asarray(arrays[name], order="C"), allow_pickle=False)
            archive.writestr(member, payload.getvalue())
    return buffer.getvalue()


def npz_to_arrays(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """Read arrays written by `arrays_to_npz`.

    Raises:
        BadInputError: if they are damaged or claim too much memory; nothing is unpickled.
    """
    return read_arrays(io.BytesIO(data), name="the arrays")


def to_json_bytes(value: Any) -> bytes:
    """Return canonical JSON: sorted keys, no NaN, UTF-8, nothing in it that acts on a terminal."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1)
    return json_escaped(text).encode() + b"\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One training sample: a clip's video file, 16-bit sound at 16 kHz, arrays by name, what is known of it.

    `about` is the content of the .json; its `num_frames`, `fps` and `body_fit` say what the others must be.
    """

    key: str
    mp4: bytes
    sound: npt.NDArray[np.int16]
    arrays: Mapping[str, npt.NDArray[Any]]
    about: Mapping[str, Any]


def check_sample(sample: Sample, count_frames: Callable[[bytes], int]) -> None:
    """Check that the parts of a sample fit each other.

    Args:
        count_frames: returns the number of pictures in an .mp4 (`media.count_frames`).

    Raises:
        SampleError: naming what does not fit.
    """
    check_key(sample.key)
    num_frames, fps = sample.about["num_frames"], sample.about["fps"]
    fitted = sample.about.get("body_fit") is not None
    if (found := count_frames(sample.mp4)) != num_frames:
        raise SampleError(f"{sample.key}: {found} pictures in the video, wanted {num_frames}")
    check_arrays(sample.arrays, num_frames, fitted)
    if len(sample.sound) != round(num_frames / fps * SAMPLING_RATE_HZ):
        raise SampleError(f"{sample.key}: {len(sample.sound)} samples of sound for {num_frames} frames")


def encode_sample(sample: Sample) -> dict[str, bytes]:
    """Return the parts of a sample by extension; the same sample gives the same bytes."""
    return {
        "json": to_json_bytes(sample.about),
        "mp4": sample.mp4,
        "npz": arrays_to_npz(sample.arrays),
        "wav": wav_of_pcm(sample.sound, SAMPLING_RATE_HZ),
    }


def about_of_json(data: bytes, max_frames: int) -> dict[str, Any]:
    """Return what a sample's .json says, after checking the numbers by which the other parts are read.

    Raises:
        SampleError: if it is damaged, or its frames, rate or size are missing or absurd.
    """
    try:
        about: dict[str, Any] = json.loads(data)
        num_frames, fps, size = about["num_frames"], about["fps"], (about["width"], about["height"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SampleError(f"its JSON is damaged ({type(error).__name__}: {str(error)[:200]})") from error
    if not all(type(n) is int and 0 < n <= _MAX_SIDE_PX for n in size):
        raise SampleError(f"its picture has {str(size)[:100]} px")
    if type(num_frames) is not int or not 0 < num_frames <= max_frames:
        raise SampleError(f"{str(num_frames)[:100]} frames; 1 to {max_frames} are allowed")
    if type(fps) not in (int, float) or not 1 <= fps <= 1000:
        raise SampleError(f"{str(fps)[:100]} frames a second")
    return about


def decode_sample(key: str, parts: Mapping[str, bytes]) -> Sample:
    """Return the sample of parts by extension; whether they fit each other, `check_sample` says.

    Raises:
        SampleError: if a part is missing or damaged.
    """
    if missing := set(PARTS) - set(parts):
        raise SampleError(f"{key}: {', '.join(sorted(missing))} is missing")
    try:
        return Sample(
            key=key,
            mp4=parts["mp4"],
            sound=pcm_of_wav(parts["wav"], SAMPLING_RATE_HZ),
            arrays=npz_to_arrays(parts["npz"]),
            about=about_of_json(parts["json"], MAX_FRAMES),
        )
    except WAV_FAULTS as error:  # ours are among them
        raise SampleError(f"{key}: the parts are damaged ({error})") from error


def wav_of_pcm(samples: npt.NDArray[np.int16], sampling_rate_hz: int) -> bytes:
    """Return mono 16-bit samples (n,) as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as handle:
        handle.setnchannels(1)
        handle.setsampwidth(2)
        handle.setframerate(sampling_rate_hz)
        handle.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


def pcm_of_wav(data: bytes, sampling_rate_hz: int) -> npt.NDArray[np.int16]:
    """Return the samples (n,) of a mono 16-bit WAV file.

    Raises:
        SampleError: if it is of another kind.
        WAV_FAULTS: if it is damaged.
    """
    with wave.open(io.BytesIO(data), "rb") as handle:
        layout = (handle.getnchannels(), handle.getsampwidth(), handle.getframerate())
        if layout != (1, 2, sampling_rate_hz):
            raise SampleError(f"the sound is {layout}, wanted mono, 16 bit, {sampling_rate_hz} Hz")
        return np.frombuffer(handle.readframes(handle.getnframes()), "<i2").astype(np.int16)


def check_arrays(arrays: Mapping[str, npt.NDArray[Any]], num_frames: int, fitted: bool) -> None:
    """Check names, types and shapes of a sample's arrays.

    Args:
        fitted: whether the clip has a body fit, whose arrays must be there then.

    Raises:
        SampleError: naming the array and what is wrong with it.
    """
    for name, (shape, dtype, _) in (ARRAYS | BODY_ARRAYS if fitted else ARRAYS).items():
        if name not in arrays:
            raise SampleError(f"array {name} is missing")
        array = arrays[name]
        if array.shape != (num_frames, *shape) or array.dtype != np.dtype(dtype):
            raise SampleError(
                f"array {name} is {array.dtype}{array.shape}, wanted {dtype}{(num_frames, *shape)}"
            )


def check_key(key: str) -> str:
    """Return the key if it may name a sample.

    Raises:
        SampleError: if it has dots, separators or more than 100 characters.
    """
    if not KEY_PATTERN.fullmatch(key):
        raise SampleError(f"not a sample key: {key!r}")
    return key
