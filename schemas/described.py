"""What a column says and in which unit, taken from the records themselves: their docstrings and names."""

import functools
import inspect
import re

# Units by the words that names end with (docs/architecture.md: suffixes carry units).
UNITS = {
    "seconds": "s",
    "px": "px",
    "hz": "Hz",
    "fps": "1/s",
    "db": "dB",
    "dbfs": "dBFS",
    "lufs": "LUFS",
    "degrees": "degree",
    "frame": "frame",
    "frames": "frame",
    "bytes": "byte",
    **dict.fromkeys(("ratio", "share", "probability", "confidence", "rate"), "1"),
}
_ENDS = ("low", "high")


def unit_of(name: str) -> str | None:
    """Return the unit that a field's name carries: counts and shares have 1, names and scores none."""
    words = name.split("_")
    if words[0] == "num":
        return "1"
    if len(words) > 1 and words[-1] in _ENDS:
        words = words[:-1]
    return UNITS.get(words[-1])


@functools.cache
def _sentences(record_type: type) -> tuple[str, ...]:
    text = " ".join(inspect.cleandoc(record_type.__doc__ or "").split())
    return tuple(re.split(r"(?<=[.;])\s+(?=[A-Z`])", text))


def description_of(record_type: type, name: str) -> str:
    """Return what a record's docstring says of a field, else its name in words and the record's summary."""
    sentences = _sentences(record_type)
    named = [sentence for sentence in sentences if re.search(rf"`{re.escape(name)}`", sentence)]
    if named:
        return " ".join(named)
    return f"{name.replace('_', ' ')}. {sentences[0]}"


def field_metadata(record_type: type, name: str) -> dict[bytes, bytes]:
    """Return the metadata of a field's column."""
    found = {"description": description_of(record_type, name)}
    unit = unit_of(name)
    if unit is not None:
        found["unit"] = unit
    return {key.encode(): value.encode() for key, value in found.items()}
