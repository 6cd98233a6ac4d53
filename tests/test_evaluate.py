"""`evaluate` from the command line: what it writes of people it can judge, and what it refuses."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from body.load import load_body_model
from commands import command_line
from commands.evaluation_figures import figures, labels_of
from commands.judge_clips import Score
from media import DecodeTally, MediaLimits, VideoEncoder, decode_video
from models.data.config import WindowConfig
from models.data.windows import ShardWindows
from models.video.checkpoint import bundled_model, load_video, video_bytes
from pipelines.photo import read_reference
from pipelines.run_folder import RunFolder
from schemas.exclusions import veiled_key
from schemas.sample import pack_landmarks
from tests.models.made_shards import fitted_with, nodding_arrays, write_shards
from tests.page_reader import PageReader
from tests.test_photo import TALKER

QUICK = ["--pictures", "0", "--films", "0", "--drift-seconds", "0"]


NUM_FRAMES = 45


@pytest.fixture(scope="module")
def talker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of one real talker, whose fit is that of the first frame."""
    frames = [
        p.frame for p in itertools.islice(decode_video(str(TALKER), MediaLimits(), DecodeTally()), NUM_FRAMES)
    ]
    reference = read_reference(TALKER)
    points = reference.face_points
    box = np.concatenate([points[:, :2].min(0), points[:, :2].max(0)]).astype(np.float32)
    width, height = reference.track.width, reference.track.height

    def arrays(num_frames: int, number: int) -> dict[str, Any]:
        made = nodding_arrays(num_frames, number)
        still = reference.track.arrays() | {
            "face:landmarks": pack_landmarks(points[None]),
            "box:face": box[None],
        }
        made |= {name: np.repeat(values, num_frames, 0) for name, values in still.items()}
        made["smplx:jaw"][:, 0] += 0.1 * np.abs(np.sin(np.arange(num_frames) / 3)).astype(np.float32)
        for name in ("valid:left_hand", "valid:right_hand"):
            made[name][:] = False
        return made

    def pictures(num_frames: int) -> bytes:
        encoder = VideoEncoder(width, height, 25.0, 18, "veryfast")
        for frame in frames[:num_frames]:
            encoder.write(frame.reformat(format="yuv420p"))
        return encoder.finish()

    folder = tmp_path_factory.mktemp("talker") / "OUT"
    track = reference.track
    fit = replace(
        fitted_with(track.model_id), betas=tuple(track.betas.tolist()), focal_length_px=track.focal_length_px
    )
    size = {"width": width, "height": height}
    write_shards(folder, (NUM_FRAMES,), 1, arrays, pictures, body_fit=fit, split="test", **size)
    return folder


