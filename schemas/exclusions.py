"""What must not be read any more: the clips of withdrawn or erased sources, by a hash of their keys.

Results do not change, so the last one holds such clips until the next takes its place, and copies hold them
for good. The list lies beside the results and beside copies (`schemas.layout.EXCLUSIONS`); whoever reads
shards leaves out what it names. It holds no keys: what is kept of a withdrawn clip must not name it.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import cast

from schemas.ids import ID_HEX_DIGITS
from schemas.outcomes import BadInputError
from schemas.sample import to_json_bytes

_FIELD = "excluded_clips"
_HASH = re.compile(f"[0-9a-f]{{{ID_HEX_DIGITS}}}")


def veiled_key(key: str) -> str:
    """Return what stands for a sample's key in the list."""
    return hashlib.sha256(f"excluded:{key}".encode()).hexdigest()[:ID_HEX_DIGITS]


def exclusions_to_json(veiled: Iterable[str]) -> bytes:
    """Return the file that lists veiled keys."""
    return to_json_bytes({_FIELD: sorted(set(veiled))})


def exclusions_of_json(data: bytes, where: str) -> frozenset[str]:
    """Return the veiled keys of a file.

    Args:
        where: the file's name, for the error.

    Raises:
        BadInputError: if it is no such list; it is never taken for an empty one.
    """
    try:
        found: object = json.loads(data)[_FIELD]
        if isinstance(found, list):
            listed = cast(list[object], found)
            if all(isinstance(item, str) and _HASH.fullmatch(item) for item in listed):
                return frozenset(map(str, listed))
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise BadInputError(
        f"{where}: not a list of excluded clips; restore it, for without it withdrawn clips would be read"
    )
