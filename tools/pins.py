"""The pins of requirements*.txt, and the hashes that `hashes/` lists of them."""

import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
_SHA256 = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def requirements(path: Path) -> list[Requirement]:
    """Return what a file of requirements names."""
    text = re.sub(r"\s*\\\n", " ", path.read_text(encoding="utf-8"))
    lines = (re.sub(r"(^|\s)(#|--hash=).*", "", line).strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line]


def pins(name: str) -> dict[str, str]:
    """Return the versions of a file of pins by canonical name.

    Raises:
        ValueError: if it names something that is not one version.
    """
    found: dict[str, str] = {}
    for requirement in requirements(ROOT / name):
        versions = [s.version for s in requirement.specifier if s.operator == "=="]
        if len(versions) != 1 or len(requirement.specifier) != 1:
            raise ValueError(f"{name}: {requirement} is not one version")
        found[canonicalize_name(requirement.name)] = versions[0]
    return found


def hashed(name: str) -> list[Path]:
    """Return the files of `hashes/` that list the pins of a file; PyTorch has one of its own."""
    folder = ROOT / "hashes"
    return [folder / name, *([folder / "torch.txt"] if "torch" in pins(name) else [])]


def hashes(name: str) -> dict[str, tuple[str, ...]]:
    """Return the SHA-256 that `hashes/` lists for each pin of a file."""
    blocks = [block for path in hashed(name) for block in re.split(r"\n(?=\w)", path.read_text("utf-8"))]
    listed = [block for block in blocks if "==" in block]
    return {canonicalize_name(block.split("==")[0]): tuple(_SHA256.findall(block)) for block in listed}


def needs(package: str, extras: frozenset[str] = frozenset()) -> Iterator[Requirement]:
    """Yield what an installed package needs here, by its own metadata.

    Raises:
        PackageNotFoundError: if it is not installed.
    """
    for line in importlib.metadata.requires(package) or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            yield requirement
