"""Records that are packed and unpacked quickly when they are sent from one worker to another."""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")


def quick(record_type: type[T]) -> type[T]:
    """Return a frozen dataclass with slots, whose records are packed and unpacked in half the time.

    Python's own way asks each record anew which fields its class has. A clip with its words holds seventy
    records, and is sent ten times on its way through the steps that see the whole collection. What is sent
    stays the same: the values, field after field.
    """
    names = [field.name for field in fields(record_type)]  # pyright: ignore[reportArgumentType]
    values = attrgetter(*names)
    put: list[Callable[[Any, Any], None]] = [getattr(record_type, name).__set__ for name in names]
    single = len(names) == 1

    def get_state(record: T) -> tuple[Any, ...]:
        return (values(record),) if single else values(record)

    def set_state(record: T, state: tuple[Any, ...]) -> None:
        for put_value, value in zip(put, state, strict=True):
            put_value(record, value)

    record_type.__getstate__ = get_state  # pyright: ignore[reportAttributeAccessIssue]
    record_type.__setstate__ = set_state  # pyright: ignore[reportAttributeAccessIssue]
    return record_type
