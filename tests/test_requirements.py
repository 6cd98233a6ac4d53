"""The pinned packages fit each other, as their own metadata say, and none is there for nothing.

They are installed with --no-deps, so nothing else would notice a pin that another package cannot
live with, or one that is missing.
"""

import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

_INSTALLED = ("requirements.txt", "requirements-train.txt", "requirements-dev.txt")
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


def _lines(name: str) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def _pins(*names: str) -> dict[str, str]:
    pins: dict[str, str] = {}
    for requirement in (r for name in names for r in _lines(name)):
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", f"{requirement} is not one version"
        key = canonicalize_name(requirement.name)
        assert pins.setdefault(key, specifier.version) == specifier.version, f"{key} is pinned twice"
    return pins


def _needs(package: str, extras: frozenset[str]) -> Iterator[Requirement]:
    for line in importlib.metadata.requires(package) or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            yield requirement


def _problems(roots: list[Requirement], pins: dict[str, str]) -> tuple[list[str], set[str]]:
    """Follow requirements from the roots; return what does not fit, and the packages reached."""
    problems: list[str] = []
    reached: dict[str, frozenset[str]] = {}
    queue = [("requirements.in", root) for root in roots]
    while queue:
        wanted_by, need = queue.pop()
        name = canonicalize_name(need.name)
        if (wanted_by, name) in LEFT_OUT or (wanted_by == "torch" and name.startswith(TORCH_BUILD)):
            continue
        if name not in pins:
            problems.append(f"{wanted_by} needs {need}, which is not pinned")
            continue
        if not need.specifier.contains(pins[name], prereleases=True):
            problems.append(f"{wanted_by} needs {need}, pinned is {pins[name]}")
        extras = reached.get(name, frozenset()) | need.extras
        if name not in reached or extras != reached[name]:
            reached[name] = extras
            queue += [(name, further) for further in _needs(name, extras)]
    return problems, set(reached)


def test_pins_are_what_is_installed() -> None:
    pins = _pins(*_INSTALLED)
    installed = {name: importlib.metadata.version(name).split("+")[0] for name in pins}
    assert installed == pins


def test_pins_fit_each_other() -> None:
    named = (
        "pytest",
        "hypothesis",
        "ruff",
        "pyright[nodejs]",
        "espeakng-loader",
        "duckdb",
        "datasets",
        "mlcroissant",
        "axe-playwright-python",
    )
    dev = [Requirement(name) for name in named]
    pins = _pins(*_INSTALLED)
    problems, reached = _problems(_lines("requirements.in") + dev, pins)
    assert problems == []
    if sys.platform == "linux":  # elsewhere some packages need fewer others
        assert set(pins) - reached == set(), "pinned, but needed by nothing"


def test_every_exception_is_still_needed() -> None:
    for package, name in LEFT_OUT:
        assert name in {canonicalize_name(r.name) for r in _needs(package, frozenset())}, (package, name)


@pytest.mark.parametrize("extra", ["gcp", "aws"])
def test_extras_fit_the_pins(extra: str) -> None:
    name = f"requirements-{extra}.txt"
    pins = _pins(*_INSTALLED, name)
    extras = _lines(name)
    try:
        problems, _ = _problems(extras, pins)
    except importlib.metadata.PackageNotFoundError as error:
        pytest.skip(f"{error.name} is not installed (make {extra})")
    assert problems == []
