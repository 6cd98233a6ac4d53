"""Work that goes on in a thread while what it made is used."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T], number: int = 1) -> Iterator[T]:
    """Yield items that a thread takes meanwhile from where they come from: `number` ahead, and the next one.

    What goes wrong there is raised here, after the items before it. Who stops taking ends the thread.
    """
    iterator, end = iter(items), object()
    thread = ThreadPoolExecutor(1)
    try:
        coming: deque[Any] = deque(thread.submit(next, iterator, end) for _ in range(number + 1))
        while (item := coming.popleft().result()) is not end:
            coming.append(thread.submit(next, iterator, end))
            yield item
    finally:
        thread.shutdown(cancel_futures=True)