def test_a_run_is_judged_and_shown(talker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A talker by the model that ships: every view has its measures, and the page its films."""
    flags = ["--max-clips", "2", "--pictures", "1", "--films", "1", "--film-frames", "40"]
    flags += ["--without", "flow,time", "--drift-seconds", "2"]
    assert command_line.main(["evaluate", str(talker), *flags]) == 0
    folder, said = talker / "evaluation", capsys.readouterr().out
    assert "1 of at most 2" in said and "long video, frames" in said and str(folder / "index.html") in said
    found = json.loads((folder / "results.json").read_text())
    assert found["num_clips"] == 1 and str(talker.parent) not in json.dumps(found)
    head, picture, film = (found["figures"][view] for view in ("head", "picture", "film"))
    assert set(head["mouth dB"]) == {
        "photo", "warp", "model", "model, no flow correction", "model, no layers over time"
    }  # fmt: skip
    assert {"whole SSIM", "mouth ST-LPIPS", "mouth sharpness", "jitter", "hair band dB"} <= set(head)
    assert picture["identity distance"]["photo"][0] == 0 < picture["identity distance"]["model"][0] < 0.6
    assert film["background deviation"]["photo"][0] == 0 and "seam" in film
    assert {"real", "warp", "model"} <= set(film["sync confidence"]) and "identity drift" in film
    table = pq.read_table(folder / "figures.parquet")
    assert not any(table["attribute"].to_pylist())  # one person is too few for any group
    page = (folder / "index.html").read_text()
    assert page.count("<video") == 2 and "media-src data:" in page and "http:" not in page
    assert not PageReader(page).unbalanced
    RunFolder(str(talker)).forget_clips(["another"])
    assert not folder.exists()  # it may show whoever withdrew


def _scores(people: int) -> list[Score]:
    random = np.random.default_rng(0)
    return [
        Score(key=f"{person}-{clip}", person=str(person), view="head", way=way, name="dB", value=value)
        for person in range(people)
        for clip in range(2)
        for base in [float(random.normal(20, 3))]
        for way, value in (("warp", base), ("model", base + 1))
    ]


def _label(value: str, source: str = "estimated") -> dict[str, Any]:
    return {"attributes": [{"name": "gender", "value": value, "source": source}], "person_attributes": []}


def test_intervals_are_over_people_and_differences_over_the_same_clips() -> None:
    (warp, model) = figures(_scores(12), {}, 5)
    assert warp.num_people == 12 and warp.num_clips == 24 and warp.low < warp.mean < warp.high
    assert model.over_warp == pytest.approx(1) and model.over_warp_low == pytest.approx(1)
    assert warp.over_warp is None and model.high - model.low > 1


def test_groups_of_few_people_are_not_shown_alone() -> None:
    def told(feminine: int, people: int = 12) -> dict[str, int]:
        names = {str(p): "feminine" if p < feminine else "masculine" for p in range(people)}
        scores = _scores(people)
        labels = {score.key: labels_of(_label(names[score.person])) for score in scores}
        rows = figures(scores, labels, 5)
        return {row.group: row.num_people for row in rows if row.attribute == "gender"}

    assert told(6) == {"feminine": 6, "masculine": 6}
    assert 3 not in told(3).values() and 9 not in told(3).values()
    assert told(0) == {"masculine": 12}


def test_what_is_declared_counts_before_what_is_estimated() -> None:
    about = _label("feminine", "declared")
    about["person_attributes"] = [{"name": "gender", "value": "masculine", "source": "estimated"}]
    assert labels_of(about) == {"gender": ("feminine", True)}


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--steps", "0"], "--steps 0"),
        (["--steps", "1,x"], "from 1 to 50"),
        (["--without", "hands"], "--without hands"),
        (["--max-clips", "0"], "--max-clips 0"),
        (["--film-frames", "3"], "--film-frames 3"),
        (["--drift-seconds", "nan"], "--drift-seconds nan"),
        (["--model", "none.safetensors"], "none.safetensors"),
        (["--split", "val"], "val"),
        (["--split", "all"], "no clip"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    flags: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = fitted_with(load_body_model().model_id)
    write_shards(tmp_path, (8,), num_shards=1, arrays=nodding_arrays, body_fit=fit, split="test")
    assert command_line.main(["evaluate", str(tmp_path), *QUICK, *flags]) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "evaluation").exists()


def test_people_whom_the_model_learnt_from_are_not_judged(
    talker: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (key,) = ShardWindows(talker, WindowConfig(num_frames=1), seed=0, split="test").keys
    model = load_video(bundled_model())
    about = replace(model.about, learnt_from=(veiled_key(key),))
    known = tmp_path / "known.safetensors"
    known.write_bytes(video_bytes(replace(model, about=about)))
    flags = ["--model", str(known), "--output", str(tmp_path / "judged")]
    assert command_line.main(["evaluate", str(talker), *QUICK, *flags]) == 2
    assert "the model learnt from this person" in capsys.readouterr().err


def test_a_model_that_does_not_say_whom_it_learnt_from_is_judged_and_that_is_said(
    talker: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = load_video(bundled_model())
    silent = tmp_path / "silent.safetensors"
    silent.write_bytes(video_bytes(replace(model, about=replace(model.about, learnt_from=None))))
    flags = ["--model", str(silent), "--output", str(tmp_path / "judged")]
    assert command_line.main(["evaluate", str(talker), *QUICK, *flags]) == 0
    assert "does not say whom it learnt from" in capsys.readouterr().out
    assert "does not say whom it learnt from" in (tmp_path / "judged" / "index.html").read_text()
