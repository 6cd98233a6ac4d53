"""Where two plain values differ, by path."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MAX_SHOWN = 60
OTHER_FIELDS = ("is missing", "should not be there", "is of another type")


def differences(wanted: Any, found: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path of each place where JSON values differ, and how."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for name in sorted(wanted.keys() | found.keys()):
            inner = f"{path}.{name}" if path else str(name)
            if name not in found:
                yield inner, OTHER_FIELDS[0]
            elif name not in wanted:
                yield inner[:200], OTHER_FIELDS[1]
            else:
                yield from differences(wanted[name], found[name], inner)
    elif _is_list(wanted) and _is_list(found):
        if len(wanted) != len(found):
            yield path, f"has {len(found)} items, and the table {len(wanted)}"
            return
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(one, other, f"{path}[{number}]")
    elif _kind(wanted) != _kind(found):
        yield path, OTHER_FIELDS[2]
    elif wanted != found and not (isinstance(wanted, float) and math.isnan(wanted)):
        yield path, f"is {_shown(found)}, and by the table {_shown(wanted)}"


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, int | float) else type(value).__name__


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
