"""Records as plain values (what JSON holds) and back, by the types that the dataclasses declare."""

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from schemas.published import is_published, private_values

_SCALARS = (str, int, float, bool)


def to_plain(value: Any, *, published_only: bool = False) -> Any:
    """Return a record, or tuples of records, as dicts, lists, numbers and strings.

    Args:
        published_only: leave out the fields that may not leave this machine.
    """
    if isinstance(value, _SCALARS):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_plain(getattr(value, field.name), published_only=published_only)
            for field in dataclasses.fields(value)
            if not published_only or is_published(field)
        }
    if isinstance(value, tuple | list):
        items = typing.cast(Sequence[Any], value)
        return [to_plain(item, published_only=published_only) for item in items]
    return value


def from_plain(annotation: Any, value: Any) -> Any:
    """Return the record of a declared type that `to_plain` made plain.

    Private fields that were left out are what they declare instead.

    Raises:
        TypeError, KeyError, ValueError: if the value does not fit the type.
    """
    annotation = strip_none(annotation)[0]
    if value is None:
        return None
    if dataclasses.is_dataclass(annotation):
        record_type = typing.cast(type, annotation)
        hints = hints_of(record_type)
        made = {name: from_plain(hints[name], item) for name, item in value.items()}
        return record_type(**{**private_values(record_type), **made})
    if get_origin(annotation) is list:
        return [from_plain(get_args(annotation)[0], item) for item in value]
    if get_origin(annotation) is tuple:
        kinds = get_args(annotation)
        if kinds[-1] is Ellipsis and kinds[0] in _SCALARS:
            return tuple(value)  # boxes of a face track are thousands of numbers
        kinds = item_kinds(annotation, len(value))
        return tuple(from_plain(kind, item) for item, kind in zip(value, kinds, strict=True))
    return value


def item_kinds(annotation: Any, count: int) -> Sequence[Any]:
    """Return the types that a declared list or tuple gives `count` items."""
    kinds = get_args(annotation)
    return kinds[:1] * count if get_origin(annotation) is list or kinds[-1] is Ellipsis else kinds


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


@functools.cache
def hints_of(record_type: type) -> Mapping[str, Any]:
    """Return the types that a dataclass declares, by field; they are resolved once."""
    return typing.get_type_hints(record_type)
