"""Fuzz the targets one after the other: `python -m tools.fuzz --seconds 200`; a table at the end.

Exit code 1 if there are findings; they lie in FOLDER/NAME/, each with its input.
"""

import argparse
import re
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_NAMES = re.compile(r'name="([a-z0-9-]+)"')
_STATUS = re.compile(rb"#(\d+)\s+\S+\s+cov: (\d+)")
_FINDING = re.compile(r"(error|slow|crash|timeout|oom)-[^.]*")
_TURN_SECONDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Fuzzed:
    """What came of a target: inputs tried, edges of instrumented code that they reached, findings."""

    name: str
    runs: int
    edges: int
    seconds: float
    findings: tuple[str, ...]


def main() -> int:
    """Fuzz, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", help="targets as GROUP:NAME; all by default")
    parser.add_argument("--seconds", type=float, default=60, help="of the processor, for each target (60)")
    parser.add_argument(
        "--folder", type=Path, default=Path("out/fuzz"), help="corpus and findings (out/fuzz)"
    )
    options = parser.parse_args()
    print(f"{'target':28} {'runs':>9} {'edges':>6} {'seconds':>8}  findings", flush=True)
    found = False
    for name in options.names or names():
        one = fuzz(name, options.folder / name.partition(":")[2], options.seconds)
        said = ", ".join(one.findings) or "none"
        print(f"{one.name:28} {one.runs:9} {one.edges:6} {one.seconds:8.0f}  {said}", flush=True)
        found |= bool(one.findings)
    return 1 if found else 0


def names() -> list[str]:
    """Return the targets as GROUP:NAME, without importing what they import."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return [f"{f.stem}:{name}" for f in files for name in _NAMES.findall(f.read_text(encoding="utf-8"))]


def fuzz(name: str, folder: Path, seconds: float) -> Fuzzed:
    """Fuzz a target for seconds of the processor, begun again where an input ended the process."""
    folder.mkdir(parents=True, exist_ok=True)
    begun, runs, edges = _spent(), 0, 0
    while (left := seconds - _spent() + begun) > 0:
        turn = str(max(round(min(left, _TURN_SECONDS)), 1))
        with (folder / "log").open("wb") as log:
            command = [sys.executable, "-m", "tools.fuzz.one", name, str(folder), turn]
            subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False)
        status = _STATUS.findall((folder / "log").read_bytes())
        if not status:
            raise SystemExit(f"{name}: did not start; see {folder / 'log'}")
        runs, edges = runs + int(status[-1][0]), max(edges, int(status[-1][1]))
    found = tuple(sorted(p.name for p in folder.iterdir() if _FINDING.fullmatch(p.name)))
    return Fuzzed(name=name, runs=runs, edges=edges, seconds=_spent() - begun, findings=found)


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
