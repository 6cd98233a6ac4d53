"""Rules on the folder of a run: its links, its layout, and which files its result has."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lint.rules import Found, Rule
from schemas.exclusions import exclusions_of_json, veiled_key
from schemas.layout import (
    CROISSANT_JSON,
    CURRENT,
    CURRENT_OBJECT,
    EXCLUSIONS,
    INDEX,
    LAYOUT_JSON,
    LAYOUT_VERSION,
    PUBLISHED,
    REPORT,
    RESULTS,
    RUN_JSON,
    SHARDS,
    TABLES,
    is_result_name,
)
from schemas.outcomes import BadInputError
from schemas.tables import TABLES as TABLE_SCHEMAS

SHARD = re.compile(r"(?P<split>[a-z]+)-(?P<number>\d{6})")
_TABLE = re.compile(rf"(?:{'|'.join(TABLE_SCHEMAS)})-\d{{5,}}-of-\d{{5,}}\.parquet")
_PAGES = (
    *("index.html", "bias.html", "cost.html", "datasheet.html", "governance.html"),
    *("statement.en.html", "statement.de.html", "statement.it.html"),
)
_ENERGON = (".info.json", "split.yaml", "dataset.yaml")
_REPORT_ENDINGS = (".html", ".json", ".csv", ".md", ".parquet", ".txt")


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderFacts:
    """What lies where in a run's folder.

    `links` are where `current` and the links beside it lead, None for what is no link; empty on an object
    store. `files` are the sizes in bytes of the result's files by their path in it, `odd` what else lies
    there (links, pipes, devices) and what it is. `drawn` are the keys of clips of which something lies in
    folders of drawings and exports.
    """

    is_local: bool
    result_name: str
    links: Mapping[str, str | None]
    layout: bytes | None
    exclusions: bytes | None
    files: Mapping[str, int]
    odd: Mapping[str, str]
    drawn: Mapping[str, str]


def shard_names(files: Mapping[str, int]) -> list[str]:
    """Return the names of a result's shards, without ending, sorted."""
    inside = [path.removeprefix(f"{SHARDS}/") for path in files if path.startswith(f"{SHARDS}/")]
    return sorted(n.removesuffix(".tar") for n in inside if n.endswith(".tar") and "/" not in n)


def index_names(files: Mapping[str, int]) -> list[str]:
    """Return the names of a result's indices, without ending, sorted."""
    inside = [path.removeprefix(f"{INDEX}/") for path in files if path.startswith(f"{INDEX}/")]
    return sorted(n.removesuffix(".parquet") for n in inside if n.endswith(".parquet") and "/" not in n)


