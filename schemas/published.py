"""Which fields of a record may leave this machine.

What names a place on a machine (`Source.uri`) is worth nothing on another and differs between runs of the
same data, so no table and no sample holds it.
"""

import dataclasses
from typing import Any, cast

_KEY = "unpublished"


def private(instead: Any) -> Any:
    """Declare a field of a record that is not published; read back from a table it is `instead`.

    It is no default: whoever makes a record must still give the field.
    """
    return dataclasses.field(metadata={_KEY: instead})


def is_published(field: dataclasses.Field[Any]) -> bool:
    """Return whether tables and samples hold a field of a record."""
    return _KEY not in field.metadata


def substitute(field: dataclasses.Field[Any]) -> Any:
    """Return what a field that is not published is when its record comes back from a table."""
    return field.metadata[_KEY]


def published(value: Any) -> Any:
    """Return a record as plain values, as `dataclasses.asdict` does, without what is private in it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {f.name: published(getattr(value, f.name)) for f in fields if is_published(f)}
    if isinstance(value, tuple):
        return [published(item) for item in cast(tuple[Any, ...], value)]
    return value
