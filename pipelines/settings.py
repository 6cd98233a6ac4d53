"""Settings from plain values: types, bounds and names are checked by pydantic, as the dataclasses say them.

The dataclasses stay those of the standard library, so that steps know nothing of pydantic; their types say
what a number may be (`schemas.bounds`). What holds for every setting is said here once: names are known,
numbers are numbers and finite and, where nothing else is said, not negative, and no minimum is above its
maximum.
"""

import dataclasses
import difflib
import functools
import json
import typing
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ErrorDetails, SchemaValidator

from schemas.outcomes import BadInputError

T = TypeVar("T")
_LARGEST = 2**63 - 1  # what tables and native code hold
_MOST_ERRORS = 5


def settings_of(kind: type[T], plain: Any, place: str = "") -> T:
    """Return a dataclass of settings made of plain values, as YAML and JSON hold them.

    Args:
        place: the name of the section in messages, "" for the whole configuration.

    Raises:
        BadInputError: naming each key that is unknown or whose value cannot be.
    """
    try:
        # As JSON, where a list is a tuple and nothing else is taken for something that it is not.
        made = _validator(kind).validate_json(json.dumps(plain, default=str))
    except ValidationError as error:
        found = [_told(kind, details, place) for details in error.errors(include_url=False)]
        more = f"; and {len(found) - _MOST_ERRORS} more" if len(found) > _MOST_ERRORS else ""
        raise BadInputError("; ".join(found[:_MOST_ERRORS]) + more) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInputError(f"{place or 'the settings'}: not plain values ({error})") from error
    for section, low, high in _crossed(made, place):
        raise BadInputError(f"{section}: {low[0]} = {low[1]:g} is above {high[0]} = {high[1]:g}")
    return made


def json_schema(kind: type) -> dict[str, Any]:
    """Return the JSON Schema of a dataclass of settings, with the bounds of each."""
    return GenerateJsonSchema().generate(_core_schema(kind))


@functools.cache
def _core_schema(kind: type) -> Any:
    return _for_settings(TypeAdapter(kind).core_schema)


@functools.cache
def _validator(kind: type) -> SchemaValidator:
    return SchemaValidator(_core_schema(kind))


def _for_settings(schema: Any) -> Any:
    """Return pydantic's schema of a type with what holds for every setting."""
    if isinstance(schema, list | tuple):
        return [_for_settings(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: value if key in ("default", "metadata") else _for_settings(value)
        for key, value in schema.items()
    }
    match schema.get("type"):
        case "int":
            made = {"le": _LARGEST, **made, "strict": True}
        case "float":
            made |= {"allow_inf_nan": False, "strict": True}
        case "str" | "bool" | "date":
            made["strict"] = True
        case "dataclass":
            made["config"] = {**schema.get("config", {}), "extra_fields_behavior": "forbid"}
    if schema.get("type") in ("int", "float") and not {"ge", "gt"} & set(schema):
        made["ge"] = 0
    return made


def _told(kind: type, error: ErrorDetails, place: str) -> str:
    """Return what is wrong with one key, on one line."""
    where = [str(part) for part in error["loc"]]
    key = ".".join([*filter(None, [place]), *where]) or "the settings"
    if error["type"] == "unexpected_keyword_argument":
        return f"{key}: no such setting{_suggestion(kind, where, place)}"
    if error["type"] == "missing":
        return f"{key}: must be given"
    if error["type"] == "value_error":
        return str(error.get("ctx", {}).get("error", error["msg"]))
    if error["type"] in ("dataclass_type", "dataclass_exact_type"):
        return f"{key}: is a section with settings, not {_shown(error['input'])}"
    said = error["msg"].removeprefix("Input should be ")
    return f"{key}: should be {said}, not {_shown(error['input'])}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _suggestion(kind: type, where: list[str], place: str) -> str:
    """Return "; did you mean ...?" for a key that is unknown: a like name beside it or elsewhere."""
    *above, name = where
    everything = [([*filter(None, [place]), *path], field) for path, field in _names(kind)]
    beside = [field for path, field in _names(kind) if path == above]
    near = difflib.get_close_matches(name, beside, n=3, cutoff=0.6)
    if not near:
        elsewhere = {".".join([*path, field]) for path, field in everything if field == name}
        near = sorted(elsewhere)[:2] or difflib.get_close_matches(name, {f for _, f in everything}, n=1)
    return f"; did you mean {' or '.join(near)}?" if near else f"; there are {', '.join(sorted(beside))}"


def _names(kind: type, above: tuple[str, ...] = ()) -> Iterator[tuple[list[str], str]]:
    """Yield each setting of a dataclass and of those within it: where it is and its name."""
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        yield list(above), field.name
        inner = hints[field.name]
        if dataclasses.is_dataclass(inner) and isinstance(inner, type):
            yield from _names(inner, (*above, field.name))


def _crossed(section: Any, place: str) -> Iterator[tuple[str, tuple[str, float], tuple[str, float]]]:
    """Yield where a minimum lies above its maximum: `min_x` and `max_x`, `x_min_y` and `x_max_y`."""
    if isinstance(section, tuple):
        for number, item in enumerate(section):
            yield from _crossed(item, f"{place}.{number}")
    if not dataclasses.is_dataclass(section):
        return
    values = {f.name: getattr(section, f.name) for f in dataclasses.fields(section)}
    for name, low in values.items():
        other = "_".join("max" if w == "min" else "maximum" if w == "minimum" else w for w in name.split("_"))
        high = values.get(other)
        if other != name and low is not None and high is not None and low > high:
            yield place, (name, low), (other, high)
    for name, value in values.items():
        yield from _crossed(value, ".".join(filter(None, [place, name])))
