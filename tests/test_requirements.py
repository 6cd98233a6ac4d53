"""The pinned packages fit each other, as their own metadata say, and none is there for nothing.

They are installed with --no-deps, so nothing else would notice a pin that another package cannot
live with, or one that is missing.
"""

import importlib.metadata
import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.pins import hashed, hashes, needs, pins, requirements

ROOT = Path(__file__).parents[1]

_EXTRAS = ("requirements-gcp.txt", "requirements-aws.txt")
_INSTALLED = ("requirements.txt", "requirements-train.txt", "requirements-dev.txt", *_EXTRAS)
# Wanted by (package, requirement), left out on purpose.
LEFT_OUT = {
    ("mediapipe", "jax"): "imported by nothing that Mentor uses; half a gigabyte",
    ("mediapipe", "jaxlib"): "as jax",
    (
        "mediapipe",
        "opencv-contrib-python",
    ): "needs libGL; opencv-python-headless serves and must not be mixed",
    ("rapidocr-onnxruntime", "opencv-python"): "as opencv-contrib-python",
    ("g2p-en", "inflect"): "only the weights of g2p-en are used, its code is never imported",
    ("g2p-en", "distance"): "as inflect",
    ("resemblyzer", "librosa"): "only the weights of resemblyzer are used, its code is never imported",
    ("resemblyzer", "webrtcvad"): "as librosa",
    ("mlcroissant", "pandas-stubs"): "types for a type checker, which wants pandas 3",
    ("resemblyzer", "typing"): "a backport for Python 2 that breaks Python 3.11",
}
# A CUDA build of torch names the NVIDIA libraries of its own; `make install` lets pip add them.
TORCH_BUILD = ("nvidia-", "cuda-", "triton")
PIP = "pip"  # comes with every environment


def _pins(*names: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        for key, version in pins(name).items():
            assert found.setdefault(key, version) == version, f"{key} is pinned twice"
    return found


def _problems(roots: list[Requirement], pinned: dict[str, str]) -> tuple[list[str], set[str]]:
    """Follow requirements from the roots; return what does not fit, and the packages reached."""
    problems: list[str] = []
    reached: dict[str, frozenset[str]] = {}
    queue = [("requirements.in", root) for root in roots]
    while queue:
        wanted_by, need = queue.pop()
        name = canonicalize_name(need.name)
        if name == PIP or (wanted_by, name) in LEFT_OUT:
            continue
        if wanted_by == "torch" and name.startswith(TORCH_BUILD):
            continue
        if name not in pinned:
            problems.append(f"{wanted_by} needs {need}, which is not pinned")
            continue
        if not need.specifier.contains(pinned[name], prereleases=True):
            problems.append(f"{wanted_by} needs {need}, pinned is {pinned[name]}")
        extras = reached.get(name, frozenset()) | need.extras
        if name not in reached or extras != reached[name]:
            reached[name] = extras
            queue += [(name, further) for further in needs(name, extras)]
    return problems, set(reached)


def test_pins_are_what_is_installed() -> None:
    pinned = _pins(*_INSTALLED)
    installed = {name: importlib.metadata.version(name).split("+")[0] for name in pinned}
    assert installed == pinned


def test_pins_fit_each_other() -> None:
    named = (
        "pytest",
        "hypothesis",
        "pytest-xdist",
        "ruff",
        "pyright[nodejs]",
        "espeakng-loader",
        "duckdb",
        "datasets",
        "mlcroissant",
        "axe-playwright-python",
        "cyclonedx-python-lib",
        "jsonschema",
        "referencing",
        "moto[s3]",
        "flask",  # of moto's server
        "flask-cors",
        "gcp-storage-emulator",
    )
    dev = [Requirement(name) for name in named]
    pinned = _pins(*_INSTALLED)
    extras = [line for name in _EXTRAS for line in requirements(ROOT / name)]
    problems, reached = _problems(requirements(ROOT / "requirements.in") + dev + extras, pinned)
    assert problems == []
    if sys.platform == "linux":  # elsewhere some packages need fewer others
        assert set(pinned) - reached == set(), "pinned, but needed by nothing"


def test_every_exception_is_still_needed() -> None:
    for package, name in LEFT_OUT:
        assert name in {canonicalize_name(r.name) for r in needs(package)}, (package, name)


@pytest.mark.parametrize("extra", ["audit", "fuzz"])
def test_extras_fit_the_pins(extra: str) -> None:
    name = f"requirements-{extra}.txt"
    pinned = _pins(*_INSTALLED, name)
    extras = requirements(ROOT / name)
    found = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
    known: dict[str, str] = {canonicalize_name(package): version for package, version in found.items()}
    if other := [package for package, version in pins(name).items() if known.get(package) != version]:
        pytest.skip(f"{', '.join(other)} not installed as pinned (make {extra})")
    problems, _ = _problems(extras, pinned)
    assert problems == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=lambda path: path.name)
def test_every_pin_has_its_hashes(path: Path) -> None:
    listed = hashes(path.name)
    again = {requirement for file in hashed(path.name) for requirement in requirements(file)}
    assert again == set(requirements(path)), "make hashes"
    assert listed.keys() == pins(path.name).keys()
    assert [name for name, found in listed.items() if not found or len(found) != len(set(found))] == []


def test_the_hashes_say_no_address() -> None:
    for path in (ROOT / "hashes").iterdir():
        assert not re.search(r"//|index-url|find-links", path.read_text()), path
