"""The examples of docs/loading.md load shards in which what is known differs from clip to clip."""

import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines.results import Result
from tests.made_clips import Made, known_clip, make_pictures, unknown_clip
from transforms.energon import energon_files
from transforms.shard_layout import ShardConfig, shard_name
from transforms.write_shards import build_shard

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "loading.md").read_text(encoding="utf-8")
SQL, PYTHON = (re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) for kind in ("sql", "python"))
NUM_CLIPS = 16


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with OUT in it: eight shards of two clips; in some nothing is known, in some only of one."""
    place = tmp_path_factory.mktemp("loading")
    made, result = Made(make_pictures(place)), Result(str(place / "OUT"))
    kinds = (unknown_clip, unknown_clip, unknown_clip, known_clip) * (NUM_CLIPS // 4)
    clips = [made.with_parts(kind(number=number), number) for number, kind in enumerate(kinds)]
    for shard in range(NUM_CLIPS // 2):
        name = shard_name("train", shard)
        inside = clips[2 * shard : 2 * shard + 2]
        result.write_shard(name, build_shard(f"{name}.tar", inside, made.parts, "c"))
    result.write_energon(energon_files({"train": NUM_CLIPS}, ShardConfig()))
    return place


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_the_examples_run(folder: Path, number: int, tmp_path: Path) -> None:
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    if "from models." in PYTHON[number]:  # all other examples need nothing of ours
        environment["PYTHONPATH"] = str(ROOT)
    code = f"if __name__ == '__main__':\n{re.sub('(?m)^', '    ', PYTHON[number])}"
    (tmp_path / "example.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "example.py")],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip()


def test_the_query_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert duckdb.connect().execute(SQL[0]).fetchall()[0][:2] == ("train", NUM_CLIPS)


def test_energon_finds_every_shard_and_sample(folder: Path) -> None:
    shards = folder / "OUT" / "shards"
    names = sorted(path.name for path in shards.glob("*.tar"))
    about = {path.name: path.read_bytes() for path in (shards / ".nv-meta").iterdir()}
    assert json.loads(about[".info.json"])["shard_counts"] == dict.fromkeys(names, 2)
    assert yaml.safe_load(about["split.yaml"])["split_parts"] == {"train": names, "val": [], "test": []}
    for name in names:
        offsets = (shards / f"{name}.idx").read_bytes()
        assert len(struct.unpack(f"<{len(offsets) // 8}Q", offsets)) == 2 + 1
