"""Clips that must not be read any more, looked up where the lists of them lie."""

import time
from collections.abc import Iterable

from media.source import is_remote, local_path
from models.data.places import base_name, beside, parent, read_if_there
from schemas.exclusions import exclusions_of_json, veiled_key
from schemas.layout import EXCLUSIONS, RESULTS
from schemas.outcomes import BadInputError

_LOOK_AGAIN_SECONDS = 10.0


class Exclusions:
    """The veiled keys that lists beside some shards name: beside `shards/`, and in the run folder above.

    They are looked up again while reading, so that a training that runs for days learns of a withdrawal: on
    this machine whenever a list has changed, elsewhere every ten seconds.
    """

    def __init__(self, shards: Iterable[str]) -> None:
        self._lists = sorted({place for shard in shards for place in _lists_of(shard)})
        self._looked = 0.0
        self._states: list[tuple[int, int, int] | None] = []
        self.veiled: frozenset[str] = frozenset()
        self._look()

    def forbids(self, key: str) -> bool:
        """Return whether a sample must not be read.

        Raises:
            BadInputError: if a list cannot be read.
        """
        if time.monotonic() - self._looked > _LOOK_AGAIN_SECONDS or self._states != self._local_states():
            self._look()
        return bool(self.veiled) and veiled_key(key) in self.veiled

    def _local_states(self) -> list[tuple[int, int, int] | None]:
        return [_state(place) for place in self._lists if not is_remote(place)]

    def _look(self) -> None:
        self._states = self._local_states()
        self.veiled = frozenset[str]().union(*map(_read, self._lists))
        self._looked = time.monotonic()


def _lists_of(shard: str) -> list[str]:
    above = parent(parent(shard))
    folders = [parent(shard), above]
    if base_name(parent(above)) == RESULTS:
        folders.append(parent(parent(above)))
    return [beside(folder, EXCLUSIONS) for folder in folders]


def _state(place: str) -> tuple[int, int, int] | None:
    """Return what differs between a list and one that took its place; None without one."""
    try:
        status = local_path(place).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read(place: str) -> frozenset[str]:
    try:
        data = read_if_there(place)
    except OSError as error:
        raise BadInputError(
            f"{place}: cannot be read ({error}), so that excluded clips are not known"
        ) from error
    return frozenset() if data is None else exclusions_of_json(data, place)
