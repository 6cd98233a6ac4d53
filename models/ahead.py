"""Work that goes on in a thread while what it made is used."""

import threading
from collections.abc import Iterable, Iterator
from queue import Queue
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T], number: int = 1) -> Iterator[T]:
    """Yield items that a thread takes meanwhile from where they come from, at most `number` ahead.

    What goes wrong there is raised here, after the items before it. Who stops taking ends the thread.
    """
    made: Queue[tuple[list[T], BaseException | None, bool]] = Queue(number)
    stopped = threading.Event()

    def work() -> None:
        wrong: BaseException | None = None
        try:
            for item in items:
                made.put(([item], None, False))
                if stopped.is_set():
                    return
        except BaseException as error:  # raised where it is waited for
            wrong = error
        made.put(([], wrong, True))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            found, wrong, is_last = made.get()
            if wrong is not None:
                raise wrong
            if is_last:
                return
            yield from found
    finally:
        stopped.set()
        while thread.is_alive():  # it may wait for a place
            while not made.empty():
                made.get_nowait()
            thread.join(0.01)
