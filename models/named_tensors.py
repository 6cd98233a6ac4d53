"""Tensors of several things in one file: each thing's names begin with its own."""

from collections.abc import Mapping

from torch import Tensor


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with a prefix, by what follows it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
