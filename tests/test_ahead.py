"""Work that goes on in a thread."""

import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from models.ahead import ahead


def test_items_come_in_order_and_are_made_meanwhile() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(4):
            made.append(number)
            yield number

    taken = ahead(items())
    assert next(taken) == 0
    until = time.monotonic() + 5
    while len(made) < 3 and time.monotonic() < until:  # one waits to be taken, one for its place
        time.sleep(0.01)
    assert made == [0, 1, 2]
    assert list(taken) == [1, 2, 3] and list(ahead([])) == []


def test_what_goes_wrong_is_raised_after_what_was_made() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    taken = ahead(items(), 3)
    assert next(taken) == 1
    with pytest.raises(ValueError, match="no more"):
        next(taken)


def test_who_stops_taking_ends_the_thread() -> None:
    before = threading.active_count()
    taken = ahead(itertools.count())
    assert next(taken) == 0 and threading.active_count() == before + 1
    taken.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
