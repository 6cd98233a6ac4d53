"""Frames of one video in several threads, for code that lets others run: of cv2, of numba without the GIL."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
_THREADS = 8


def in_threads(function: Callable[..., T], *values: Iterable[Any]) -> list[T]:
    """Return what `map` gives of values, several at once.

    For programs that make one video; where each core has a process of its own, one by one.
    """
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as threads:
        return list(threads.map(function, *values))
