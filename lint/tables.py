"""Rules on each file of a table: that it can be read, and has the columns of this version and no others."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from lint.rules import Found, Rule
from schemas.tables import SCHEMA_VERSION, arrow_schema

# What descriptors of faces and voices are called, by us and by others.
BIOMETRIC_WORDS = ("embedding", "descriptor", "faceprint", "voiceprint", "template", "biometric", "vector")
_VERSION, _TABLE = b"mentor.schema_version", b"mentor.table"


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFacts:
    """A file of a table: its schema, None where it cannot be read, and why."""

    table: str
    file: str
    schema: pa.Schema | None
    fault: str = ""


def is_biometric(name: str) -> bool:
    """Return whether a column or an array is called like what tells people apart."""
    return any(word in name.casefold() for word in BIOMETRIC_WORDS)


def _unreadable(facts: TableFacts) -> Iterator[Found]:
    if facts.schema is None:
        yield facts.file, "", facts.fault


def _version(facts: TableFacts) -> Iterator[Found]:
    if facts.schema is not None:
        said = facts.schema.metadata or {}
        if (said.get(_VERSION), said.get(_TABLE)) != (SCHEMA_VERSION.encode(), facts.table.encode()):
            named = [str(said.get(key, b""), "utf-8", "replace")[:40] for key in (_TABLE, _VERSION)]
            yield (
                facts.file,
                "",
                f"says table {named[0]!r}, version {named[1]!r}, not {facts.table!r}, {SCHEMA_VERSION!r}",
            )


def _columns(facts: TableFacts) -> Iterator[Found]:
    if facts.schema is None:
        return
    wanted = {field.name: field.type for field in arrow_schema(facts.table)}
    there = {field.name: field.type for field in facts.schema}
    for name in sorted(wanted.keys() | there.keys()):
        if is_biometric(name) and name not in wanted:
            continue
        if wanted.get(name) != there.get(name):
            yield facts.file, name[:100], f"is {there.get(name, 'missing')}, not {wanted.get(name, 'there')}"


def _biometric(facts: TableFacts) -> Iterator[Found]:
    if facts.schema is not None:
        for name in sorted(set(facts.schema.names) - set(arrow_schema(facts.table).names)):
            if is_biometric(name):
                yield facts.file, name[:100], "is called like what people are recognised by"


RULES: tuple[Rule, ...] = (
    Rule(
        code="table-unreadable",
        means="a file of a table is damaged",
        advice="run curate again",
        check=_unreadable,
    ),
    Rule(
        code="table-version",
        means="a file of a table says that it is another table, or of another version",
        advice="lint with the Mentor that made it, or run curate again",
        check=_version,
    ),
    Rule(
        code="table-columns",
        means="a table has other columns or types than this version",
        advice="run curate again; a column too many may be private",
        check=_columns,
    ),
    Rule(
        code="biometric-column",
        means="a published table has a column of descriptors of people",
        advice="do not pass the result on; remove the column, recall copies",
        check=_biometric,
    ),
)