def _layout_version(facts: FolderFacts) -> Iterator[Found]:
    try:
        said = None if facts.layout is None else json.loads(facts.layout)["layout_version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        said = "unreadable"
    if said != LAYOUT_VERSION:
        yield LAYOUT_JSON, "", f"says {str(said)[:40]!r}, and this layout is {LAYOUT_VERSION!r}"


def _current_link(facts: FolderFacts) -> Iterator[Found]:
    if not is_result_name(facts.result_name):
        where = CURRENT if facts.is_local else CURRENT_OBJECT
        yield where, "", f"names {facts.result_name[:100]!r}, which is no name of a result"
    elif facts.is_local and facts.links.get(CURRENT) != f"{RESULTS}/{facts.result_name}":
        yield CURRENT, "", f"leads to {str(facts.links.get(CURRENT))[:200]!r}"


def _root_link(facts: FolderFacts) -> Iterator[Found]:
    for name in PUBLISHED if facts.is_local else ():
        target = facts.links.get(name)
        if target != f"{CURRENT}/{name}":
            yield name, "", "is no link" if target is None else f"leads to {target[:200]!r}"


def _odd_file(facts: FolderFacts) -> Iterator[Found]:
    for path, kind in sorted(facts.odd.items()):
        yield path, "", f"is {kind}"


def _is_known(path: str) -> bool:
    room, _, name = path.partition("/")
    if room == SHARDS:
        stem = name.removesuffix(".idx").removesuffix(".tar")
        return bool(SHARD.fullmatch(stem)) or name in {f".nv-meta/{n}" for n in _ENERGON}
    if room == INDEX:
        return bool(SHARD.fullmatch(name.removesuffix(".parquet")))
    if room == TABLES:
        return bool(_TABLE.fullmatch(name))
    return path in (RUN_JSON, CROISSANT_JSON) or (room == REPORT and name.endswith(_REPORT_ENDINGS))


def _stray_file(facts: FolderFacts) -> Iterator[Found]:
    for path in sorted(facts.files):
        if not _is_known(path):
            yield path, "", "is no part of a result"


def _table_missing(facts: FolderFacts) -> Iterator[Found]:
    for name in TABLE_SCHEMAS:
        parts = [p for p in facts.files if p.startswith(f"{TABLES}/{name}-")]
        counts = {p.removesuffix(".parquet").rsplit("-of-", 1)[-1] for p in parts}
        whole = len(counts) == 1 and next(iter(counts)).isdecimal() and int(next(iter(counts))) == len(parts)
        if not whole:
            yield f"{TABLES}/{name}", "", f"{len(parts)} files of {', '.join(sorted(counts)) or 'none'}"


def _page_missing(facts: FolderFacts) -> Iterator[Found]:
    for name in _PAGES:
        if f"{REPORT}/{name}" not in facts.files:
            yield f"{REPORT}/{name}", "", "is not there"


def _index_missing(facts: FolderFacts) -> Iterator[Found]:
    for name in set(shard_names(facts.files)) - set(index_names(facts.files)):
        yield f"{INDEX}/{name}.parquet", "", "is not there"


def _shard_missing(facts: FolderFacts) -> Iterator[Found]:
    for name in set(index_names(facts.files)) - set(shard_names(facts.files)):
        yield f"{SHARDS}/{name}.tar", "", "is not there"


def _exclusions_damaged(facts: FolderFacts) -> Iterator[Found]:
    try:
        if facts.exclusions is not None:
            exclusions_of_json(facts.exclusions, EXCLUSIONS)
    except BadInputError:
        yield EXCLUSIONS, "", "is no list of veiled keys"


def excluded(data: bytes | None) -> frozenset[str]:
    """Return the veiled keys of a list; none of one that cannot be read, which is a finding of its own."""
    try:
        return frozenset() if data is None else exclusions_of_json(data, EXCLUSIONS)
    except BadInputError:
        return frozenset()


def _excluded_drawn(facts: FolderFacts) -> Iterator[Found]:
    veiled = excluded(facts.exclusions)
    for path, key in sorted(facts.drawn.items()) if veiled else ():
        if veiled_key(key) in veiled:
            yield path, key, "shows an excluded clip"


_AGAIN = "run curate again into this folder"
RULES = (
    Rule(
        code="layout-version",
        means="the note of the folder's layout is missing or of another version",
        advice="use the Mentor that made the folder, or curate into another one",
        check=_layout_version,
    ),
    Rule(
        code="current-link",
        means="`current` does not lead to a folder directly in `results`",
        advice="let `current` be a link to `results/NAME` again, or curate again",
        check=_current_link,
    ),
    Rule(
        code="root-link",
        means="what lies beside `current` is not the link into it that it should be",
        advice="move away what lies there and curate again; readers of OUT/shards see another result",
        check=_root_link,
    ),
    Rule(
        code="odd-file",
        means="in a result lies a link, a pipe or a device; it was not opened",
        advice="remove it, and find out who put it there: copying a result would follow it",
        check=_odd_file,
    ),
    Rule(
        code="stray-file",
        means="a file in the result is no part of one",
        advice="remove it before you pass the result on; it may be private, or be taken for a sample",
        check=_stray_file,
    ),
    Rule(code="table-missing", means="a table, or a piece of one, is missing", advice=_AGAIN,
         check=_table_missing),
    Rule(code="page-missing", means="a page of the report is missing", advice=_AGAIN, check=_page_missing),
    Rule(code="index-missing", means="a shard has no index", advice=_AGAIN, check=_index_missing),
    Rule(code="shard-missing", means="an index has no shard", advice=_AGAIN, check=_shard_missing),
    Rule(
        code="exclusions-damaged",
        means="the list of withdrawn clips cannot be read",
        advice="restore it: our loaders refuse to read until it is whole, others read withdrawn clips",
        check=_exclusions_damaged,
    ),
    Rule(
        code="excluded-drawn",
        means="drawings or exports of a withdrawn clip are still there",
        advice="delete them, and recall copies",
        check=_excluded_drawn,
    ),
)  # fmt: skip
