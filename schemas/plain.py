"""Records as plain values (what JSON holds) and back, by the types that the dataclasses declare."""

import dataclasses
import types
import typing
from collections.abc import Sequence
from typing import Any, get_args, get_origin


def to_plain(value: Any) -> Any:
    """Return a record, or tuples of records, as dicts, lists, numbers and strings."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        items = typing.cast(Sequence[Any], value)
        return [to_plain(item) for item in items]
    return value


def from_plain(annotation: Any, value: Any) -> Any:
    """Return the record of a declared type that `to_plain` made plain.

    Raises:
        TypeError, KeyError, ValueError: if the value does not fit the type.
    """
    annotation = strip_none(annotation)[0]
    if value is None:
        return None
    if dataclasses.is_dataclass(annotation):
        hints = typing.get_type_hints(annotation)
        made = {name: from_plain(hints[name], item) for name, item in value.items()}
        return typing.cast(type, annotation)(**made)
    if get_origin(annotation) is list:
        return [from_plain(get_args(annotation)[0], item) for item in value]
    if get_origin(annotation) is tuple:
        kinds = get_args(annotation)
        kinds = kinds[:1] * len(value) if kinds[-1] is Ellipsis else kinds
        return tuple(from_plain(kind, item) for item, kind in zip(value, kinds, strict=True))
    return value


def strip_none(annotation: Any) -> tuple[Any, bool]:
    """Return a type without `| None`, and whether None was allowed.

    Raises:
        TypeError: for any other union.
    """
    if get_origin(annotation) in (typing.Union, types.UnionType):
        members = [a for a in get_args(annotation) if a is not type(None)]
        if len(members) != 1:
            raise TypeError(f"unions other than 'X | None' have no column type: {annotation}")
        return members[0], True
    return annotation, False
