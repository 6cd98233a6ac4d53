"""The benchmark's runner: shuffle on disk gives what Beam's own runner gives."""

from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.pvalue import AsDict, AsSingleton

from benchmarks import made_collection
from benchmarks.collection import simulate, table_of
from benchmarks.disk_runner import DiskRunner
from benchmarks.made_collection import Collection, MadeParts, lost, number_of
from schemas.parts import FACE_PART, VOICE_PART
from schemas.sample import npz_to_arrays
from transforms.embed_faces import read_face


def _broken(number: int) -> tuple[str, int]:
    if number == 7:
        raise ValueError("seven")
    return "even" if number % 2 == 0 else "odd", number


def _joined(group: tuple[str, Any], counts: dict[str, int]) -> tuple[Any, ...]:
    key, found = group
    return key, sorted(found["a"]), len(list(found["b"])), counts[key]


def _note(found: Any, path: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{found!r}\n")


def _graph(pipeline: Any) -> Any:
    numbers = pipeline | beam.Create(range(20))
    good, dead = numbers | "Named" >> beam.Map(_broken).with_exception_handling()
    total = AsSingleton(good | beam.Values() | beam.CombineGlobally(sum))
    counts = AsDict(good | beam.combiners.Count.PerKey())
    top = numbers | beam.combiners.Top.Of(2)
    grouped = {"a": good, "b": good} | beam.CoGroupByKey()
    joined = grouped | beam.Map(_joined, counts)
    shares = good | "Share" >> beam.Map(lambda pair, all_: (pair[0], pair[1], all_), total)
    lost_ones = dead | beam.Map(lambda pair: ("dead", pair[0]))
    empty = numbers | beam.Filter(lambda n: n > 99) | "All" >> beam.combiners.ToList()
    return (top, joined, shares, lost_ones, empty) | beam.Flatten()


def test_it_gives_what_beams_own_runner_gives(tmp_path: Path) -> None:
    mine, others = tmp_path / "mine", tmp_path / "others"
    runner = DiskRunner(lambda label: label.split("/")[0], tmp_path / "shuffle")
    pipeline = beam.Pipeline(runner=runner)
    _ = _graph(pipeline) | "Keep" >> beam.Map(_note, str(mine))
    pipeline.run(test_runner_api=False)
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        _ = _graph(pipeline) | "Keep" >> beam.Map(_note, str(others))
    found = [sorted(path.read_text().splitlines()) for path in (mine, others)]
    assert found[0] == found[1] and len(found[0]) == 1 + 2 + 19 + 1 + 1
    assert runner.costs is not None
    assert sum(step.shuffle_bytes for step in runner.costs.steps.values()) > 0
    assert not list((tmp_path / "shuffle").iterdir()), "files of the shuffle are removed"


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Sixty clips whose faces have 16 numbers."""
    draw = np.random.default_rng(0)
    spread = draw.standard_normal((8, 16)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made_collection, "_strangers", lambda: np.ones((1, 16), np.float32))
        made = Collection(str(tmp_path_factory.mktemp("made")), 60)
        made.write_faces((np.zeros(16, np.float32), spread, 0.01 * spread))
        yield made


def test_made_up_clips_have_faces_and_voices(collection: Collection) -> None:
    clips = [clip for span in collection.ranges(25) for clip in collection.clips(span)]
    assert [number_of(clip.clip_id) for clip in clips] == list(range(60))
    face = read_face(MadeParts(collection, 5).read("look", FACE_PART))
    assert np.array_equal(face.descriptor, collection.descriptor(5)) and face.embedder == "dlib+faceres"
    voice = npz_to_arrays(MadeParts(collection, 5).read("audio", VOICE_PART))["voice"]
    assert np.isclose(np.linalg.norm(voice), 1.0)
    assert 0 < len(list(filter(None, map(lost, clips)))) < 60


def test_the_collections_half_runs_and_says_what_it_takes(collection: Collection, tmp_path: Path) -> None:
    done = simulate(collection, tmp_path)
    rows = {row[0]: row for row in table_of(done, tmp_path).rows}
    assert {
        "near pairs of faces",
        "people judged",
        "balance",
        "bias tables",
        "shard planning",
        "tables",
    } <= set(rows)
    assert done.peak_mb > 0 and rows["shard planning"][4] > 0
    assert sum(len(list(p.glob("clips-*.parquet"))) for p in tmp_path.rglob("tables")) == 1
