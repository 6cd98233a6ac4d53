"""`export` of a clip of a run: which file it writes, and what it refuses."""

import dataclasses
import datetime
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from body.load import load_body_model
from commands.export_clip import EXPORT_FORMATS, export_clip
from media import to_pcm
from schemas.outcomes import BadInputError
from schemas.records.clip import Clip
from schemas.records.picture import BodyFit
from schemas.records.source import Terms
from tests.body.track_makers import make_track, sample_of
from tests.makers import make_arrays, make_clip, tone
from tests.stored_run import parts_of, publish_run, store_parts

NUM_FRAMES = 10
STARTS = {"glb": b"glTF", "amass": b"PK", "arkit": b"time,frame,", "bvh": b"HIERARCHY\nROOT pelvis"}


def write_run(out: Path, fits: list[dict[str, Any] | None], arrays: Mapping[str, Any]) -> None:
    """Publish a run of clips with these body fits, all with the same parts."""
    clips: list[Clip] = []
    for number, fit in enumerate(fits):
        clip = make_clip(number, NUM_FRAMES, status="accepted")
        if fit is not None:
            clip = dataclasses.replace(clip, body_fit=make_fit(**fit))
        parts = parts_of(clip, b"not looked at", to_pcm(tone(NUM_FRAMES / 25, 0.3)), arrays)
        clips.append(store_parts(out, clip, parts))
    publish_run(out, clips)


def make_fit(**changes: Any) -> BodyFit:
    """Return a fit of which nothing is known but what is given."""
    fields: dict[str, Any] = dict.fromkeys((field.name for field in dataclasses.fields(BodyFit)), 0)
    return BodyFit(**(fields | changes))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a clip with a body fit and one without."""
    out = tmp_path_factory.mktemp("run") / "out"
    arrays, record = sample_of(make_track(load_body_model(), NUM_FRAMES))
    write_run(out, [record, None], make_arrays(NUM_FRAMES, fitted=True) | arrays)
    return out


KEY = make_clip(0, NUM_FRAMES).clip_id


@pytest.mark.parametrize("format", EXPORT_FORMATS)
def test_writes_a_file_of_each_format(finished: Path, format: str, tmp_path: Path) -> None:
    path = Path(export_clip(str(finished), KEY, format))
    chosen = Path(export_clip(str(finished), KEY[:-4], format, str(tmp_path / "deep" / "mine")))

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


def test_nothing_is_exported_once_a_consent_has_ended(tmp_path: Path) -> None:
    arrays, record = sample_of(make_track(load_body_model(), NUM_FRAMES))
    clip = dataclasses.replace(make_clip(0, NUM_FRAMES, status="accepted"), body_fit=make_fit(**record))
    clip = dataclasses.replace(
        clip, source=dataclasses.replace(clip.source, terms=Terms(withdrawn_on="2026-11-28"))
    )
    parts = parts_of(
        clip, b"", to_pcm(tone(NUM_FRAMES / 25, 0.3)), make_arrays(NUM_FRAMES, fitted=True) | arrays
    )
    publish_run(tmp_path, [store_parts(tmp_path, clip, parts)])
    last = datetime.date(2026, 11, 27)
    assert Path(export_clip(str(tmp_path), KEY, "bvh", today=last)).exists()
    with pytest.raises(BadInputError, match=r"held until 2026-11-27 .*1 of the 1 clips"):
        export_clip(str(tmp_path), KEY, "bvh", today=last + datetime.timedelta(days=1))


def test_refuses_places_and_models_that_do_not_fit(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is a folder"):
        export_clip(str(finished), KEY, "bvh", str(tmp_path))
    with pytest.raises(BadInputError, match="no such file"):
        export_clip(str(finished), KEY, "bvh", body_model=str(tmp_path / "SMPLX_NEUTRAL.npz"))
    moved = tmp_path / "moved"
    fit = {"betas": (0.0,) * 10, "focal_length_px": 400.0, "model_id": "smplx-other"}
    write_run(moved, [fit], make_arrays(NUM_FRAMES, fitted=True))
    with pytest.raises(BadInputError, match="smplx-other"):
        export_clip(str(moved), KEY, "bvh")
    shutil.rmtree(moved / "artefacts")
    with pytest.raises(BadInputError, match="in no shard"):
        export_clip(str(moved), KEY, "bvh")
