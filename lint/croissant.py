"""Rules on croissant.json: it tells of the files that are there, each by its hash."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lint.rules import Found, Rule
from schemas.layout import CROISSANT_JSON, INDEX, SHARDS, TABLES

FileHashes = Mapping[str, tuple[str, int]]
_SIZE_UNIT = " B"


@dataclass(frozen=True, kw_only=True, slots=True)
class CroissantFacts:
    """The hash and the size of each file by its path: as croissant.json tells them, and as found.

    `told` is None where croissant.json is missing or damaged.
    """

    told: FileHashes | None
    found: FileHashes


def is_told(path: str) -> bool:
    """Return whether croissant.json tells of a file of a result."""
    room, _, name = path.partition("/")
    return room in (SHARDS, INDEX, TABLES) and name.endswith(".tar" if room == SHARDS else ".parquet")


def told_files(data: bytes | None) -> FileHashes | None:
    """Return the hash and the size of each file that croissant.json tells of; None if it is damaged."""
    try:
        said = json.loads(data or b"null")
        files = [entry for entry in said["distribution"] if entry["@type"] == "cr:FileObject"]
        return {
            str(f["contentUrl"]): (str(f["sha256"]), int(f["contentSize"].removesuffix(_SIZE_UNIT)))
            for f in files
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _croissant_json(facts: CroissantFacts) -> Iterator[Found]:
    if facts.told is None:
        yield CROISSANT_JSON, "", "is not there, or tells of no files"


def _file_hash(facts: CroissantFacts) -> Iterator[Found]:
    told = facts.told
    if told is None:
        return
    for path in sorted(told.keys() | facts.found.keys()):
        if path not in told:
            yield path[:200], "", f"{CROISSANT_JSON} does not tell of it"
        elif path not in facts.found:
            yield path[:200], "", f"{CROISSANT_JSON} tells of it, and it is not there"
        elif told[path] != facts.found[path]:
            yield path[:200], "", f"is not the file that {CROISSANT_JSON} tells of: its hash is another"


RULES: tuple[Rule, ...] = (
    Rule(code="croissant-json", means="croissant.json is missing or damaged", advice="package again",
         check=_croissant_json),
    Rule(
        code="file-hash",
        means="a shard, an index or a table is not the file whose hash croissant.json tells",
        advice="somebody changed it after the run: do not trust it; package again",
        check=_file_hash,
    ),
)  # fmt: skip
