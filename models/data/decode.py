"""From the bytes of a sample's parts to a window: only what is asked for is decoded."""

import io
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from media.source import MediaError, MediaLimits
from media.spans import decode_span
from models.data.config import SampleLimits, WindowConfig
from models.data.mirror import Mirror, mirrored_arrays, mirrored_betas, sources_of
from models.data.records import BadSampleError, Reference, Window
from schemas.npz import read_arrays
from schemas.outcomes import BadInputError
from schemas.sample import SAMPLING_RATE_HZ, WAV_FAULTS, SampleError, about_of_json

_FULL_SCALE = np.float32(1 / 32768)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Which frames of a clip a window has, and whether they are mirrored; `num_valid` of them are there.

    reference: another frame that is wanted, mirrored alike.
    """

    start: int
    length: int
    num_valid: int
    mirrored: bool
    reference: int | None = None


def parts_wanted(config: WindowConfig) -> tuple[str, ...]:
    """Return the parts of a sample that windows are made of."""
    sound = config.with_sound or config.with_clip_sound
    wanted = {"json": True, "mp4": config.with_frames, "npz": bool(config.arrays), "wav": sound}
    return tuple(part for part, is_wanted in wanted.items() if is_wanted)


def read_about(key: str, data: bytes, limits: SampleLimits) -> dict[str, Any]:
    """Return what a sample's JSON says, after checking what windows are made by.

    Raises:
        BadSampleError: if it is damaged, of another sample, or says something absurd.
    """
    try:
        about = about_of_json(data, limits.max_frames)
    except SampleError as error:
        raise BadSampleError(str(error)) from error
    if about.get("key") != key:
        raise BadSampleError(
            f"another sample lies in its place ({str(about.get('key'))[:100]!r}): is the index of this shard?"
        )
    return about


def decode_window(
    key: str, about: Mapping[str, Any], parts: Mapping[str, bytes], span: Span, config: WindowConfig
) -> Window:
    """Return the window of a sample.

    Args:
        about: what `read_about` returned.
        parts: those of `parts_wanted`.

    Raises:
        BadSampleError: if a part is missing, damaged, or does not fit the others.
        BadInputError: if the configuration asks for what cannot be.
    """
    fps, limits = float(about["fps"]), config.limits
    mirror = _mirror(about, config) if span.mirrored else None
    betas = _betas(about)
    if mirror is not None and betas is not None:
        betas = mirrored_betas(betas, mirror)
    arrays = _arrays(parts["npz"], about["num_frames"], span, config, mirror) if config.arrays else {}
    return Window(
        key=key,
        start_frame=span.start,
        num_frames=span.length,
        num_valid=span.num_valid,
        fps=fps,
        about=about,
        arrays={name: array[: span.length] for name, array in arrays.items()},
        sound=_sound(parts["wav"], about["num_frames"], fps, span) if config.with_sound else None,
        clip_sound=_clip_sound(parts["wav"], about["num_frames"], fps) if config.with_clip_sound else None,
        frames=_frames(parts["mp4"], about, fps, span, limits) if config.with_frames else None,
        words=_words(about, fps, span),
        betas=betas,
        reference=_reference(parts, about, span, arrays, betas, config),
        mirrored=span.mirrored,
    )


def _reference(
    parts: Mapping[str, bytes],
    about: Mapping[str, Any],
    span: Span,
    arrays: Mapping[str, npt.NDArray[Any]],
    betas: npt.NDArray[np.float32] | None,
    config: WindowConfig,
) -> Reference | None:
    """Return the other frame that is wanted; its arrays lie behind the window's."""
    if span.reference is None:
        return None
    alone = Span(start=span.reference, length=1, num_valid=1, mirrored=span.mirrored)
    seen, fps = config.with_frames, float(about["fps"])
    return Reference(
        frame=span.reference,
        arrays={name: array[span.length :] for name, array in arrays.items()},
        picture=_frames(parts["mp4"], about, fps, alone, config.limits)[0] if seen else None,
        betas=betas,
    )


def _mirror(about: Mapping[str, Any], config: WindowConfig) -> Mirror:
    fit = about.get("body_fit")
    model_id = fit.get("model_id") if isinstance(fit, dict) else None
    return Mirror(width=about["width"], body_model=config.body_model, model_id=model_id)


def _betas(about: Mapping[str, Any]) -> npt.NDArray[np.float32] | None:
    fit = about.get("body_fit")
    if fit is None:
        return None
    try:
        betas = np.asarray(fit["betas"], np.float32)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadSampleError("its body fit has no betas") from error
    if betas.ndim != 1 or not np.isfinite(betas).all():
        raise BadSampleError("its betas are not numbers")
    return betas


