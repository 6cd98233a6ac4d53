"""The data a benchmark measures on: a folder with manifest.csv and video/, and what is expected.

manifest.csv has the columns `file` (path below the folder), `kind` and `notes`; others are ignored.
Expectations lie beside this file: expected.csv says which sources must give clips and which must
not, cuts.csv holds cuts that were checked by eye and that the manifest does not name.
"""

import csv
import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path

VIDEO_FOLDER = "video"
_HERE = Path(__file__).resolve().parent

_NAMED = re.compile(r"\bcuts?\s+(?:seen\s+)?(?:near|at)\s+([\d.,\s]+?)\s*s\b")
_PARENTHESES = re.compile(r"\(([^)]*)\)")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(?:\s*-\s*(\d+(?:\.\d+)?))?\s*s\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """What a source (or all that match `pattern`, a path below video/) must give.

    `expect` is "clips", "none" or "any"; `reasons` are the right main reasons for giving none.
    """

    pattern: str
    group: str
    expect: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedCut:
    """A cut that somebody saw: `seconds` is the time of the new shot's first frame.

    A gradual transition begins there and ends at `until_seconds`; for a hard cut both are equal.
    With `required` false it is a doubtful case: neither missed nor false, whatever is found.
    """

    file: str
    seconds: float
    until_seconds: float
    required: bool
    seen: str
    origin: str


def video_files(data: Path, only: str | None) -> list[str]:
    """Return the paths below video/ of all files named by the manifest that exist there.

    Raises:
        FileNotFoundError: if the manifest or every video is missing.
    """
    if not (data / "manifest.csv").is_file():
        raise FileNotFoundError(f"--data {data}: no manifest.csv there")
    rows = _rows(data / "manifest.csv")
    prefix = f"{VIDEO_FOLDER}/"
    names = [r["file"].removeprefix(prefix) for r in rows if r["file"].startswith(prefix)]
    found = [n for n in names if (data / VIDEO_FOLDER / n).is_file() and (only is None or only in n)]
    if not found:
        chosen = "" if only is None else f" and matches --only {only}"
        raise FileNotFoundError(f"--data {data}: the manifest names no video that is there{chosen}")
    return found


def manifest_identities(data: Path) -> dict[str, str]:
    """Return who a file shows, by its path below the folder, where the manifest says so."""
    return {row["file"]: row["identity"] for row in _rows(data / "manifest.csv") if row.get("identity")}


def manifest_labels(data: Path) -> dict[str, str]:
    """Return what a file's source says of the person (`source_labels`), by its path below the folder."""
    return {
        row["file"]: row["source_labels"] for row in _rows(data / "manifest.csv") if row.get("source_labels")
    }


def source_of(name: str) -> str:
    """Return the path below video/ that a source's name, as the manifest writes it, says."""
    return f"/{name}".rsplit(f"/{VIDEO_FOLDER}/", 1)[-1].lstrip("/")


def expectations() -> list[Expectation]:
    """Read expected.csv; the first matching row holds for a source."""
    return [
        Expectation(
            pattern=r["pattern"],
            group=r["group"],
            expect=r["expect"],
            reasons=tuple(filter(None, r["reasons"].split("|"))),
        )
        for r in _rows(_HERE / "expected.csv")
    ]


def expectation_of(source: str, expected: list[Expectation]) -> Expectation:
    """Return what is expected of a source; "any" if no row matches."""
    for one in expected:
        if fnmatch.fnmatch(source, one.pattern):
            return one
    return Expectation(pattern=source, group="others", expect="any")


def parse_cuts(file: str, notes: str) -> list[NamedCut]:
    """Return the cuts that a manifest's note names.

    'cuts seen near 3.34, 6.21 s' and 'exact hard cut at 3.20 s' are required; times in parentheses,
    as in '(logo animation 4.8-5.0 s)', are doubtful stretches.
    """
    cuts: list[NamedCut] = []
    for text in _PARENTHESES.findall(notes) if "cut" in notes else []:
        for begin, end in _SPAN.findall(text):
            cuts.append(_named(file, float(begin), float(end or begin), False, text))
    for times in _NAMED.findall(_PARENTHESES.sub("", notes)):
        for seconds in re.findall(r"\d+(?:\.\d+)?", times):
            cuts.append(_named(file, float(seconds), float(seconds), True, "named in the manifest"))
    return sorted(cuts, key=lambda c: c.seconds)


def _named(file: str, begin: float, end: float, required: bool, seen: str) -> NamedCut:
    return NamedCut(
        file=file, seconds=begin, until_seconds=end, required=required, seen=seen, origin="manifest"
    )


def manifest_cuts(data: Path) -> list[NamedCut]:
    """Return the cuts named by the notes of the manifest."""
    return [
        cut
        for row in _rows(data / "manifest.csv")
        for cut in parse_cuts(row["file"].removeprefix(f"{VIDEO_FOLDER}/"), row.get("notes") or "")
    ]


def verified_cuts() -> list[NamedCut]:
    """Read cuts.csv: columns file, seconds, until_seconds (or empty), required (yes or no), seen."""
    return [
        NamedCut(
            file=r["file"],
            seconds=float(r["seconds"]),
            until_seconds=float(r["until_seconds"] or r["seconds"]),
            required=r["required"] == "yes",
            seen=r["seen"],
            origin="by eye",
        )
        for r in _rows(_HERE / "cuts.csv")
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))
