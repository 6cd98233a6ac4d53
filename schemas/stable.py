"""Records as JSON whose types are the same in every sample, whatever is known of a clip.

Readers that infer types from the first samples (Arrow, Hugging Face datasets) fail on a field that is null in
one shard and a string in the next. So a text that is not known is empty, and a number that is not known is
absent from the list of measures, which all numbers that may be unknown are in, by name.
"""

import dataclasses
import typing
from collections.abc import Sequence
from typing import Any, get_origin

from schemas.plain import hints_of, item_kinds, strip_none
from schemas.published import is_published

_NUMBERS = (int, float, bool)


@dataclasses.dataclass(frozen=True, slots=True)
class StableRecord:
    """A record's published fields as plain values of the same types always, and its numbers by name.

    `fields` lacks the numbers that may be unknown; `measures` are (name, value) of those that are known,
    named by their path ("quality.yaw_degrees"). Whole records that no stage made stay None in `fields`.
    """

    fields: dict[str, Any]
    measures: list[tuple[str, float]]


def to_stable(record: Any) -> StableRecord:
    """Return a dataclass as stable fields and measures.

    Raises:
        TypeError: for a number that may be unknown in a list, whose items have no path of their own: whoever
            publishes such a list says what stands for it.
    """
    measures: list[tuple[str, float]] = []
    return StableRecord(_fields(record, "", measures), measures)


def _fields(record: object, path: str, measures: list[tuple[str, float]] | None) -> dict[str, Any]:
    """Return the fields of a record; None for `measures` says that it is an item of a list."""
    made: dict[str, Any] = {}
    hints = hints_of(type(record))
    for field in dataclasses.fields(typing.cast(Any, record)):
        if not is_published(field):
            continue
        kind, optional = strip_none(hints[field.name])
        value = getattr(record, field.name)
        if optional and kind in _NUMBERS:
            _measure(f"{path}{field.name}", value, measures)
        else:
            made[field.name] = _value(kind, value, f"{path}{field.name}.", measures)
    return made


def _measure(name: str, value: float | None, measures: list[tuple[str, float]] | None) -> None:
    if measures is None:
        raise TypeError(f"{name}: a number that may be unknown, in a list")
    if value is not None:
        measures.append((name, float(value)))


def _value(kind: Any, value: Any, path: str, measures: list[tuple[str, float]] | None) -> Any:
    if kind is str:
        return "" if value is None else value
    if value is None:
        return None
    if dataclasses.is_dataclass(value):
        return _fields(value, path, measures)
    if get_origin(kind) in (tuple, list):
        items = typing.cast(Sequence[Any], value)
        kinds = item_kinds(kind, len(items))
        return [_value(kind, item, path, None) for kind, item in zip(kinds, items, strict=True)]
    return value
