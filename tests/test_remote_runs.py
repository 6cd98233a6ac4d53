"""Real runs whose videos and run folder lie in an object store: killed, resumed, looked at."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.killed_runs import PAGES, digests
from tests import remote_files
from tests.resume_runs import TALKERS, VISITS, Place, counts, rows

OUT = "fake://bucket/out"


@pytest.fixture(scope="module")
def remote(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place whose commands know the store."""
    root = tmp_path_factory.mktemp("remote")
    environment = {remote_files.VARIABLE: str(root / "store")}
    return replace(place, root=root, script=Path(remote_files.__file__), environment=environment)


@pytest.fixture(scope="module")
def finished(place: Place, remote: Place) -> dict[str, bytes]:
    """A run from store to store, killed while shards are written and resumed; returns its objects."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(remote_files.VARIABLE, remote.environment[remote_files.VARIABLE])
        for name in TALKERS:
            remote_files.put(f"fake://bucket/videos/{name}", (place.videos / name).read_bytes())
        manifest = Path(place.manifest(TALKERS))
        remote_files.put(f"fake://bucket/videos/{manifest.name}", manifest.read_bytes())
        command = remote.curate(OUT, f"fake://bucket/videos/{manifest.name}")
        store = remote.root / "store" / "objects"
        assert command.kill_when(lambda: any(store.glob("*%2Fshards%2F*.tar"))) is not None
        held = remote_files.objects(f"{OUT}/work/lease.json")
        assert len(held) == 1, "a killed run cannot give back its lease"
        command.run()
        return {name.removeprefix(f"{OUT}/"): data for name, data in remote_files.objects(f"{OUT}/").items()}


def test_a_remote_run_makes_the_same_bytes_as_a_local_one(whole: Path, finished: dict[str, bytes]) -> None:
    current = f"results/{json.loads(finished['current.json'])['result']}/"
    result = {n.removeprefix(current): data for n, data in finished.items() if n.startswith(current)}
    shown = {n for n in result if n.split("/")[0] in ("shards", "tables") or n in PAGES}
    assert {n: hashlib.sha256(result[n]).hexdigest() for n in shown} == digests(whole)
    found = counts(result["run.json"])
    assert found["look"][1] == 2 and set(found) == set(VISITS)


def test_nothing_is_left_over_in_the_store(finished: dict[str, bytes]) -> None:
    current = json.loads(finished["current.json"])["result"]
    rooms = {name.split("/")[0] for name in finished}
    assert rooms == {"artefacts", "biometric", "current.json", "layout.json", "results", "work"}
    assert {name.split("/")[1] for name in finished if name.startswith("results/")} == {current}
    assert {name for name in finished if name.startswith("work/")} == {"work/last_run.json"}


def test_remote_clips_are_drawn_and_exported(
    remote: Place, whole: Path, finished: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(remote_files.VARIABLE, remote.environment[remote_files.VARIABLE])
    key = rows(whole, "clips")[0]["clip_id"]
    remote.command(OUT, "inspect", OUT, key).run()
    remote.command(OUT, "export", OUT, key, "--format", "bvh").run()
    made = {n.removeprefix(f"{OUT}/"): d for n, d in remote_files.objects(f"{OUT}/").items()}
    new = set(made) - set(finished)
    assert new == {f"inspect/{key}/contact_sheet.png", f"inspect/{key}/overlay.mp4", f"export/{key}.bvh"}
    assert all(hashlib.sha256(made[name]).digest() for name in new)
