"""What outside models and tools there are: version, licence, hash of the weights, cost of lacking one.

Nothing here imports the libraries it describes: packages are found through their metadata, so that
`doctor` is quick and works when one of them is broken.
"""

import functools
import hashlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path

from backends.known import BACKENDS, Backend
from schemas.outcomes import BadInputError
from schemas.run import BackendInfo


def describe_backends() -> list[BackendInfo]:
    """Return every backend as it is on this machine. The hash of present weights is computed once.

    A backend whose weights are missing, or pinned and not the pinned ones, is not available.
    """
    return [_describe(backend) for backend in BACKENDS]


def describe_backend(name: str) -> BackendInfo:
    """Return one backend as it is on this machine.

    Raises:
        BadInputError: if there is no such backend, or it is not there whole: its package or weights are
            missing, or the weights are not the pinned ones.
    """
    verify_weights(name)
    return _describe(next(b for b in BACKENDS if b.name == name))


def verify_weights(name: str) -> str | None:
    """Check that a backend is installed with the weights it should have; return their SHA-256.

    The bytes are hashed once a process. None is returned for a backend without weights.

    Raises:
        BadInputError: if the backend is unknown or not installed, or a file is missing or, where
            the hash is pinned, is not the pinned one.
    """
    backend = next((b for b in BACKENDS if b.name == name), None)
    if backend is None:
        raise BadInputError(f"no backend {name!r}; there are {', '.join(b.name for b in BACKENDS)}")
    if any(_version(package) is None for package in backend.packages):
        wanted = ", ".join(p for p in backend.packages if _version(p) is None)
        raise BadInputError(f"{name}: {wanted} is not installed: run `make install`")
    if not backend.weights:
        return None
    files = _weight_files(backend)
    if files is None:
        wanted = ", ".join(f"{module}/{path}" for module, path in backend.weights)
        raise BadInputError(f"{name}: {wanted} is missing. {_remedy(backend)}")
    found = joined_sha256(files)
    if backend.expected_sha256 not in (None, found):
        raise BadInputError(
            f"{name}: {', '.join(str(f) for f in files)} has SHA-256 {found}, expected "
            f"{backend.expected_sha256}; it is not used. {_remedy(backend)}"
        )
    return found


def weight_files(name: str) -> tuple[Path, ...]:
    """Return the files of a backend's weights, () if it has none.

    Raises:
        BadInputError: as `verify_weights`.
    """
    verify_weights(name)
    return _weight_files(next(b for b in BACKENDS if b.name == name)) or ()


def _describe(backend: Backend) -> BackendInfo:
    files = _weight_files(backend)
    sha256 = joined_sha256(files) if files else None
    return BackendInfo(
        name=backend.name,
        purpose=backend.purpose,
        version=_version(backend.packages[0]),
        licence=backend.licence,
        weights_sha256=sha256,
        available=all(_version(package) is not None for package in backend.packages)
        and files is not None
        and backend.expected_sha256 in (None, sha256),
        if_missing=backend.if_missing,
        package=backend.packages[0],
        expected_sha256=backend.expected_sha256,
        card=f"docs/cards/{backend.name}.md" if _ships(backend) else None,
    )


def _ships(backend: Backend) -> bool:
    """Return whether the weights lie in Mentor's repository, and not in a package."""
    return bool(backend.weights) and {module for module, _ in backend.weights} <= {
        "backends",
        "body",
        "models",
    }


def _remedy(backend: Backend) -> str:
    """Return how weights that are missing or altered are had again."""
    if _ships(backend):
        return "Take the file from Mentor's repository again"
    return f"Install {', '.join(backend.packages)} again"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _weight_files(backend: Backend) -> tuple[Path, ...] | None:
    """Return the backend's files, () if it has none to find, None if one is missing."""
    named_ffmpeg = os.environ.get("IMAGEIO_FFMPEG_EXE") if backend.name == "ffmpeg" else None
    if named_ffmpeg:  # imageio-ffmpeg obeys it, so this is what would run
        return (Path(named_ffmpeg),) if Path(named_ffmpeg).is_file() else None
    found = [_find(module, pattern) for module, pattern in backend.weights]
    return None if None in found else tuple(path for path in found if path is not None)


def _find(module: str, pattern: str) -> Path | None:
    """Return the one file of a package that fits the pattern, without importing the package."""
    spec = importlib.util.find_spec(module)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).glob(pattern)):
            if path.is_file():
                return path
    return None


def joined_sha256(files: Sequence[Path]) -> str:
    """Return the SHA-256 of the bytes of files one after the other; files as they were are hashed once."""
    return _sha256_of(tuple((str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files))


@functools.lru_cache(maxsize=64)
def _sha256_of(stamped_files: tuple[tuple[str, int, int], ...]) -> str:
    """Hash files; size and time of change are part of the key, so a changed file is hashed anew."""
    digest = hashlib.sha256()
    for name, _, _ in stamped_files:
        with Path(name).open("rb") as handle:
            while block := handle.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()
