"""Reading a file of settings: YAML that says each thing once, and no more than settings need."""

from pathlib import Path
from typing import Any

import yaml

from schemas.outcomes import BadInputError

_MAX_BYTES = 1 << 20
# All settings of all sections are some three hundred.
_MAX_VALUES = 100_000
_MAX_DEPTH = 20


# What PyYAML raises: beside its own, whatever its constructors meet where a tag (`!!int`) lies.
_FAULTS = (
    *(yaml.YAMLError, RecursionError, ValueError, TypeError),
    *(LookupError, AttributeError, ArithmeticError),
)


class _Loader(yaml.SafeLoader):
    """Plain values alone, as SafeLoader."""

    def sections(self) -> Any:
        """Return what the one document says; None if there is none.

        Aliases (`*name`) repeat what they stand for, so a few lines can be terabytes: that is counted first.
        """
        node = self.get_single_node()
        if node is None:
            return None
        if _allowance_after(node, _MAX_VALUES, _MAX_DEPTH) <= 0:
            raise yaml.YAMLError(f"more than {_MAX_VALUES} values, or sections within sections without end")
        return self.construct_document(node)

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Return a mapping; a key that is given twice is an error."""
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise yaml.YAMLError(f"line {key.start_mark.line + 1}: {key.value} is given twice")
                seen.add(key.value)
        return node


def read_settings_file(path: str, flag: str = "--config") -> dict[str, Any]:
    """Return the sections of a YAML file; {} if it is empty. `flag` names it in errors.

    Raises:
        BadInputError: naming the file and the place in it.
    """
    data = _bytes_of(path, flag)
    try:
        sections = _Loader(data.decode("utf-8")).sections()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInputError(f"{flag} {path}: line {line} is not UTF-8; save the file as UTF-8") from error
    except _FAULTS as error:
        said = " ".join(str(error).split())
        raise BadInputError(f"{flag} {path}: not valid YAML: {said}") from error
    if sections is None:
        return {}
    if not isinstance(sections, dict):
        raise BadInputError(f"{flag} {path}: the top level must be sections with settings")
    return sections


def _bytes_of(path: str, flag: str) -> bytes:
    file = Path(path)
    if not file.is_file():
        raise BadInputError(f"{flag} {path}: {'not a file' if file.exists() else 'no such file'}")
    try:
        with file.open("rb") as handle:
            data = handle.read(_MAX_BYTES + 1)
    except OSError as error:
        raise BadInputError(f"{flag} {path}: cannot be read ({error.strerror})") from error
    if len(data) > _MAX_BYTES:
        raise BadInputError(f"{flag} {path}: larger than {_MAX_BYTES >> 20} MiB; is it a file of settings?")
    return data


def _allowance_after(node: yaml.Node, left: int, depth: int) -> int:
    """Return how many values an allowance has left when a node is read out; 0 or less if it is too large."""
    if depth == 0:
        return 0
    left -= 1
    inner = node.value if isinstance(node, yaml.SequenceNode | yaml.MappingNode) else []
    for item in inner:
        for part in item if isinstance(item, tuple) else (item,):
            if left <= 0:
                return left
            left = _allowance_after(part, left, depth - 1)
    return left
