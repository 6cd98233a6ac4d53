"""Mentor's wheel and sdist, built from a copy of the tree with what is installed: no network."""

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What is installed: the folders of docs/architecture.md, and the settings that come with them.
SHIPPED = (
    *("schemas", "body", "media", "backends", "drawing", "transforms", "models", "pipelines", "reports"),
    *("lint", "commands", "configs"),
)
_BESIDE = ("pyproject.toml", "README.md", *(p.name for p in ROOT.glob("requirements*.txt")))
_SDIST = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"


def shipped_files() -> set[str]:
    """Return all files of these folders, relative to the tree."""
    files = (p for room in SHIPPED for p in (ROOT / room).rglob("*") if p.is_file())
    return {p.relative_to(ROOT).as_posix() for p in files if "__pycache__" not in p.parts}


def copy_tree(target: Path) -> Path:
    """Copy what Mentor is built from."""
    for room in SHIPPED:
        shutil.copytree(ROOT / room, target / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _BESIDE:
        shutil.copy(ROOT / name, target / name)
    return target


def build_wheel(source: Path, target: Path) -> Path:
    """Build a wheel from a tree or an sdist into a folder; returns its path."""
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(target), str(source))
    (made,) = target.glob("*.whl")
    return made


def build_sdist(source: Path, target: Path) -> Path:
    """Build an sdist from a tree into a folder; returns its path."""
    target.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", _SDIST, str(target)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = target.glob("*.tar.gz")
    return made


def content(wheel: Path) -> set[str]:
    """Return the files of a wheel without those about it."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@dataclass(frozen=True, slots=True)
class Installed:
    """A folder with Mentor alone, installed from its wheel; other packages are this environment's."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which a process sees this Mentor, and programs of this environment."""
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        return {**os.environ, "PYTHONPATH": str(self.folder), "PATH": path}

    def mentor(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run the console script from a folder."""
        command = [str(self.folder / "bin" / "mentor"), *arguments]
        return subprocess.run(
            command, cwd=cwd, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )


def install(wheel: Path, folder: Path) -> Installed:
    """Install a wheel into a folder of its own."""
    _pip("install", "--no-deps", "--no-compile", "--target", str(folder), str(wheel))
    return Installed(folder)


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, check=True, capture_output=True)
