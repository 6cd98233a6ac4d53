"""croissant.json: valid by mlcroissant, which reads records by it; loaders read the shards that it names."""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlcroissant
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import webdataset

from commands.write_pages import report_data, write_pages
from models.data.clips import clips
from models.data.config import WindowConfig
from pipelines.run_folder import RunFolder
from reports.account import account_of
from reports.croissant import CONTEXT, croissant
from schemas.dataset import DatasetConfig
from schemas.files import PublishedFile, fingerprint
from schemas.outcomes import BadInputError
from schemas.tables import TABLES
from tests.conftest import Run
from tests.report_makers import Records
from tests.report_run import make_run, make_summary
from transforms.write_shards import INDEX_SCHEMA

PAGE = (Path(__file__).parents[1] / "docs" / "provenance.md").read_text(encoding="utf-8")
LOADING = (Path(__file__).parents[1] / "docs" / "loading.md").read_text(encoding="utf-8")
(FEATURES,) = re.findall(r"```python\n(import io.*?\n)\nstreamed = ", LOADING, re.DOTALL)
HUGGING_FACE = (
    FEATURES
    + """
rows = load_dataset("webdataset", data_files={"all": FILES}, split="all", streaming=True, features=features)
print(*(row["__key__"] for row in rows), sep="\\n")
"""
)
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SAID = {
    "name": "Talkers", "description": "People who talk", "version": "1.0.0", "url": "https://example.org/t",
    "licence": "https://creativecommons.org/licenses/by/4.0/", "creators": ["A", "B"], "publisher": "A",
    "cite_as": "@misc{t}", "date_published": "2026-11-30", "keywords": ["talking"],
}  # fmt: skip


def read(out: Path) -> dict[str, Any]:
    return json.loads((out / "croissant.json").read_bytes())


def keys_of(run: Run) -> list[str]:
    return sorted(row["clip_id"] for row in run.rows("clips") if row["status"] == "accepted")


def test_mlcroissant_finds_no_error_and_warns_of_what_the_publisher_did_not_say(curated: Run) -> None:
    found = mlcroissant.Dataset(str(curated.out / "current" / "croissant.json")).metadata.ctx.issues
    assert found.errors == set()
    missing = {re.findall(r'"\S*/(\w+)" is recommended', warning)[0] for warning in found.warnings}
    assert missing == {"citeAs", "datePublished", "license", "version"}


def test_what_the_publisher_says_is_there_and_nothing_is_missing_then(curated: Run) -> None:
    result = RunFolder(str(curated.out)).finished()
    summary = result.read_summary()
    told = dataclasses.replace(summary, config=summary.config | {"dataset": SAID})
    run = report_data(result, told, {})
    made = json.loads(croissant(run, account_of(run), INDEX_SCHEMA))
    assert made["license"] == SAID["licence"] and made["datePublished"] == "2026-11-30"
    assert [creator["name"] for creator in made["creator"]] == ["A", "B"]
    found = mlcroissant.Dataset(jsonld=made).metadata
    assert (found.ctx.issues.errors, found.ctx.issues.warnings) == (set(), set())
    assert {"url", "license", "creator"} & read(curated.out).keys() == set()  # nothing is made up


def test_records_are_the_tables_rows(curated: Run) -> None:
    dataset = mlcroissant.Dataset(str(curated.out / "current" / "croissant.json"))
    for table in TABLES:
        assert sum(1 for _ in dataset.records(table)) == len(curated.rows(table)), table
    seen = {sample["samples/key"].decode(): sample for sample in dataset.records("samples")}
    assert sorted(seen) == keys_of(curated)
    clip = next(row for row in curated.rows("clips") if row["clip_id"] in seen)
    assert seen[clip["clip_id"]]["samples/num_frames"] == clip["num_frames"]


def test_the_example_reads_the_pictures_out_of_the_shards(curated: Run, tmp_path: Path) -> None:
    environment = os.environ | {"CROISSANT_CACHE": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLE.replace("OUT/", f"{curated.out}/")],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line.split() for line in done.stdout.splitlines()]
    index = pq.read_table(curated.out / "index").to_pylist()
    assert {line[0][2:-1]: int(line[1]) for line in lines if len(line) == 2} == {
        row["key"]: row["mp4_bytes"] for row in index
    }


