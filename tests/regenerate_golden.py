"""Write the golden copies of the table schemas anew, after a change that was meant.

Run `.venv/bin/python -m tests.regenerate_golden` from the checkout and review the difference:
what it shows is what readers of the tables will see. Raise schemas.tables.SCHEMA_VERSION if they
must change their code.
"""

from pathlib import Path

from schemas.tables import PRIVATE_TABLES, TABLES, arrow_schema
from transforms.write_shards import INDEX_SCHEMA

GOLDEN = Path(__file__).parent / "golden"


def schema_texts() -> dict[str, str]:
    """Return the schemas of all tables and of the shard index, by file name, as text."""
    schemas = {name: arrow_schema(name) for name in TABLES | PRIVATE_TABLES} | {"shard_index": INDEX_SCHEMA}
    return {
        f"{name}.txt": "".join(f"{f.name}: {f.type}{'' if f.nullable else ' not null'}\n" for f in schema)
        for name, schema in schemas.items()
    }


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for file_name, text in schema_texts().items():
        (GOLDEN / file_name).write_text(text, encoding="utf-8")
        print(GOLDEN / file_name)
