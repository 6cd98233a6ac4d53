"""`generate` and `train video` from the command line: what they write, and what they refuse."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from body.load import load_body_model
from body.track_file import read_track
from commands import command_line
from media import count_frames
from media.credentials import read_credentials
from tests.latent_makers import write_latent_diffusion
from tests.models.made_shards import fitted_with, nodding_arrays, write_shards
from tests.test_photo import TALKER

TINY = {
    "network": {"channels": [16, 16], "groups": 4, "time_width": 16},
    "training": {"num_steps": 2, "batch_size": 4, "log_steps": 1, "checkpoint_steps": 2},
    "window_px": 64,
    "frames_a_clip": 2,
    "num_workers": 0,
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model that was trained from the command line."""
    out = tmp_path_factory.mktemp("train") / "OUT"
    fit = fitted_with(load_body_model().model_id)
    splits = ["train", "train", "test"]
    write_shards(out, (30, 30, 50), num_shards=1, arrays=nodding_arrays, body_fit=fit, split=splits)
    config = out / "tiny.yaml"
    config.write_text(yaml.safe_dump(TINY))
    assert command_line.main(["train", "video", str(out), "--config", str(config)]) == 0
    return out / "models" / "video"


@pytest.fixture(scope="module")
def shards(trained: Path) -> Path:
    """The shards that it was trained on."""
    return trained.parents[1]


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.05, 16000).astype(np.float32), 16000)
    return path


def test_training_leaves_a_model_curves_and_a_page(trained: Path) -> None:
    assert (trained / "video.safetensors").is_file() and list((trained / "tensorboard").iterdir())
    page = (trained / "index.html").read_text()
    assert "(test): mended after 2 steps" in page and page.count("<polyline") >= 3


def test_a_photo_talks_with_consent_and_the_video_says_that_it_was_made(
    trained: Path, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the motion model that ships, and again with that motion from a file: the same frames."""
    common = ["--audio", str(voice), "--i-have-consent", "a recording made for research"]
    model = ["--video-model", str(trained / "video.safetensors")]
    talk, motion, again = tmp_path / "talk.mp4", tmp_path / "motion.npz", tmp_path / "again.mp4"
    made = ["generate", "--image", str(TALKER), "--out", str(talk), *common, *model]
    assert command_line.main(made) == 0
    said = capsys.readouterr().out
    assert "frame 1 of 25" in said and "test certificate" in said
    data = talk.read_bytes()
    assert count_frames(data) == 25
    record = json.loads(talk.with_suffix(".json").read_text())
    assert record["making"]["consent"]["kind"] == "statement" and record["label"] == "AI-generated"
    assert set(record["making"]["models"]) == {"motion", "video"} and record["has_sound"]
    found = read_credentials(talk)
    assert found is not None

    drawn = ["animate", "--audio", str(voice), "--reference", str(TALKER), "--out", str(motion)]
    assert command_line.main([*drawn, "--formats", ""]) == 0
    assert read_track(motion).num_frames == 25
    given = ["generate", "--image", str(TALKER), "--out", str(again), "--motion", str(motion), *common]
    assert command_line.main([*given, *model, "--payload", str(record["watermark_payload"])]) == 0
    other = json.loads(again.with_suffix(".json").read_text())
    assert other["unsigned_sha256"] == record["unsigned_sha256"]
    assert set(other["making"]["models"]) == {"video"}


def test_a_photo_talks_over_a_pretrained_model(
    trained: Path, shards: Path, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, config, to = write_latent_diffusion(tmp_path / "model"), tmp_path / "c.yaml", tmp_path / "to"
    config.write_text(yaml.safe_dump({**{k: v for k, v in TINY.items() if k != "network"}, "window_px": 32}))
    train = ["train", "video", str(shards), "--pretrained", str(model), "--to", str(to)]
    assert command_line.main([*train, "--config", str(config)]) == 0
    assert "over a pretrained model: control" in (to / "index.html").read_text()
    talk, over = tmp_path / "talk.mp4", ["--video-model", str(to / "video.safetensors")]
    common = ["generate", "--image", str(TALKER), "--audio", str(voice), "--out", str(talk)]
    common += ["--i-have-consent", "a recording made for research", "--steps", "2"]
    for wrong, reason in (
        (over, "--pretrained"),
        (["--pretrained", str(model)], "--video-model"),
        (["--pretrained", str(model), "--video-model", str(trained / "video.safetensors")], "latent video"),
        (["--pretrained", "stable-diffusion-v1-5", *over], "nothing is downloaded"),
    ):
        assert command_line.main([*common, *wrong]) == 2
        assert reason in capsys.readouterr().err
    assert command_line.main([*common, "--pretrained", str(model), *over]) == 0
    making = json.loads(talk.with_suffix(".json").read_text())["making"]
    assert set(making["models"]) == {"motion", "video", "pretrained"} and making["settings"]["steps"] == 2
    again, still = tmp_path / "again.mp4", tmp_path / "still.npz"
    assert command_line.main(["track", "--video", str(TALKER), "--out", str(still)]) == 0
    edit = ["edit", "--video", str(TALKER), "--motion", str(still), "--parts", "gaze", "--out", str(again)]
    edit += ["--i-have-consent", "a recording made for research", "--pretrained", str(model), *over]
    assert command_line.main([*edit, "--geometry-alone"]) == 2
    assert "leave --pretrained out" in capsys.readouterr().err
    assert command_line.main([*edit, "--steps", "1"]) == 0
    making = json.loads(again.with_suffix(".json").read_text())["making"]
    assert set(making["models"]) == {"video", "pretrained"} and making["settings"]["steps"] == 1
    motion = ["train", "motion", str(shards), "--pretrained", str(model)]
    assert command_line.main(motion) == 2 and "--pretrained" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("--i-have-consent", None), "--consent"),
        (("--out", "talk.avi"), ".mp4"),
        (("--image", "none.jpg"), "none.jpg"),
        (("--audio", "none.wav"), "none.wav"),
        (("--steps", "0"), "from 1 to 50"),
        (("--video-model", "none.safetensors"), "none.safetensors"),
        (("--motion", "none.npz"), "none.npz"),
        (("--payload", "70000"), "65535"),
    ],
)
def test_what_cannot_be_generated_is_refused(
    change: tuple[str, str | None],
    reason: str,
    trained: Path,
    voice: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given: dict[str, str | None] = {
        "--image": str(TALKER),
        "--audio": str(voice),
        "--out": str(tmp_path / "talk.mp4"),
        "--i-have-consent": "a recording made for research",
        "--video-model": str(trained / "video.safetensors"),
    } | dict([change])
    arguments = [part for name, value in given.items() if value is not None for part in (name, value)]
    assert command_line.main(["generate", *arguments]) == 2
    assert reason in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
