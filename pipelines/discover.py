"""Discover the inputs of a run: a folder, a glob, a file, or a manifest (CSV or Parquet)."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from media import is_remote
from schemas.outcomes import BadInputError
from schemas.records import Source
from transforms.storage import read_bytes

MEDIA_SUFFIXES = frozenset(
    [
        ".mp4",
        ".m4v",
        ".mov",
        ".mkv",
        ".webm",
        ".avi",
        ".mpg",
        ".mpeg",
        ".ts",
        ".m2ts",
        ".mts",
        ".flv",
        ".wmv",
        ".ogv",
        ".3gp",
        ".mxf",
    ]
)
_MANIFEST_SUFFIXES = (".csv", ".parquet")
_COLUMNS = ("title", "licence", "consent", "consent_reference", "speaker_id", "language", "transcript")
_ATTRIBUTE_PREFIX = "attribute_"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run works on, the files it found but leaves alone, and the folder that was searched."""

    sources: list[Source]
    ignored: list[str]
    folder: Path | None = None


def discover(location: str) -> Inputs:
    """Find the inputs named by `--input`.

    Raises:
        BadInputError: if nothing is there, or a manifest has no `uri` column or an empty one.
    """
    if location.lower().endswith(_MANIFEST_SUFFIXES):
        return Inputs(_read_manifest(location), [])
    if not is_remote(location) and Path(location).is_dir():
        return _walk(Path(location))
    if not is_remote(location) and Path(location).is_file():
        return Inputs([Source(uri=location, name=Path(location).name)], [])
    return _match(location)


def _walk(folder: Path) -> Inputs:
    files = sorted(p for p in folder.rglob("*") if p.is_file() or p.is_symlink())
    media = [p for p in files if p.suffix.lower() in MEDIA_SUFFIXES]
    ignored = [str(p.relative_to(folder)) for p in files if p.suffix.lower() not in MEDIA_SUFFIXES]
    if not media:
        known = " ".join(sorted(MEDIA_SUFFIXES))
        raise BadInputError(
            f"--input {folder}: no videos in this folder ({len(ignored)} other files; videos are "
            f"files ending in {known}, or whatever a manifest names)"
        )
    sources = [Source(uri=str(p), name=p.relative_to(folder).as_posix()) for p in media]
    return Inputs(sources, ignored, folder)


def _match(pattern: str) -> Inputs:
    try:
        found = FileSystems.match([pattern])[0].metadata_list
    except Exception as error:  # Beam raises many types, by filesystem
        raise BadInputError(f"--input {pattern}: cannot be listed ({error})") from error
    paths = sorted(m.path for m in found)
    if not paths:
        raise BadInputError(f"--input {pattern}: no such file or folder, and as a pattern it matches nothing")
    media = [p for p in paths if PurePosixPath(p).suffix.lower() in MEDIA_SUFFIXES]
    if not media:
        raise BadInputError(f"--input {pattern}: matches {len(paths)} files, none of them a video")
    root = pattern.split("*")[0].rsplit("/", 1)[0]
    names = {p: p.removeprefix(root).lstrip("/") for p in paths}
    ignored = [names[p] for p in paths if p not in set(media)]
    return Inputs([Source(uri=p, name=names[p]) for p in media], ignored)


def _read_manifest(location: str) -> list[Source]:
    if not is_remote(location) and not Path(location).is_file():
        raise BadInputError(f"--input {location}: no such manifest")
    data = read_bytes(location)
    try:
        if location.lower().endswith(".csv"):
            rows: list[dict[str, Any]] = list(
                csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
            )
        else:
            rows = pq.read_table(io.BytesIO(data)).to_pylist()
    except (UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise BadInputError(f"--input {location}: not a manifest we can read ({error})") from error
    if not rows:
        raise BadInputError(f"--input {location}: the manifest has no rows")
    return [_source(location, number, row) for number, row in enumerate(rows, start=1)]


def _source(location: str, number: int, row: dict[str, Any]) -> Source:
    name = _text(row.get("uri"))
    if name is None:
        raise BadInputError(f"--input {location}: row {number} has no value in its 'uri' column")
    folder = location.rsplit("/", 1)[0] if "/" in location else "."
    uri = name if is_remote(name) or name.startswith("/") else f"{folder}/{name}"
    attributes = tuple(
        (column.removeprefix(_ATTRIBUTE_PREFIX), value)
        for column in sorted(c for c in row if c and c.startswith(_ATTRIBUTE_PREFIX))
        if (value := _text(row[column])) is not None
    )
    declared = {column: _text(row.get(column)) for column in _COLUMNS}
    return Source(uri=uri, name=name, attributes=attributes, **declared)


def _text(value: Any) -> str | None:
    if value is None or str(value).strip() == "":
        return None
    return str(value).strip()
