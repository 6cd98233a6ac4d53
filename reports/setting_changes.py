"""Which settings differ between two runs, by their paths."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports import formats

MOST_SETTINGS = 3


def changed_settings(
    one: Mapping[str, Any], other: Mapping[str, Any], paths: Sequence[str] = ()
) -> list[str]:
    """Return the settings below some paths, or all, that differ, as 'path: before -> after'.

    Of a list of named things, as rules are, each is told by its name.
    """
    return [f"{name}: {was} -> {now}" for name, was, now in setting_rows(one, other, paths)]


def setting_rows(
    one: Mapping[str, Any], other: Mapping[str, Any], paths: Sequence[str] = ()
) -> list[tuple[str, str, str]]:
    """Return the settings that `changed_settings` tells: path, before, after."""
    return [
        (name, _value(was), _value(now))
        for path in paths or sorted(one.keys() | other.keys())
        for name, was, now in _differing(_below(one, path), _below(other, path), path)
    ]


def told(settings: Sequence[str], most: int = MOST_SETTINGS) -> str:
    """Return changed settings as words, the first few of them; '' if there are none."""
    more = f" and {len(settings) - most} more" if len(settings) > most else ""
    return f"changed settings: {', '.join(settings[:most])}{more}" if settings else ""


def _value(value: Any) -> str:
    return "not set" if value is None else formats.prose(str(value), 40)


def _below(config: Any, path: str) -> Any:
    for name in path.split("."):
        config = _named(config)
        config = config.get(name) if isinstance(config, Mapping) else None
    return config


def _named(config: Any) -> Any:
    """Return a list of named things as what their names stand for; anything else as it is."""
    if not isinstance(config, Sequence) or isinstance(config, str) or not config:
        return config
    if all(isinstance(item, Mapping) and "name" in item for item in config):
        return {item["name"]: item for item in config}
    return config


def _differing(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the settings that differ: path, before, after."""
    one, other = _named(one), _named(other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted(one.keys() | other.keys()):
            yield from _differing(one.get(name), other.get(name), f"{path}.{name}")
    elif one != other:
        yield path, one, other
