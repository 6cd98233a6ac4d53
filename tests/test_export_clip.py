"""`export` of a clip of a run: which file it writes, and what it refuses."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from body.load import load_body_model
from commands.export_clip import EXPORT_FORMATS, export_clip
from media import wav_bytes
from schemas.outcomes import BadInputError
from schemas.sample import arrays_to_npz
from schemas.tables import to_table
from tests.body.track_makers import make_track, sample_of
from tests.makers import RATE, make_arrays, make_clip, tone

NUM_FRAMES = 10
STARTS = {"glb": b"glTF", "amass": b"PK", "arkit": b"time,frame,", "bvh": b"HIERARCHY\nROOT pelvis"}


def write_clips(out: Path, rows: list[dict[str, Any]]) -> None:
    """Write a clips table of a run's own columns and what the rows have besides."""
    clips = [make_clip(number, NUM_FRAMES, status="accepted") for number in range(len(rows))]
    table = to_table("clips", clips)
    for name in sorted({name for row in rows for name in row}):
        values = pa.array([row.get(name) for row in rows])
        at = table.schema.get_field_index(name)
        table = table.append_column(name, values) if at < 0 else table.set_column(at, name, values)
    (out / "tables").mkdir(parents=True, exist_ok=True)
    pq.write_table(table, out / "tables" / "clips-00000-of-00001.parquet")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a clip with a body fit and one without."""
    out = tmp_path_factory.mktemp("run") / "out"
    model = load_body_model()
    track = make_track(model, NUM_FRAMES)
    arrays, record = sample_of(track)
    arrays |= make_arrays(NUM_FRAMES)
    fit = {f"body_fit_{name}": value for name, value in record.items()}
    write_clips(out, [fit, {}])
    (out / "run.json").write_text(json.dumps({}))
    (out / "parts").mkdir()
    for number in (0, 1):
        stem = out / "parts" / make_clip(number, NUM_FRAMES).clip_id
        stem.with_suffix(".mp4").write_bytes(b"not looked at")
        stem.with_suffix(".wav").write_bytes(wav_bytes(tone(NUM_FRAMES / 25, 0.3), RATE))
        stem.with_suffix(".npz").write_bytes(arrays_to_npz(arrays))
    return out


KEY = make_clip(0, NUM_FRAMES).clip_id


@pytest.mark.parametrize("format", EXPORT_FORMATS)
def test_writes_a_file_of_each_format(finished: Path, format: str, tmp_path: Path) -> None:
    path = export_clip(str(finished), KEY, format)
    chosen = export_clip(str(finished), KEY[:-4], format, str(tmp_path / "deep" / "mine"))

    assert path.parent == finished / "export" and path.stem == KEY
    assert path.read_bytes().startswith(STARTS[format])
    assert chosen == tmp_path / "deep" / "mine" and chosen.read_bytes() == path.read_bytes()
    assert [p.name for p in chosen.parent.iterdir()] == ["mine"]


def test_the_file_holds_the_stored_track(finished: Path) -> None:
    track = make_track(load_body_model(), NUM_FRAMES)
    with np.load(export_clip(str(finished), KEY, "amass"), allow_pickle=False) as data:
        np.testing.assert_array_equal(data["betas"], track.betas)
        np.testing.assert_array_equal(data["pose_body"], track.body_pose)
        assert data["image_size_px"].tolist() == [320, 240]


@pytest.mark.parametrize(
    ("key", "format", "message"),
    [
        (make_clip(1, NUM_FRAMES).clip_id, "glb", "no body fit"),
        ("nothing", "glb", "keys begins with"),
        (KEY, "fbx", "no such format: 'fbx'; there are glb, amass, arkit, bvh"),
    ],
)
def test_refuses(finished: Path, key: str, format: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        export_clip(str(finished), key, format)


def test_refuses_places_and_models_that_do_not_fit(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is a folder"):
        export_clip(str(finished), KEY, "bvh", str(tmp_path))
    with pytest.raises(BadInputError, match="this machine"):
        export_clip("gs://bucket/out", KEY, "bvh")
    with pytest.raises(BadInputError, match="no such file"):
        export_clip(str(finished), KEY, "bvh", body_model=str(tmp_path / "SMPLX_NEUTRAL.npz"))
    moved = tmp_path / "moved"
    shutil.copytree(finished, moved)
    fit = {"betas": [0.0] * 10, "focal_length_px": 400.0, "model_id": "smplx-other"}
    write_clips(moved, [{f"body_fit_{name}": value for name, value in fit.items()}])
    with pytest.raises(BadInputError, match="smplx-other"):
        export_clip(str(moved), KEY, "bvh")
    shutil.rmtree(moved / "parts")
    with pytest.raises(BadInputError, match="neither in parts/ nor in a shard"):
        export_clip(str(moved), KEY, "bvh")
