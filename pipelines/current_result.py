"""Which result of a run folder is the current one.

On this machine a link says it, elsewhere an object; either is exchanged at once.
"""

import uuid
from pathlib import Path

from media.source import is_remote, local_path
from schemas.layout import CURRENT, CURRENT_OBJECT, PUBLISHED, RESULTS, named_result
from schemas.sample import to_json_bytes
from transforms.storage import TEMPORARY, join, read_if_there, write_bytes


def current_name(root: str) -> str | None:
    """Return the name of the current result; None if there is none."""
    if is_remote(root):
        data = read_if_there(join(root, CURRENT_OBJECT))
        return None if data is None else named_result(data)
    link = local_path(join(root, CURRENT))
    return link.readlink().name if link.is_symlink() else None


def make_current(root: str, name: str) -> None:
    """Make a result the current one."""
    if is_remote(root):
        write_bytes(join(root, CURRENT_OBJECT), to_json_bytes({"result": name}))
        return
    for published in PUBLISHED:
        _link(local_path(join(root, published)), f"{CURRENT}/{published}")
    _link(local_path(join(root, CURRENT)), f"{RESULTS}/{name}")


def _link(place: Path, target: str) -> None:
    """Let a link point somewhere else, at once."""
    if place.is_symlink() and str(place.readlink()) == target:
        return
    scratch = place.with_name(f"{place.name}.{uuid.uuid4().hex}{TEMPORARY}")
    scratch.symlink_to(target)
    scratch.replace(place)
