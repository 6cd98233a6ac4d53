"""Artefacts: what a visit made of an element, named by all that made it, immutable and written whole.

    OUT/artefacts/ab/{owner}/{stage}-{artefact_id}/record.json   records, costs, the parts and their sizes
                                                  /{part}        sound, pictures, arrays
    OUT/biometric/ab/{owner}/{stage}-{artefact_id}/face.npz      parts from which people can be recognised

`owner` is the video, or for what is known before a file's content the source. The record names the parts and
is written after them, so an artefact without it does not count, on any filesystem. Locally the whole folder
appears by one rename.
"""

import hashlib
import json
import re
import shutil
import uuid
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from media.source import is_remote, local_path
from schemas.ids import ID_HEX_DIGITS
from schemas.layout import ARTEFACTS, BIOMETRIC, UNFINISHED, WORK
from schemas.parts import PRIVATE_PARTS
from schemas.records.video import Artefact
from schemas.sample import to_json_bytes
from transforms.storage import (
    delete_tree,
    join,
    list_files,
    list_folder,
    read_bytes,
    read_if_there,
    sizes_of,
    write_bytes,
)

RECORD = "record.json"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


def artefact_id(recipe: str, inputs: list[str]) -> str:
    """Return the name of what a recipe makes of its inputs."""
    return hashlib.sha256(json.dumps([recipe, *inputs]).encode()).hexdigest()[:ID_HEX_DIGITS]


@dataclass(frozen=True, slots=True)
class ArtefactStore:
    """The artefacts of a run folder; safe to use from many processes at once."""

    root: str

    def owner_folder(self, owner: str, room: str = ARTEFACTS) -> str:
        """Return the folder of all that was made of an owner."""
        return join(self.root, room, owner[:2], owner)

    def part_path(self, owner: str, artefact: Artefact, part: str) -> str:
        """Return where a part of an artefact is."""
        room = BIOMETRIC if part in PRIVATE_PARTS else ARTEFACTS
        return join(self._folder(owner, artefact, room), part)

    def _folder(self, owner: str, artefact: Artefact, room: str = ARTEFACTS) -> str:
        return join(self.owner_folder(owner, room), f"{artefact.stage}-{artefact.artefact_id}")

    def find(self, owner: str, artefact: Artefact) -> dict[str, Any] | None:
        """Return the record of an artefact, None unless it is there with all its parts."""
        data = read_if_there(join(self._folder(owner, artefact), RECORD))
        if data is None:
            return None
        try:
            record = json.loads(data)
            wanted = {self.part_path(owner, artefact, p): size for p, size in record["parts"].items()}
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            return None  # a torn file: it is made again
        return record if sizes_of(list(wanted)) == wanted else None

    def write(
        self, owner: str, artefact: Artefact, record: Mapping[str, Any], parts: Mapping[str, bytes]
    ) -> None:
        """Write an artefact whole or not at all.

        Args:
            record: plain values; gets the sizes of the parts as `parts`.

        Raises:
            OSError: if it cannot be written.
        """
        whole = {**record, "parts": {name: len(data) for name, data in sorted(parts.items())}}
        described = to_json_bytes(whole)
        private = {name: data for name, data in parts.items() if name in PRIVATE_PARTS}
        public = {name: data for name, data in parts.items() if name not in PRIVATE_PARTS}
        # The folder with the record comes last: before it nothing counts.
        for room, files in ((BIOMETRIC, private), (ARTEFACTS, {**public, RECORD: described})):
            folder = self._folder(owner, artefact, room)
            if not files:
                continue
            if is_remote(self.root):
                for name, data in files.items():
                    write_bytes(join(folder, name), data)
            else:
                self._write_folder(folder, files)

    def shrink(
        self, owner: str, artefact: Artefact, record: Mapping[str, Any], changed: Mapping[str, bytes]
    ) -> None:
        """Take parts out of an artefact, and what its record tells of them; for what is erased alone.

        Whole at every moment: parts of the same size take the old ones' place, then the record, and what it
        no longer names goes last.

        Args:
            record: as `find` returned it, with the sizes of the parts that stay as `parts`.
        """
        folder = self._folder(owner, artefact)
        for name, data in changed.items():
            write_bytes(join(folder, name), data)
        described = to_json_bytes(dict(record))
        if described != read_if_there(join(folder, RECORD)):
            write_bytes(join(folder, RECORD), described)
        named = {self.part_path(owner, artefact, part) for part in record["parts"]}
        for room in (ARTEFACTS, BIOMETRIC):
            for path, _ in list(list_files(self._folder(owner, artefact, room))):
                if path not in named and not path.endswith(f"/{RECORD}"):
                    delete_tree(path)

    def forget_others(self, owner: str, kept: Container[Artefact]) -> int:
        """Delete all artefacts of an owner but some; returns how many bytes went."""
        others = [a for a in self.artefacts_of(owner) if a not in kept]
        rooms = (ARTEFACTS, BIOMETRIC)
        return sum(delete_tree(self._folder(owner, a, room)) for a in others for room in rooms)

    def _write_folder(self, target: str, files: Mapping[str, bytes]) -> None:
        scratch = local_path(join(self.root, WORK, UNFINISHED, uuid.uuid4().hex))
        try:
            scratch.mkdir(parents=True)
            for name, data in files.items():
                (scratch / name).write_bytes(data)
            place = local_path(target)
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists():  # half of an artefact, which `find` did not count
                shutil.rmtree(place)
            scratch.rename(place)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def read(self, owner: str, artefact: Artefact, part: str) -> bytes:
        """Return a part.

        Raises:
            OSError: if it is not there or cannot be read.
        """
        return read_bytes(self.part_path(owner, artefact, part))

    def artefacts_of(self, owner: str) -> list[Artefact]:
        """Return all artefacts of an owner, whole or not."""
        names = [name.rpartition("-") for name in list_folder(self.owner_folder(owner))]
        return [Artefact(stage=stage, artefact_id=digest) for stage, _, digest in names if stage]

    def records_of(self, owner: str, stage: str) -> list[dict[str, Any]]:
        """Return the records of all that a stage ever made of an owner, with their parts or without."""
        found: list[dict[str, Any]] = []
        for artefact in self.artefacts_of(owner):
            data = read_if_there(join(self._folder(owner, artefact), RECORD))
            if artefact.stage == stage and data is not None:
                try:
                    found.append(json.loads(data))
                except (ValueError, RecursionError):
                    continue
        return found

    def probed(self) -> Iterator[tuple[str, int]]:
        """Yield the id and the size in bytes of every video that a probe ever found."""
        yield from ((video_id, size) for _, video_id, size in self.probes())

    def probes(self) -> Iterator[tuple[str, str, int]]:
        """Yield owner, id and size in bytes of every video that a probe ever found at a place."""
        root = join(self.root, ARTEFACTS)
        if is_remote(self.root):
            owners = {path.removeprefix(root).strip("/").split("/")[1] for path, _ in list_files(root)}
        else:
            owners = {o for shelf in list_folder(root) for o in list_folder(join(root, shelf))}
        for owner in sorted(owners):
            for record in self.records_of(owner, "probe"):
                for video in record.get("videos", ()):
                    yield owner, video["video_id"], video["size_bytes"]

    def forget(self, owner: str) -> int:
        """Delete all that was made of an owner; returns how many bytes went."""
        return sum(delete_tree(self.owner_folder(owner, room)) for room in (ARTEFACTS, BIOMETRIC))


