"""croissant.json: what a result is and what is in it, for programs (Croissant 1.1 with RAI 1.0, JSON-LD).

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html and croissant-rai-spec.html. What only the
publisher knows (`dataset` in the settings) is left out where it is not given, never made up. The same tables
give the same bytes: no time is in it but the publisher's own date.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from reports.account import Account
from reports.croissant_records import record_sets
from reports.responsible import rai_fields
from reports.run_data import RunData
from schemas.files import PublishedFile
from schemas.layout import INDEX, SHARDS, TABLES
from schemas.sample import PARTS, to_json_bytes
from schemas.tables import TABLES as TABLE_RECORDS
from schemas.version import VERSION

CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
PARQUET, TAR = "application/x-parquet", "application/x-tar"
_TEXTS = ("name", "description")
_TERMS = (
    *("arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field"),
    *("fileProperty", "fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath"),
    *("key", "md5", "parentField", "path", "recordSet", "references", "regex", "repeated", "replace"),
    *("samplingRate", "separator", "source", "subField", "transform"),
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: {"@container": "@language"} for name in _TEXTS},
    **{term: f"cr:{term}" for term in _TERMS},
}
# What each part of a sample is, as a media type.
PART_TYPES = {"json": "application/json", "mp4": "video/mp4", "npz": "application/zip", "wav": "audio/wav"}


def croissant(run: RunData, account: Account, index_schema: pa.Schema) -> bytes:
    """Return the file's bytes.

    Args:
        index_schema: that of the shards' indices.
    """
    shards = [file for file in run.files if file.path.startswith(f"{SHARDS}/")]
    made = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS_TO),
        **_about(run, account),
        "distribution": [*map(_file_object, run.files), *_file_sets(shards)],
        "recordSet": record_sets(index_schema, with_samples=bool(shards)),
        **rai_fields(run, account),
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:label": f"Mentor {VERSION}, settings {run.summary.config_hash}; run.json and tables/lineage"
            " say with which code, weights and settings each stage worked",
        },
    }
    return to_json_bytes(made)


def _about(run: RunData, account: Account) -> dict[str, Any]:
    about = account.about
    told = {
        "name": about.name or f"Talking people, settings {run.summary.config_hash}",
        "description": about.description or _description(account),
        "license": about.licence,
        "url": about.url,
        "version": about.version,
        "citeAs": about.cite_as,
        "datePublished": about.date_published,
        "keywords": list(about.keywords),
        "creator": [{"@type": "sc:Organization", "name": name} for name in about.creators],
        "publisher": about.publisher and [{"@type": "sc:Organization", "name": about.publisher}],
        "inLanguage": _languages(account),
        "identifier": f"sha256:{account.fingerprint}",
    }
    return {key: value for key, value in told.items() if value}


def _description(account: Account) -> str:
    numbers = account.numbers
    return (
        f"{numbers.num_accepted} clips of {account.num_people} talking people, "
        f"{numbers.seconds_accepted / 3600:.4g} h, cut from {numbers.num_videos} videos: pictures, sound, "
        "words with their times, landmarks and a fitted body a frame, in WebDataset shards. What was turned "
        "down, and whom the filters hit, is in tables/."
    )


def _languages(account: Account) -> list[str]:
    """Return the languages of groups that are large enough to be named."""
    rows = [r for r in account.groups if (r["attribute"], r["scope"]) == ("language", "selected")]
    return sorted(r["value"] for r in rows if not r["suppressed"] and len(r["value"]) <= 3 and r["num_clips"])


def _file_object(file: PublishedFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": file.path,
        "contentSize": f"{file.num_bytes} B",
        "encodingFormat": TAR if file.path.endswith(".tar") else PARQUET,
        "sha256": file.sha256,
    }


def _file_sets(shards: list[PublishedFile]) -> Iterator[dict[str, Any]]:
    """Yield the sets of files that records are read from: of the folder, and of what is in the shards."""
    if shards:
        yield _file_set("index-files", f"{INDEX}/*.parquet", PARQUET)
    for name in TABLE_RECORDS:
        yield _file_set(f"{name}-files", f"{TABLES}/{name}-*.parquet", PARQUET)
    for part in PARTS if shards else ():
        inside = {"containedIn": [{"@id": shard.path} for shard in shards]}
        yield _file_set(f"{part}-parts", f"*.{part}", PART_TYPES[part]) | inside


def _file_set(name: str, includes: str, encoding: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "includes": includes,
        "encodingFormat": encoding,
    }
