"""Rules on a shard: its headers, its index beside them, and where Energon is told its samples begin."""

import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lint.folder import SHARD
from lint.rules import Found, Rule
from lint.tables import is_biometric
from schemas.sample import KEY_PATTERN, PARTS

BLOCK_BYTES = 512
# What one part may have: as the loader's limits, far above what clips of a minute have.
MAX_PART_BYTES = {"json": 2**24, "mp4": 2**29, "npz": 2**28, "wav": 2**26}
_WRITER = ("mentor", "mentor", 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A header of a tar file: where it begins, where its content begins and how much that is, whose it is.

    `is_file` is false for links, devices, folders and files with holes.
    """

    name: str
    offset: int
    data_offset: int
    size: int
    is_file: bool
    owner: tuple[str, str, float]

    @property
    def key(self) -> str:
        """The sample's key."""
        return self.name.partition(".")[0]

    @property
    def part(self) -> str:
        """Which part of the sample it is."""
        return self.name.partition(".")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShardFacts:
    """A shard as its headers tell it, without a byte of its contents.

    `fault` says where reading its headers ended, '' at the end of the archive. `tail_offset` is where the
    archive ends with two blocks of zeros, `tail_is_empty` whether nothing but zeros follows. `index` is its
    index, None where that cannot be read, and `index_fault` why. `energon` are the bytes of its `.tar.idx`.
    """

    name: str
    members: Sequence[Member]
    fault: str
    tail_is_empty: bool
    index_schema: pa.Schema | None
    index: Sequence[Mapping[str, Any]]
    index_fault: str
    wanted_schema: pa.Schema
    energon: bytes | None

    @property
    def file(self) -> str:
        """The shard's path in its result."""
        return f"shards/{self.name}.tar"

    @property
    def index_file(self) -> str:
        """Its index's path in its result."""
        return f"index/{self.name}.parquet"

    def samples(self) -> dict[str, dict[str, Member]]:
        """Return the parts by key and name, of what may be a part; the last of a name counts, as in tar."""
        found: dict[str, dict[str, Member]] = {}
        for member in self.members:
            if member.is_file and member.part in PARTS and KEY_PATTERN.fullmatch(member.key):
                found.setdefault(member.key, {})[member.part] = member
        return found


def _unreadable(facts: ShardFacts) -> Iterator[Found]:
    if facts.fault:
        yield facts.file, "", facts.fault


def _member_kind(facts: ShardFacts) -> Iterator[Found]:
    for member in facts.members:
        if not member.is_file:
            yield (
                facts.file,
                member.name[:200],
                "is no plain file: a link, device, folder or file with holes",
            )


def _member_name(facts: ShardFacts) -> Iterator[Found]:
    for member in facts.members:
        named = KEY_PATTERN.fullmatch(member.key) and member.part in PARTS
        if not named and not is_biometric(member.name):
            yield (
                facts.file,
                member.name[:200],
                "is no part of a sample; it may be unpacked elsewhere",
            )


def _biometric_member(facts: ShardFacts) -> Iterator[Found]:
    for member in facts.members:
        if member.part not in PARTS and is_biometric(member.name):
            yield facts.file, member.name[:200], "is called like what people are recognised by"


def _member_owner(facts: ShardFacts) -> Iterator[Found]:
    for member in facts.members:
        if member.owner != _WRITER:
            yield facts.file, member.name[:200], f"has owner, group and time {member.owner!r}"[:200]


def _part_missing(facts: ShardFacts) -> Iterator[Found]:
    for key, parts in facts.samples().items():
        if missing := [part for part in PARTS if part not in parts]:
            yield facts.file, key, f"has no {', '.join(missing)}"


def _part_twice(facts: ShardFacts) -> Iterator[Found]:
    for name, number in Counter(member.name for member in facts.members).items():
        if number > 1:
            yield facts.file, name[:200], f"is there {number} times"


def _part_size(facts: ShardFacts) -> Iterator[Found]:
    for member in facts.members:
        if member.size > MAX_PART_BYTES.get(member.part, 0) and member.part in PARTS:
            yield facts.file, member.name[:200], f"has {member.size} bytes; it was not read"


def _sample_order(facts: ShardFacts) -> Iterator[Found]:
    keys = [member.key for member in facts.members]
    runs = [key for i, key in enumerate(keys) if i == 0 or keys[i - 1] != key]
    for key, number in Counter(runs).items():
        if number > 1:
            yield (
                facts.file,
                key[:200],
                "its parts are not beside each other",
            )
    if runs != sorted(runs) and len(set(runs)) == len(runs):
        yield facts.file, "", "its keys are not in order"


def _tail(facts: ShardFacts) -> Iterator[Found]:
    if not facts.fault and not facts.tail_is_empty:
        yield facts.file, "", "something lies behind the end of the archive"


def _index_unreadable(facts: ShardFacts) -> Iterator[Found]:
    if facts.index_fault:
        yield facts.index_file, "", facts.index_fault


def _index_columns(facts: ShardFacts) -> Iterator[Found]:
    if facts.index_schema is None:
        return
    wanted, there = facts.wanted_schema, facts.index_schema
    for name in sorted(set(wanted.names) | set(there.names)):
        types = [s.field(name).type if name in s.names else None for s in (there, wanted)]
        if types[0] != types[1]:
            yield facts.index_file, name[:100], f"is {types[0] or 'missing'}, not {types[1] or 'there'}"


def _index_keys(facts: ShardFacts) -> Iterator[Found]:
    if facts.index_schema is None or facts.fault:
        return
    listed, there = Counter(row["key"] for row in facts.index), facts.samples()
    for key in sorted(listed.keys() | there.keys()):
        if listed.get(key, 0) != 1 or key not in there:
            says = f"is listed {listed.get(key, 0)} times, and {'' if key in there else 'not '}in the shard"
            yield facts.index_file, key[:100], says


def _index_place(facts: ShardFacts) -> Iterator[Found]:
    there = facts.samples()
    for row in facts.index:
        parts = there.get(row["key"], {})
        for part, member in parts.items():
            if (row[f"{part}_offset"], row[f"{part}_bytes"]) != (member.data_offset, member.size):
                yield (
                    facts.index_file,
                    row["key"],
                    f"{part} is said to lie at {row[f'{part}_offset']} with {row[f'{part}_bytes']} bytes; it "
                    f"lies at {member.data_offset} with {member.size}",
                )
        if parts and row["sample_offset"] != min(member.offset for member in parts.values()):
            yield facts.index_file, row["key"], f"is said to begin at {row['sample_offset']}"


def _shard_split(facts: ShardFacts) -> Iterator[Found]:
    found = SHARD.fullmatch(facts.name)
    for row in facts.index:
        if row["shard"] != f"{facts.name}.tar" or found is None or row["split"] != found["split"]:
            yield facts.index_file, row["key"], f"is said to be of {row['split']!r} in {row['shard']!r}"[:200]


def _energon(facts: ShardFacts) -> Iterator[Found]:
    if facts.fault:
        return
    starts = [min(m.offset for m in parts.values()) for parts in facts.samples().values()]
    ends = [m.data_offset + -(-m.size // BLOCK_BYTES) * BLOCK_BYTES for m in facts.members]
    wanted = [*sorted(starts), max(ends, default=0)]
    if facts.energon != struct.pack(f"<{len(wanted)}Q", *wanted):
        said = "is not there" if facts.energon is None else "names other places than its headers"
        yield f"{facts.file}.idx", "", said


_AGAIN = "package again: the stages' parts are whole, whatever became of the shard"
_HOSTILE = "do not unpack the shard; package again, and find out who changed it"
RULES: tuple[Rule, ...] = (
    Rule(code="shard-unreadable", means="a shard is no whole tar file", advice=_AGAIN, check=_unreadable),
    Rule(code="member-kind", means="a shard holds a link, a device or a folder", advice=_HOSTILE,
         check=_member_kind),
    Rule(code="member-name", means="a shard holds a file that is no part of a sample", advice=_HOSTILE,
         check=_member_name),
    Rule(code="biometric-member", means="a shard holds descriptors of people",
         advice="do not pass the result on; package again, recall copies", check=_biometric_member),
    Rule(code="member-owner", means="a shard names another owner, group or time than Mentor writes",
         advice="it was packed by something else, and may name a user; package again", check=_member_owner),
    Rule(code="part-missing", means="a sample lacks a part", advice=_AGAIN, check=_part_missing),
    Rule(code="part-twice", means="a shard holds two files of one name", advice=_HOSTILE, check=_part_twice),
    Rule(code="part-size", means="a part is larger than any loader of ours reads", advice=_HOSTILE,
         check=_part_size),
    Rule(code="sample-order", means="samples are not whole and in order of their keys", advice=_AGAIN,
         check=_sample_order),
    Rule(code="shard-tail", means="bytes follow behind a shard's end", advice=_HOSTILE, check=_tail),
    Rule(code="index-unreadable", means="an index is damaged", advice=_AGAIN, check=_index_unreadable),
    Rule(code="index-columns", means="an index has other columns than this version's", advice=_AGAIN,
         check=_index_columns),
    Rule(code="index-keys", means="an index and its shard do not hold the same samples", advice=_AGAIN,
         check=_index_keys),
    Rule(code="index-place", means="an index says that a part lies where it does not", advice=_AGAIN,
         check=_index_place),
    Rule(code="shard-split", means="an index names another shard or split than its own", advice=_AGAIN,
         check=_shard_split),
    Rule(code="energon-offsets", means="Megatron-Energon is told wrong places of a shard's samples",
         advice=_AGAIN, check=_energon),
)  # fmt: skip