def test_loaders_read_the_shards_that_it_names(curated: Run, tmp_path: Path) -> None:
    files = [entry["contentUrl"] for entry in read(curated.out)["distribution"] if "sha256" in entry]
    shards = [str(curated.out / "current" / name) for name in files if name.endswith(".tar")]
    whole: Any = vars(webdataset)["WebDataset"](shards, shardshuffle=False, empty_check=False)
    assert sorted(sample["__key__"] for sample in whole) == keys_of(curated)
    config = WindowConfig(num_frames=None, arrays=("valid:face",))
    assert sorted(window.key for window in clips(shards, config, split=None)) == keys_of(curated)
    code = HUGGING_FACE.replace("OUT/shards/train-000000.tar", shards[0]).replace("FILES", repr(shards))
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert sorted(line.split()[0] for line in done.stdout.splitlines()) == keys_of(curated), done.stderr[
        -2000:
    ]


def test_a_result_alone_is_enough_to_write_it_again(curated: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(curated.out / "current", tmp_path / "results" / "r"))
    before = (folder / "croissant.json").read_bytes(), (folder / "report" / "bias.html").read_bytes()
    (folder / "croissant.json").unlink()
    write_pages(dataclasses.replace(RunFolder(str(curated.out)).finished(), folder=str(folder)), {})
    after = (folder / "croissant.json").read_bytes(), (folder / "report" / "bias.html").read_bytes()
    assert after == before


def test_the_identifier_is_what_sha256sum_says_of_the_files(curated: Run) -> None:
    (command,) = re.findall(r"`(find index .*?)`", PAGE)
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=curated.out / "current", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert read(curated.out)["identifier"] == f"sha256:{done.stdout.split()[0]}"


def test_an_empty_run_is_told_as_one(records: Records) -> None:
    run = make_run(Records(), make_summary(Records(), config={}))
    made = json.loads(croissant(run, account_of(run), INDEX_SCHEMA))
    assert mlcroissant.Dataset(jsonld=made).metadata.ctx.issues.errors == set()
    assert not [entry for entry in made["recordSet"] if entry["@id"].startswith("samples")]


def test_the_context_is_the_standards() -> None:
    standard = mlcroissant.Metadata(name="x", conforms_to=["http://mlcommons.org/croissant/1.1"])
    wanted = standard.to_json()["@context"]
    assert {name: CONTEXT.get(name) for name in wanted} == wanted


def test_parts_of_few_people_are_told_together() -> None:
    from reports.account import _parts  # the joining itself

    rows = [("a", f"s{n}", f"p{n}") for n in range(9)] + [("b", "s9", "p9"), ("c", "s10", "p10")]
    kept = pa.table(
        {
            "source_licence": [row[0] for row in rows],
            "source_name": [row[1] for row in rows],
            "identity_identity_id": [row[2] for row in rows],
            "source_speaker_id": pa.nulls(len(rows), pa.string()),
            "video_id": [row[1] for row in rows],
            "num_frames": [50] * len(rows),
            "fps": [25.0] * len(rows),
        }
    )
    assert [(part.names, part.num_people) for part in _parts(kept, "source_licence", 1)] == [
        (("a",), 9), (("b",), 1), (("c",), 1),
    ]  # fmt: skip
    # Two people together are still too few: the next part joins them, and all are named.
    together = _parts(kept, "source_licence", 5)
    assert [(part.names, part.num_people) for part in together] == [(("a", "b", "c"), 11)]


def test_a_fingerprint_depends_on_names_and_bytes_alone() -> None:
    files = [PublishedFile(path=path, num_bytes=1, sha256="0" * 64) for path in ("b", "a")]
    assert fingerprint(files) == fingerprint(files[::-1]) != fingerprint(files[:1])


@pytest.mark.parametrize(
    "said",
    [{"version": "one"}, {"url": "ftp://x"}, {"date_published": "30.11.2026"}, {"answers": {"why": "x"}}],
)
def test_what_readers_would_refuse_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(BadInputError, match=f"dataset.{next(iter(said))}"):
        DatasetConfig(**said)
