"""The catalogue of backends, on the installed packages and on packages the tests make."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from backends import catalogue, known
from backends.catalogue import describe_backends, verify_weights
from schemas.outcomes import BadInputError


def test_everything_of_a_full_installation_is_available() -> None:
    infos = describe_backends()
    assert [i.name for i in infos if not i.available] == []
    assert len({i.name for i in infos}) == len(infos)
    for info in infos:
        assert info.version and info.licence and info.purpose and info.if_missing
    without_weights = {i.name for i in infos if i.weights_sha256 is None}
    assert without_weights == {"scenedetect", "whisperx", "pyav", "soxr", "pyloudnorm"}


def test_pinned_weights_verify() -> None:
    joined = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
    assert verify_weights("whisper-base") == joined
    assert verify_weights("whisper-tiny.en") not in (None, joined)
    assert verify_weights("soxr") is None
    assert verify_weights("transnetv2") == next(
        i.weights_sha256 for i in describe_backends() if i.name == "transnetv2"
    )


def test_unknown_backend_is_named() -> None:
    with pytest.raises(BadInputError, match=r"'whisper-huge'; there are mediapipe"):
        verify_weights("whisper-huge")


def test_describing_imports_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "from backends.catalogue import describe_backends\n"
        "describe_backends()\n"
        "heavy = {'torch', 'mediapipe', 'numpy', 'onnxruntime', 'whisperx', 'av', 'cv2'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    root = Path(catalogue.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def made_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with weights in two parts, pinned; returns its folder."""
    folder = tmp_path / "site" / "weightbox"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    (folder / "part1").write_bytes(b"one")
    (folder / "part2").write_bytes(b"two")
    info = tmp_path / "site" / "weightbox-3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: weightbox\nVersion: 3.1\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    backend = known.Backend(
        name="boxed",
        purpose="tests",
        packages=("weightbox",),
        licence="CC0",
        if_missing="nothing",
        weights=(("weightbox", "part1"), ("weightbox", "part*2")),
        expected_sha256=hashlib.sha256(b"onetwo").hexdigest(),
    )
    monkeypatch.setattr(catalogue, "BACKENDS", (backend,))
    return folder


def test_parts_are_hashed_as_one_file(made_backend: Path) -> None:
    (info,) = describe_backends()
    assert info.version == "3.1" and info.available
    assert info.weights_sha256 == verify_weights("boxed") == hashlib.sha256(b"onetwo").hexdigest()


def test_changed_weights_are_refused(made_backend: Path) -> None:
    verify_weights("boxed")
    (made_backend / "part2").write_bytes(b"TWO!")
    with pytest.raises(BadInputError, match="expected"):
        verify_weights("boxed")
    (info,) = describe_backends()
    assert not info.available and info.weights_sha256 == hashlib.sha256(b"oneTWO!").hexdigest()


def test_missing_weights_and_packages_are_told_apart(
    made_backend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made_backend / "part1").unlink()
    with pytest.raises(BadInputError, match="weightbox/part1"):
        verify_weights("boxed")
    (info,) = describe_backends()
    assert not info.available and info.weights_sha256 is None and info.version == "3.1"
    monkeypatch.setattr(catalogue, "_version", lambda package: None)
    with pytest.raises(BadInputError, match="weightbox is not installed"):
        verify_weights("boxed")
    assert describe_backends()[0].version is None
