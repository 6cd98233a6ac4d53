"""The record sets of croissant.json: samples, what lies in their shards, and every table.

Croissant reads tables by their columns and archives by their files, but knows nothing of WebDataset, in which
files of one stem are one sample. So `samples` is the index, which says of each sample where it lies, and each
part of the samples is a record set of its own, with the key that its file is named by. Columns that are lists
of records have no type in Croissant and are left to Parquet.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from schemas.sample import ARRAYS, KEY_PATTERN
from schemas.tables import TABLES, arrow_schema

_TYPES = {
    pa.string(): "sc:Text",
    pa.int64(): "cr:Int64",
    pa.float64(): "cr:Float64",
    pa.bool_(): "sc:Boolean",
}
_SPLITS = {"train": "cr:TrainingSplit", "val": "cr:ValidationSplit", "test": "cr:TestSplit"}
# What identifies a row, of the tables in which one column does.
_KEYS = {"videos": "video_id", "shots": "shot_id", "face_tracks": "track_id", "clips": "clip_id"}
# Parts of samples: what they hold, and as which type Croissant hands them over.
_PARTS = {
    "mp4": ("sc:VideoObject", "Pictures: H.264 at a constant rate, cropped around the upper body, no sound"),
    "wav": ("sc:AudioObject", "Sound: 16 kHz, mono, 16 bit, as long as the pictures"),
    "json": ("sc:Text", "Words, scores, labels and provenance, as JSON (docs/samples.md)"),
    "npz": (
        "sc:Text",
        f"Arrays with the frame as first axis, as the bytes of a NumPy archive: {', '.join(ARRAYS)}, smplx:*",
    ),
}


def record_sets(index_schema: pa.Schema, *, with_samples: bool) -> list[dict[str, Any]]:
    """Return all record sets.

    Args:
        index_schema: that of the shards' indices.
        with_samples: whether there are shards.
    """
    made = [_splits()]
    if with_samples:
        made.append(_table("samples", "A training sample: where it lies and how large it is", index_schema))
        made += [_part(part) for part in _PARTS]
    made += [_table(name, _summary(name), arrow_schema(name)) for name in TABLES]
    return made


def _summary(table: str) -> str:
    return (TABLES[table].__doc__ or table).strip().splitlines()[0]


def _splits() -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "What the samples are for; nobody is in two splits",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {"@type": "cr:Field", "@id": "splits/name", "name": "splits/name", "dataType": "sc:Text"},
            {"@type": "cr:Field", "@id": "splits/url", "name": "splits/url", "dataType": "sc:URL"},
        ],
        "data": [{"splits/name": name, "splits/url": url} for name, url in _SPLITS.items()],
    }


def _table(name: str, description: str, schema: pa.Schema) -> dict[str, Any]:
    files = "index-files" if name == "samples" else f"{name}-files"
    key = "key" if name == "samples" else _KEYS.get(name)
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        **({} if key is None else {"key": {"@id": f"{name}/{key}"}}),
        "field": list(_fields(name, files, schema)),
    }


def _fields(name: str, files: str, schema: pa.Schema) -> Iterator[dict[str, Any]]:
    for column in schema:
        inner = _inner_type(column.type)
        kind = _TYPES.get(inner or column.type)
        if kind is None:
            continue
        said = (column.metadata or {}).get(b"description")
        yield {
            "@type": "cr:Field",
            "@id": f"{name}/{column.name}",
            "name": f"{name}/{column.name}",
            **({} if said is None else {"description": said.decode()}),
            "dataType": kind,
            **({"isArray": True, "arrayShape": "-1"} if inner else {}),
            "source": {"fileSet": {"@id": files}, "extract": {"column": column.name}},
        }


def _inner_type(kind: Any) -> Any:
    """Return the type of a list's items, None of what is no list."""
    return kind.value_type if pa.types.is_list(kind) else None


def _part(part: str) -> dict[str, Any]:
    kind, description = _PARTS[part]
    name, files = f"samples_{part}", {"@id": f"{part}-parts"}
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"{description}. Each sample's part of the kind .{part}",
        "key": {"@id": f"{name}/key"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/key",
                "name": f"{name}/key",
                "description": "The sample's key, as in samples/key",
                "dataType": "sc:Text",
                "source": {
                    "fileSet": files,
                    "extract": {"fileProperty": "filename"},
                    "transform": {"regex": rf"^({KEY_PATTERN.pattern})\.{part}$"},
                },
            },
            {
                "@type": "cr:Field",
                "@id": f"{name}/content",
                "name": f"{name}/content",
                "description": description,
                "dataType": kind,
                "source": {"fileSet": files, "extract": {"fileProperty": "content"}},
            },
        ],
    }
