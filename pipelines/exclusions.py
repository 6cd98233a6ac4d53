"""The list of clips that loaders leave out: the last result may hold what was withdrawn meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.results import Result
from schemas.exclusions import exclusions_of_json, exclusions_to_json, veiled_key
from transforms.storage import read_if_there, write_bytes


@dataclass(frozen=True, slots=True)
class ExclusionList:
    """The list of a run folder, in its file; a missing one is empty."""

    path: str

    def read(self) -> frozenset[str]:
        """Return the veiled keys.

        Raises:
            BadInputError: if the file is no such list.
        """
        data = read_if_there(self.path)
        return frozenset() if data is None else exclusions_of_json(data, self.path)

    def add(self, clip_ids: Iterable[str]) -> None:
        """Let loaders leave out clips from now on, in results and copies that hold them."""
        known = self.read()
        self._write(known | set(map(veiled_key, clip_ids)), known)

    def admit(self, result: Result) -> None:
        """Let loaders read what a new current result holds: its sources were granted again."""
        known = self.read()
        index = result.shard_index() if known else None
        if index is not None:
            self._write(known - set(map(veiled_key, index["key"].to_pylist())), known)

    def _write(self, veiled: frozenset[str], known: frozenset[str]) -> None:
        if veiled != known:
            write_bytes(self.path, exclusions_to_json(veiled))
