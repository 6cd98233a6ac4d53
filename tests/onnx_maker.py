"""Tiny ONNX networks, written byte by byte: the package that builds them is no dependency."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _data(field: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


def _mean(source: str, target: str, axes: Sequence[int]) -> bytes:
    axes_attribute = _data(1, "axes") + b"".join(_number(8, axis) for axis in axes) + _number(20, 7)
    flat_attribute = _data(1, "keepdims") + _number(3, 0) + _number(20, 2)
    names = _data(1, source) + _data(2, target) + _data(4, "ReduceMean")
    return _data(1, names + _data(5, axes_attribute) + _data(5, flat_attribute))


def _matmul(source: str, matrix: str, target: str) -> bytes:
    return _data(1, _data(1, source) + _data(1, matrix) + _data(2, target) + _data(4, "MatMul"))


def _constant(name: str, values: npt.NDArray[np.float32]) -> bytes:
    shape = b"".join(_number(1, size) for size in values.shape)
    return _data(5, shape + _number(2, 1) + _data(8, name) + _data(9, values.astype("<f4").tobytes()))


def _value(field: int, name: str, shape: Sequence[int]) -> bytes:
    sizes = _data(1, _data(2, "b")) + b"".join(_data(1, _number(1, size)) for size in shape)
    tensor = _number(1, 1) + _data(2, sizes)
    return _data(field, _data(1, name) + _data(2, _data(1, tensor)))


def write_brightness_syncnet(path: Path) -> None:
    """Write a SyncNet whose embeddings are loudness and brightness at five times, without their means."""
    centred = np.eye(5) - 0.2
    times = np.repeat(np.eye(5), [3, 3, 4, 3, 3], axis=0) @ centred
    pictures = np.repeat(np.eye(5), 3, axis=0) @ centred
    graph = (
        _mean("sound", "levels", (1, 2)) + _matmul("levels", "times", "heard")
        + _mean("face", "brightness", (2, 3)) + _matmul("brightness", "pictures", "seen")
        + _data(2, "syncnet")
        + _constant("times", times.astype(np.float32)) + _constant("pictures", pictures.astype(np.float32))
        + _value(11, "sound", (1, 80, 16)) + _value(11, "face", (15, 48, 96))
        + _value(12, "heard", (5,)) + _value(12, "seen", (5,))
    )  # fmt: skip
    opset = _data(1, "") + _number(2, 13)
    path.write_bytes(_number(1, 8) + _data(7, graph) + _data(8, opset))
