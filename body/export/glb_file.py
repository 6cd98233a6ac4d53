"""The container of a GLB file: buffer views, accessors and the two chunks (glTF 2.0, Khronos, section 4)."""

import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963
_COMPONENTS = {"float32": 5126, "uint8": 5121, "uint16": 5123, "uint32": 5125}
_TYPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}


class GlbBuffer:
    """Collects arrays; each becomes an accessor, named by its number."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._views: list[dict[str, int]] = []
        self._accessors: list[dict[str, Any]] = []

    def add(self, array: npt.NDArray[Any], target: int | None = None, bounds: bool = False) -> int:
        """Store an array, one element a row (matrices by columns); returns its accessor.

        Args:
            target: what a graphics card binds it to; None for animations and matrices.
            bounds: write the smallest and largest values, which positions and times need.
        """
        accessor = self._accessor(array)
        accessor["bufferView"] = self._view(np.ascontiguousarray(array), target)
        return self._append(accessor, array if bounds else None)

    def add_sparse(self, array: npt.NDArray[Any]) -> int:
        """Store an array (n, 3) with its bounds by the rows that are not zero; returns its accessor."""
        rows = np.flatnonzero(np.any(array != 0, axis=1))
        accessor = self._accessor(array)
        if len(rows):
            accessor["sparse"] = {
                "count": len(rows),
                "indices": {
                    "bufferView": self._view(rows.astype(np.uint32), None),
                    "componentType": _COMPONENTS["uint32"],
                },
                "values": {"bufferView": self._view(np.ascontiguousarray(array[rows]), None)},
            }
        return self._append(accessor, array)

    def pack(self, document: dict[str, Any]) -> bytes:
        """Return the file of a document to which buffers, views and accessors are added."""
        whole = document | {
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self._data)}],
        }
        text = json.dumps(whole, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        size = 12 + 8 + len(text) + 8 + len(self._data)
        header = struct.pack("<4sII", b"glTF", 2, size) + struct.pack("<I4s", len(text), b"JSON")
        return header + text + struct.pack("<I4s", len(self._data), b"BIN\0") + bytes(self._data)

    def _accessor(self, array: npt.NDArray[Any]) -> dict[str, Any]:
        kind = _COMPONENTS[array.dtype.name]
        return {"componentType": kind, "count": len(array), "type": _TYPES[array.shape[1:]]}

    def _append(self, accessor: dict[str, Any], bounded: npt.NDArray[Any] | None) -> int:
        if bounded is not None:
            accessor["min"] = np.atleast_1d(bounded.min(0)).tolist()
            accessor["max"] = np.atleast_1d(bounded.max(0)).tolist()
        self._accessors.append(accessor)
        return len(self._accessors) - 1

    def _view(self, array: npt.NDArray[Any], target: int | None) -> int:
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        view = {"buffer": 0, "byteOffset": len(self._data), "byteLength": little.nbytes}
        self._data += little.tobytes()
        self._data += bytes(-len(self._data) % 4)
        self._views.append(view | ({} if target is None else {"target": target}))
        return len(self._views) - 1
