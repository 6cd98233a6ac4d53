"""Fuzzing targets: manifests, tables and small files of a run folder, settings and files of consent."""

import contextlib
import datetime
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from commands.lint_reading import read_secrets, table_rows, texts_of_table
from models.data.places import find_shards
from pipelines.config import config_from, load_config
from pipelines.manifest import read_manifest
from pipelines.package import records_of_file
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from pipelines.settings import settings_of
from pipelines.settings_file import read_settings_file
from schemas.exclusions import exclusions_of_json, exclusions_to_json
from schemas.outcomes import BadInputError
from schemas.person_consent import PersonConsent, Wanted, refusals
from schemas.sample import to_json_bytes
from schemas.tables import to_table
from tests.made_clips import known_clip
from tests.stored_run import make_summary
from tools.fuzz.target import Choices, Target, as_file, strange_json

_CONFIG = config_from({"manifest": {"max_size_bytes": 1 << 22, "extra_columns": "ignore"}}, "fuzzing")
_TODAY = datetime.date(2026, 1, 1)
_CONSENT = """\
person: A
consent: granted
purpose: &p [x]
uses: [generate]
given_on: 2025-01-01
until: 2027-01-01
pictures: any
voices: any
adult: true
score: {a: 1e3, b: 0x1F, c: 190:20:30.15, d: !!binary aGk=, e: 2001-12-14t21:59:43.10-05:00,
  f: *p, <<: {g: ~}}
"""


def _csv(data: bytes) -> None:
    read_manifest(str(as_file("manifest.csv", data)), _CONFIG)


def _parquet(data: bytes) -> None:
    read_manifest(str(as_file("manifest.parquet", data)), _CONFIG)


def _manifests() -> Sequence[bytes]:
    rows = 'uri,title,consent,language,attribute_age\na.mp4,Tea,yes,en,30\n"b c.mp4",,no,pt-BR,\n'
    return [rows.encode(), rows.replace(",", ";").encode("utf-16"), rows.encode("utf-8-sig")]


def _parquet_of(table: pa.Table, **settings: object) -> bytes:
    made = io.BytesIO()
    pq.write_table(table, made, **settings)
    return made.getvalue()


def _parquets() -> Sequence[bytes]:
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5)
    table = pa.table(
        {
            "uri": ["a.mp4", "b.mp4"],
            "title": pa.array(["x", "x"]).dictionary_encode(),
            "consent": [True, None],
            "attribute_age": [1.5, 30.0],
            "attribute_born": pa.array([moment, None], pa.timestamp("ns", "Europe/Paris")),
            "attribute_sum": pa.array([1, 2], pa.decimal128(12, 3)),
            "attribute_raw": [b"x", b"y"],
        }
    )
    plain = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    return [
        _parquet_of(table, **plain),
        _parquet_of(table, compression="snappy"),
        _parquet_of(table.slice(0, 0)),
    ]


def _clips() -> Sequence[bytes]:
    plain = {"compression": "none", "use_dictionary": False, "write_statistics": False, "store_schema": False}
    return [_parquet_of(to_table("clips", [known_clip()]), **plain)]


def _table(data: bytes) -> None:
    path = as_file("result/tables/clips-00000-of-00001.parquet", data)
    for read in (lambda: list(texts_of_table(str(path))), lambda: table_rows([str(path)], ["clip_id"])):
        with contextlib.suppress(BadInputError):
            read()
    result = Result(str(path.parents[1]))
    result.check_table("clips")
    list(records_of_file(str(path), "clips"))


def _summary(data: bytes) -> None:
    folder = as_file("summed/run.json", strange_json(asdict(make_summary()), Choices(data))).parent
    Result(str(folder)).read_summary()


def _exclusions(data: bytes) -> None:
    if not exclusions_of_json(data, "x"):  # a list that is empty must say so: else withdrawn clips are read
        assert json.loads(data)["excluded_clips"] == []


def _last_run(data: bytes) -> None:
    known = {
        "sources": [{"uri": "/a/b/c.mp4"}],
        "ignored": [],
        "config": {},
        "pseudonyms": {"speaker": {"Anna B": "x"}},
    }
    made = strange_json(known, Choices(data))
    read_secrets(made)
    path = as_file("last/work/last_run.json", made)
    RunFolder(str(path.parents[1])).last_run()


def _current(data: bytes) -> None:
    import fsspec

    with fsspec.open("memory://fuzzed/current.json", "wb") as file:
        file.write(data)  # pyright: ignore
    find_shards("memory://fuzzed")


def _settings(data: bytes) -> None:
    path = as_file("settings.yaml", data)
    with contextlib.suppress(BadInputError):
        load_config(str(path))
    plain = read_settings_file(str(path), "--consent")
    consent = settings_of(PersonConsent, plain)
    refusals(consent, Wanted(use="generate", picture_sha256="a", voice_sha256="b", today=_TODAY))


def _settings_seeds() -> Sequence[bytes]:
    shipped = [path.read_bytes() for path in sorted(Path("configs").glob("*.yaml"))]
    tags = [
        f"x: !!{tag} y\n".encode()
        for tag in ("int", "float", "bool", "null", "set", "omap", "pairs", "python/name:os")
    ]
    return [_CONSENT.encode(), *shipped, *tags]


TARGETS = (
    Target(name="manifest-csv", read=_csv, seeds=_manifests, max_bytes=4096),
    Target(name="manifest-parquet", read=_parquet, seeds=_parquets, max_bytes=1 << 14),
    Target(name="table", read=_table, seeds=_clips),
    Target(name="run-json", read=_summary, seeds=lambda: [bytes(range(64))], max_bytes=256),
    Target(
        name="exclusions",
        read=_exclusions,
        seeds=lambda: [exclusions_to_json(["0" * 16]), exclusions_to_json([])],
        max_bytes=1024,
    ),
    Target(name="last-run", read=_last_run, seeds=lambda: [bytes(range(64))], max_bytes=256),
    Target(
        name="current-json", read=_current, seeds=lambda: [to_json_bytes({"result": "a"})], max_bytes=4096
    ),
    Target(name="settings", read=_settings, seeds=_settings_seeds, max_bytes=4096),
)