def _arrays(
    data: bytes, num_frames: int, span: Span, config: WindowConfig, mirror: Mirror | None
) -> dict[str, npt.NDArray[Any]]:
    names = config.arrays if mirror is None else sources_of(config.arrays)
    try:
        whole = read_arrays(io.BytesIO(data), names, "its npz")
    except BadInputError as error:
        raise BadSampleError(str(error)) from error
    if missing := [name for name in names if name not in whole]:
        raise BadSampleError(f"array {missing[0]} is missing")
    for name, array in whole.items():
        if array.ndim < 1 or len(array) != num_frames:
            raise BadSampleError(f"array {name} has shape {array.shape}, and the clip {num_frames} frames")
    frames = np.minimum(np.arange(span.start, span.start + span.length), num_frames - 1)
    if span.reference is not None:
        frames = np.append(frames, span.reference)
    cut = {name: array[frames] for name, array in whole.items()}
    for name, array in cut.items():
        if name.startswith("valid:"):
            array[span.num_valid : span.length] = False
    try:
        return cut if mirror is None else mirrored_arrays(cut, config.arrays, mirror)
    except (ValueError, IndexError, TypeError) as error:
        if isinstance(error, BadInputError):
            raise
        raise BadSampleError(f"an array has not the shape that docs/samples.md gives ({error})") from error


def _sound(data: bytes, num_frames: int, fps: float, span: Span) -> npt.NDArray[np.float32]:
    """Return the window's samples as float32: exactly length / fps seconds, silence after the clip's end."""
    first, length = (round(frames / fps * SAMPLING_RATE_HZ) for frames in (span.start, span.length))
    try:
        with wave.open(io.BytesIO(data), "rb") as handle:
            layout = (handle.getnchannels(), handle.getsampwidth(), handle.getframerate())
            if layout != (1, 2, SAMPLING_RATE_HZ):
                raise SampleError(f"it is {layout}, wanted mono, 16 bit, {SAMPLING_RATE_HZ} Hz")
            if handle.getnframes() != round(num_frames / fps * SAMPLING_RATE_HZ):
                raise SampleError(f"{handle.getnframes()} samples for {num_frames} frames")
            handle.setpos(first)
            there = np.frombuffer(handle.readframes(length), "<i2")
    except WAV_FAULTS as error:
        raise BadSampleError(f"its sound is damaged ({error})") from error
    wanted = min(length, round(num_frames / fps * SAMPLING_RATE_HZ) - first)
    if len(there) != wanted:
        raise BadSampleError(f"its sound ends early: {len(there)} of {wanted} samples are there")
    sound = np.zeros(length, np.float32)
    sound[: len(there)] = there * _FULL_SCALE
    return sound


def _clip_sound(data: bytes, num_frames: int, fps: float) -> npt.NDArray[np.float32]:
    whole = Span(start=0, length=num_frames, num_valid=num_frames, mirrored=False)
    return _sound(data, num_frames, fps, whole)


def _frames(
    data: bytes, about: Mapping[str, Any], fps: float, span: Span, limits: SampleLimits
) -> npt.NDArray[np.uint8]:
    size = (about["height"], about["width"])
    try:
        there = decode_span(
            data,
            span.start,
            span.num_valid,
            fps,
            MediaLimits(max_pixels=limits.max_pixels),
            limits.max_window_bytes,
        )
    except MediaError as error:
        raise BadSampleError(str(error)) from error
    if there.shape[1:3] != size:
        raise BadSampleError(f"its pictures are {there.shape[1:3]}, and its JSON says {size}")
    if span.mirrored:
        there = there[:, :, ::-1]
    missing = span.length - span.num_valid
    return (
        np.concatenate([there, np.repeat(there[-1:], missing, axis=0)])
        if missing
        else np.ascontiguousarray(there)
    )


def _words(about: Mapping[str, Any], fps: float, span: Span) -> tuple[dict[str, Any], ...]:
    """Return the words whose middle lies in the window, timed from its start."""
    start, end = span.start / fps, (span.start + span.num_valid) / fps
    found: list[dict[str, Any]] = []
    try:
        for word in (about.get("transcript") or {}).get("words") or ():
            first, last = word["start_seconds"], word["end_seconds"]
            if start <= (first + last) / 2 < end:
                found.append({**word, "start_seconds": first - start, "end_seconds": last - start})
    except (AttributeError, KeyError, TypeError, OverflowError) as error:
        raise BadSampleError(f"its words are damaged ({type(error).__name__}: {error})") from error
    return tuple(found)
