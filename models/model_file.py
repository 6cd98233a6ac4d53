"""The file of a trained model: safetensors, the rest as JSON in its metadata; nothing is unpickled."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save, save_file
from torch import Tensor, nn

from schemas.outcomes import BadInputError

_MAX_BYTES = 1 << 30
# What building a network by a file's settings may raise where these are none.
MISFITS = (LookupError, TypeError, ValueError, AttributeError, AssertionError, RuntimeError)


def model_bytes(kind: str, about: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> bytes:
    """Return a model as a file; the same model gives the same bytes.

    Args:
        kind: of model and layout, as "mentor-motion-2".
    """
    return save(*_told(kind, about, tensors))


def write_model(path: Path, data: bytes) -> None:
    """Write a model's file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(data)
    unfinished.replace(path)


def write_tensors(path: Path, kind: str, about: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Write the file that `model_bytes` would be, whole or not at all, without a second copy in memory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    named, said = _told(kind, about, tensors)
    save_file(named, unfinished, said)
    unfinished.replace(path)


def read_model(
    path: Path, kind: str, max_bytes: int = _MAX_BYTES, if_not: str = ""
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return what a model's file says of it, and its tensors.

    Args:
        if_not: what else it may be, said where it is of another kind.

    Raises:
        BadInputError: if the file is none, is damaged, is of another kind or has weights that are not finite.
    """
    what = kind.split("-")[1]
    try:
        if path.stat().st_size > max_bytes:
            raise BadInputError(
                f"{path}: {path.stat().st_size} bytes are too many for a {what} model{if_not}"
            )
        with safe_open(str(path), framework="pt", device="cpu") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        finite = all(bool(torch.isfinite(value).all()) for value in tensors.values())
    except (OSError, SafetensorError, ValueError, LookupError, RuntimeError) as error:
        # Settings nested without end, and numbers of a kind that is none of weights, are RuntimeErrors.
        if isinstance(error, BadInputError):
            raise
        raise BadInputError(f"{path}: not a {what} model ({error})") from error
    if not isinstance(about, dict) or about.pop("format", None) != kind:
        raise BadInputError(f"{path}: not a {what} model of format {kind}{if_not}")
    if not finite:
        raise BadInputError(f"{path}: has weights that are not finite")
    return about, tensors


def check_size(
    settings: Mapping[str, Any], build: Callable[[], nn.Module], tensors: Mapping[str, Tensor]
) -> None:
    """Check that a network has just these tensors, before memory is taken for it.

    Args:
        settings: of the network; one with more layers than there are tensors, or wider ones, is not tried.
        build: makes it; called where tensors have shapes alone.

    Raises:
        ValueError: if it does not.
    """
    most = max([len(tensors), *(side for value in tensors.values() for side in value.shape)])
    for name, value in settings.items():
        if any(isinstance(n, int) and n > most for n in (value if isinstance(value, tuple) else (value,))):
            raise ValueError(f"{name} is {str(value)[:40]}, and no tensor is so large")
    with torch.device("meta"):
        wanted = {name: value.shape for name, value in build().state_dict().items()}
    if wanted != {name: value.shape for name, value in tensors.items()}:
        raise ValueError("its tensors are not those of the network that it describes")


def _told(
    kind: str, about: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, str]]:
    named = {name: tensors[name].contiguous() for name in sorted(tensors)}
    return named, {"about": json.dumps({"format": kind, **about}, sort_keys=True)}
