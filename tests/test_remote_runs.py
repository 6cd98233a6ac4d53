"""A real run whose videos and run folder lie on s3://: killed, resumed, and the bytes of a local one."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.killed_runs import PAGES, digests
from models.data.clips import clips
from models.data.config import WindowConfig
from tests.cloud_servers import Store
from tests.resume_runs import TALKERS, VISITS, Place, counts
from transforms.storage import list_files, read_bytes

OUT, VIDEOS = "s3://bucket/real", "real-videos"


@pytest.fixture(scope="module")
def store(aws_server: Store) -> Iterator[Store]:
    """The store, with the videos, that this process speaks with."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in aws_server.environment.items():
            patched.setenv(name, value)
        yield aws_server


@pytest.fixture(scope="module")
def finished(place: Place, store: Store, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A run from store to store, killed while shards are written and resumed; returns its objects."""
    manifest = Path(place.manifest(TALKERS))
    for path in (manifest, *(place.videos / name for name in TALKERS)):
        store.put(f"{VIDEOS}/{path.name}", path.read_bytes())
    sender = replace(place, root=tmp_path_factory.mktemp("remote"), environment=dict(store.environment))
    command = sender.curate(OUT, f"s3://bucket/{VIDEOS}/{manifest.name}")

    def writes_shards() -> bool:
        return any(
            method in ("PUT", "POST") and "/shards/" in path and ".tar" in path
            for method, path, _ in list(store.requests)
        )

    assert command.kill_when(writes_shards) is not None
    assert len(list(list_files(f"{OUT}/work"))) >= 1, "a killed run cannot give back its lease"
    command.run()
    return {path.removeprefix(f"{OUT}/"): read_bytes(path) for path, _ in list_files(OUT)}


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


def test_what_is_trained_on_is_read_where_it_lies(store: Store, whole: Path, finished: object) -> None:
    wanted = WindowConfig(num_frames=None, arrays=("smplx:jaw",), with_frames=True)
    there, here = (list(clips(folder, wanted, split="train")) for folder in (OUT, str(whole)))
    assert [clip.key for clip in there] == [clip.key for clip in here] and there
    for one, other in zip(there, here, strict=True):
        assert (one.arrays["smplx:jaw"] == other.arrays["smplx:jaw"]).all()
        assert one.frames is not None and other.frames is not None and (one.frames == other.frames).all()
