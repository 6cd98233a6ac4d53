"""Which fields of a record may leave this machine.

What names a place on a machine (`Source.uri`) is worth nothing on another and differs between runs of the
same data, so no table and no sample holds it.
"""

import dataclasses
import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_KEY = "unpublished"


def private(instead: Any, default: Any = dataclasses.MISSING) -> Any:
    """Declare a field of a record that is not published; read back from a table it is `instead`.

    That is no default: unless there is one, whoever makes a record must give the field.
    """
    return dataclasses.field(default=default, metadata={_KEY: instead})


def is_published(field: dataclasses.Field[Any]) -> bool:
    """Return whether tables and samples hold a field of a record."""
    return _KEY not in field.metadata


@functools.cache
def private_values(record_type: type) -> Mapping[str, Any]:
    """Return what stands in for the fields that are not published when a record comes back without them."""
    fields = dataclasses.fields(record_type)
    return MappingProxyType({f.name: f.metadata[_KEY] for f in fields if not is_published(f)})
