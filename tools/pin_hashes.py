"""Write `hashes/`: the pins of requirements*.txt with the SHA-256 of each file that an index serves.

    python tools/pin_hashes.py      # or `make hashes`: asks the index that uv is set up for, PyPI by default

A package has a file for each platform, and all are listed, so that one list serves everywhere. PyTorch has a
list of its own: pip prefers files whose hash an index says, and would take PyPI's build with CUDA, not a
folder's without (`make install` lets it choose first, and checks then).
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER, TORCH = "hashes", "torch.txt"
_HEADER = """\
# {what}, with the SHA-256 of every file of each release, for `pip install --require-hashes --no-deps`.
# Made by tools/pin_hashes.py (`make hashes`) after a pin has changed.
"""
# PyTorch's builds without CUDA, for CPython 3.11 on Linux: they are not on PyPI but on PyTorch's own index,
# which lists these hashes (x86_64, aarch64). Its builds for macOS are PyPI's.
_WITHOUT_CUDA = {
    "torch==2.13.0": (
        "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
        "84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7",
    )
}


def main() -> int:
    """Write a file for each of requirements*.txt, and one for PyTorch; returns 0."""
    (ROOT / FOLDER).mkdir(exist_ok=True)
    for pins in sorted(ROOT.glob("requirements*.txt")):
        others, torch = parted(_listed(pins))
        _write(pins.name, pins.name, others)
        if torch:
            _write(TORCH, f"torch of {pins.name}", torch)
    return 0


def _write(name: str, what: str, listed: str) -> None:
    (ROOT / FOLDER / name).write_text(_HEADER.format(what=what) + listed, encoding="utf-8")


def _listed(pins: Path) -> str:
    """Return the pins of a file with the hashes that the index lists."""
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-deps", "--generate-hashes",
        "--universal", "--python-version", "3.11", "--no-annotate", "--no-header", str(pins),
    ]  # fmt: skip
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def parted(listed: str) -> tuple[str, str]:
    """Return the pins but PyTorch's with their hashes, and PyTorch's with those of its other builds.

    Raises:
        SystemExit: if these are not known for its version.
    """
    blocks = re.split(r"\n(?=\S)", listed.rstrip("\n"))
    others = [block for block in blocks if not block.startswith("torch==")]
    torch = "".join(block for block in blocks if block.startswith("torch=="))
    pin = torch.split(" ")[0]
    if torch and pin not in _WITHOUT_CUDA:
        raise SystemExit(f"{pin}: say the hashes of its builds without CUDA, as PyTorch's index lists them")
    more = "".join(f" \\\n    --hash=sha256:{one}" for one in _WITHOUT_CUDA.get(pin, ()))
    return "\n".join(others) + "\n", torch and f"{torch}{more}\n"


if __name__ == "__main__":
    sys.exit(main())