def artefact_of(artefacts: tuple[Artefact, ...], stage: str) -> Artefact | None:
    """Return what a stage made of an element, None if nothing."""
    return next((a for a in reversed(artefacts) if a.stage == stage), None)


@dataclass(frozen=True, slots=True)
class ElementParts:
    """The parts that earlier stages made of one element (a `schemas.parts.PartReader`)."""

    store: ArtefactStore
    owner: str
    artefacts: tuple[Artefact, ...]

    def read(self, stage: str, part: str) -> bytes:
        """Return a part's bytes.

        Raises:
            OSError: if it cannot be read.
        """
        return read_bytes(self.uri(stage, part))

    def uri(self, stage: str, part: str) -> str:
        """Return where a part can be opened, which is inside the run's folder whatever a table says.

        Raises:
            FileNotFoundError: if the stage made nothing of the element, or a name or link leads elsewhere.
        """
        artefact = artefact_of(self.artefacts, stage)
        if artefact is None:
            raise FileNotFoundError(f"{self.owner}: {stage} made no {part}")
        if not all(map(_NAME.fullmatch, (self.owner, artefact.stage, artefact.artefact_id, part))):
            raise FileNotFoundError(f"{self.owner[:100]!r}: not a name that {stage} gives")
        path = self.store.part_path(self.owner, artefact, part)
        if not is_remote(path):
            room = local_path(path).parents[3]
            if not local_path(path).resolve().is_relative_to(room.resolve()):
                raise FileNotFoundError(f"{path}: leads out of the run's folder")
        return path
