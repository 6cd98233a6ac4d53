"""ONNX Runtime sessions on one thread, for networks in files of their own."""

import hashlib
from pathlib import Path
from typing import Any

from schemas.outcomes import BadInputError


def open_session(path: Path, sha256: str | None = None) -> Any:
    """Return an `InferenceSession`; its memory use and results do not depend on the machine's cores.

    Args:
        sha256: what the file's SHA-256 must be; None for a file of the user's.

    Raises:
        BadInputError: naming the file, if it is missing, not the pinned one or no ONNX network.
    """
    import onnxruntime

    if not path.is_file():
        raise BadInputError(f"{path}: no such file; give the path of an ONNX network")
    data = path.read_bytes()
    if sha256 not in (None, hashlib.sha256(data).hexdigest()):
        raise BadInputError(f"{path}: not the pinned file (SHA-256 differs from {sha256}); restore it")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise BadInputError(f"{path}: not an ONNX network that can be run: {error}") from error


def short_hash(path: Path) -> str:
    """Return eight digits of a file's SHA-256, which go into the model's name."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]
