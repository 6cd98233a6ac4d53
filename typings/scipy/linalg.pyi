from collections.abc import Callable, Sequence
from typing import Any

import numpy.typing as npt

def get_lapack_funcs(
    names: Sequence[str], arrays: Sequence[npt.NDArray[Any]] = ...
) -> list[Callable[..., Any]]: ...
