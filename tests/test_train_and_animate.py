"""`train motion` and `animate` from the command line: what they write, and what they refuse."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from body.load import load_body_model
from body.track_file import read_track
from commands import command_line
from commands.training_run import TrainingRun, load_config
from media import count_frames
from models.motion.config import CONFIGS, MotionConfig, cpu_small
from schemas.outcomes import BadInputError
from tests.models.made_shards import fitted_with, write_shards
from tests.test_photo import TALKER

TINY = {
    "network": {"width": 32, "num_layers": 1, "num_heads": 2, "position_frames": 5},
    "training": {"num_steps": 4, "batch_size": 2, "log_steps": 2, "checkpoint_steps": 4},
    "window_frames": 20,
    "known_frames": 5,
    "statistics_windows": 4,
    "num_workers": 0,
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder in which a tiny model was trained from the command line."""
    out = tmp_path_factory.mktemp("train") / "OUT"
    fit = fitted_with(load_body_model().model_id)
    write_shards(out, (40, 50, 30, 30), num_shards=1, body_fit=fit, split=["train", "train", "train", "test"])
    config = out / "tiny.yaml"
    config.write_text(yaml.safe_dump(TINY))
    assert command_line.main(["train", "motion", str(out), "--config", str(config)]) == 0
    return out / "models" / "motion"


def test_training_leaves_a_model_curves_and_a_page(trained: Path) -> None:
    assert (trained / "motion.safetensors").is_file() and list((trained / "tensorboard").iterdir())
    assert [p.name for p in (trained / "checkpoints").iterdir()] == ["step-00000004"]
    page = (trained / "index.html").read_text()
    assert "(test): drawn from its sound after 4 steps" in page and page.count("<polyline") >= 5
    assert "http" not in page.replace("http-equiv", "")


def test_a_person_is_animated_by_a_voice(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    voice, out = tmp_path / "voice.wav", tmp_path / "motion.npz"
    soundfile.write(voice, np.random.default_rng(0).normal(0, 0.05, 44100).astype(np.float32), 44100)
    arguments = [
        "animate",
        "--audio",
        str(voice),
        "--reference",
        str(TALKER),
        "--out",
        str(out),
        "--steps",
        "2",
    ]
    assert command_line.main([*arguments, "--model", str(trained / "motion.safetensors")]) == 0
    track = read_track(out)
    assert track.num_frames == 25 and track.fps == 25 and track.model_id == load_body_model().model_id
    assert count_frames(out.with_suffix(".mp4").read_bytes()) == 25
    assert out.with_suffix(".glb").read_bytes()[:4] == b"glTF"
    assert len(out.with_suffix(".csv").read_text().splitlines()) == 26
    assert str(out) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("--out", "motion.txt"), ".npz"),
        (("--reference", "none.jpg"), "no such file"),
        (("--audio", "none.wav"), "none.wav"),
        (("--formats", "fbx"), "unknown fbx"),
        (("--guidance", "nan"), "from 0 to 10"),
        (("--steps", "0"), "from 1 to 1000"),
        (("--model", "none.safetensors"), "none.safetensors"),
    ],
)
def test_what_cannot_be_animated_is_refused(
    change: tuple[str, str], reason: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {
        "--audio": str(TALKER),
        "--reference": str(TALKER),
        "--out": str(tmp_path / "m.npz"),
        "--model": str(trained / "motion.safetensors"),
    } | dict([change])
    assert command_line.main(["animate", *(part for pair in given.items() for part in pair)]) == 2
    assert reason in capsys.readouterr().err


def test_configurations_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("base: demo\ntraining: {num_steps: 7}\n")
    config = load_config(str(path), MotionConfig, CONFIGS)
    assert config.training.num_steps == 7 and config.network == cpu_small().network
    for text, reason in (
        ("training: {num_stepz: 1}", "num_steps"),
        ("network: {width: -1}", "width"),
        ("base: huge", "huge"),
        ("window_frames: 0", "window_frames"),
    ):
        path.write_text(text)
        with pytest.raises(BadInputError, match=reason):
            load_config(str(path), MotionConfig, CONFIGS)
    with pytest.raises(BadInputError, match="vlogger_full"):
        load_config("vlogger_huge", MotionConfig, CONFIGS)


@pytest.mark.parametrize(("shards", "to"), [("gs://bucket/out", None), ("OUT", "s3://bucket/models")])
def test_training_writes_to_this_machine(shards: str, to: str | None) -> None:
    run = TrainingRun(
        shards=(shards,),
        config="cpu_small",
        folder=to,
        start=None,
        split="train",
        body_model=None,
        pretrained=None,
    )
    with pytest.raises(
        BadInputError, match=f"--to {to or shards}.*: training writes to a folder of this machine"
    ):
        run.material("motion")
