"""Adding a stage touches the files that docs/adding-a-step.md lists, and no other.

The example is taken from the document itself and applied to a copy of the tree.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "adding-a-step.md"
ROOMS = (
    "schemas",
    "body",
    "media",
    "backends",
    "transforms",
    "pipelines",
    "drawing",
    "reports",
    "lint",
    "commands",
)
COPIED = (*ROOMS, "tests", "tools", "docs", "benchmarks", "run_pipeline.py", "pyproject.toml")

_BLOCK = re.compile(r"^```(python|diff)\n(?:# |--- )(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str, str]]:
    """Return kind, file and text of every block of the example."""
    return [(m[1], m[2], m[3]) for m in _BLOCK.finditer(DOCUMENT.read_text(encoding="utf-8"))]


def apply(tree: Path) -> None:
    """Write the new files and change the others as the document says."""
    for kind, name, text in blocks():
        place = tree / name
        if kind == "python":
            assert not place.exists(), f"{name} is not new"
            place.write_text(text, encoding="utf-8")
        else:
            place.write_text(changed(place.read_text(encoding="utf-8"), text, name), encoding="utf-8")


def changed(source: str, diff: str, name: str) -> str:
    """Return a file with the lines added that begin with +; the others must be there, once, side by side."""
    for hunk in re.split(r"^@@\n", diff, flags=re.MULTILINE):
        lines = hunk.splitlines(keepends=True)
        assert all(line[0] in " +" for line in lines), f"{name}: the example only adds"
        before = "".join(line[1:] for line in lines if line[0] == " ")
        assert source.count(before) == 1, f"{name}: {before!r} is there {source.count(before)} times"
        source = source.replace(before, "".join(line[1:] for line in lines))
    return source


def run(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=tree, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with the example applied."""
    copy = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "images"))
        else:
            shutil.copy(ROOT / name, copy / name)
    apply(copy)
    return copy


@pytest.fixture(scope="module")
def found(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What tests.added_stage finds in that tree."""
    done = run(tree, "-m", "tests.added_stage", str(tmp_path_factory.mktemp("run")))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_document_lists_the_files_that_its_example_touches() -> None:
    listed = re.findall(r"^\| \d \| (.+?) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    patterns = [
        re.sub(r"VERB_NOUN|NAME", r"[a-z_]+", re.escape(name))
        for row in listed
        for name in re.findall(r"`(\S+?)`", row)
    ]
    touched = {name for _, name, _ in blocks()}
    assert len(listed) == 7
    fitting = {name: [p for p in patterns if re.fullmatch(p, name)] for name in touched}
    assert all(fitting.values()), fitting
    assert {p for ps in fitting.values() for p in ps} == set(patterns)


def test_everything_that_lists_stages_has_the_new_one(found: Mapping[str, Any]) -> None:
    order = found["order"]
    assert order.index("audio") + 1 == order.index("hum") == order.index("look") - 1
    assert "hum" in found["filters"] and "hum" in found["progress"]
    assert found["sentence"] == "measures the hum of the mains"
    assert "at most 0.5" in found["reason"]
    assert found["columns"] == ["hum_power_ratio", "hum_spectrometer"]
    assert found["section"] and found["stage_row"] and found["missing_in_sample"]
    assert found["redone_by_its_setting"] == ["hum"] and not found["redone_by_anothers"]


def test_the_chain_visits_it_once_judges_it_and_counts_it(found: Mapping[str, Any]) -> None:
    voice, hum, voice_again, hum_again = found["visited"]
    assert [row["reused"] for row in found["visited"]] == [False, False, True, True]
    assert voice["ratio"] < 0.1 and hum["ratio"] > 0.9
    assert voice["artefacts"] == ["survey", "hum"] and voice["rejected"] is None
    assert hum["rejected"] == ["filter_hum", "humming", 0.5]
    assert voice["counted"] == [["audio", 1, 0], ["hum", 1, 0]]
    assert hum["counted"] == [["audio", 1, 0], ["hum", 0, 1]]
    assert {**voice_again, "reused": False} == voice and {**hum_again, "reused": False} == hum


def test_the_example_is_as_clean_as_the_house(tree: Path) -> None:
    files = sorted({name for _, name, _ in blocks()})
    for command in (("check",), ("format", "--check")):
        done = run(tree, "-m", "ruff", *command, *files)
        assert done.returncode == 0, done.stdout
    done = run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_import_boundaries.py")
    assert done.returncode == 0, done.stdout
