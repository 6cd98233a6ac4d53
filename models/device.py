"""Where a model runs: on a graphics card if there is one."""

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

B = TypeVar("B")


def best_device() -> torch.device:
    """Return the first graphics card that PyTorch can use, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def moved(batch: B, device: torch.device) -> B:
    """Return a batch whose tensors are on a device; what is no dataclass stays as it is."""
    if not is_dataclass(batch) or isinstance(batch, type):
        return batch
    found: dict[str, Any] = {field.name: getattr(batch, field.name) for field in fields(batch)}
    tensors = {
        name: value.to(device) if isinstance(value, Tensor) else moved(value, device)
        for name, value in found.items()
        if isinstance(value, Tensor) or is_dataclass(value)
    }
    return replace(batch, **tensors)
