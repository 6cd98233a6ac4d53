"""Whether an erasure that is killed in any of its phases ends as one that nobody stopped.

    python -m benchmarks.erase_kills --run OUT --videos DIR [--identity ID] [--only N...] [--output FOLDER]

`--run` is any finished run; its copies are erased from, of a person of whom only a part of a video goes where
there is one. `benchmarks/killed_at.py` kills the command just before it changes a certain file, so every
phase is met and no moment is missed. After each kill the current result must be, byte by byte, that of before
or that of after, pass lint, and give a loader all of its samples but the erased ones. The erasure then ends,
and all below OUT must be what an erasure that was not stopped leaves. In the end one erasure is killed at all
of these places one after the other.
"""

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from rich.console import Console  # noqa: E402

from benchmarks.erase_search import Traces, traces_of  # noqa: E402
from benchmarks.erase_states import (  # noqa: E402
    PHASES,
    current_result,
    differences,
    phase_of,
    result_of,
    state_of,
    told_by,
)
from benchmarks.killed_runs import Command  # noqa: E402
from benchmarks.page import Part, Table, markdown, print_part  # noqa: E402
from benchmarks.runs import read_rows  # noqa: E402
from commands.lint_run import lint_run  # noqa: E402
from models.data.clips import clips  # noqa: E402
from models.data.config import WindowConfig  # noqa: E402
from pipelines.run_folder import RunFolder  # noqa: E402
from schemas.data_card import DATA_CARD, DataCard, card_to_json  # noqa: E402
from schemas.exclusions import veiled_key  # noqa: E402
from schemas.outcomes import BadInputError  # noqa: E402
from schemas.run import ERASE  # noqa: E402

KILLER = Path(__file__).resolve().parent / "killed_at.py"
_NEW = "results/[^/]*"
# Just before which change of which file it is killed, and the how manieth of that kind.
POINTS: tuple[tuple[str, str, int], ...] = (
    ("rename", "work/erasure/journal[.]json", 1),
    ("rename", "exclusions[.]json", 1),
    ("rename", "work/erased[.]json", 1),
    ("write", "work/erasure/traces[.]npz.*", 1),
    ("rename", "work/erasure/traces[.]json", 1),
    ("make", _NEW, 1),
    ("link", f"{_NEW}/shards/.*[.]tar", 2),
    ("rename", f"{_NEW}/tables/.*", 7),
    ("rename", f"{_NEW}/run[.]json", 1),
    ("rename", f"{_NEW}/report/statement.*", 2),
    ("rename", "current", 1),
    ("remove", f"{_NEW}/tables/.*", 1),
    ("remove", f"{_NEW}/shards/.*", 3),
    ("rename", "artefacts/.*/record[.]json", 1),
    ("remove", "artefacts/.*", 9),
    ("remove", "biometric/.*", 5),
    ("rename", "biometric/registry/.*", 1),
    ("rename", f"models/.*/{DATA_CARD}", 1),
    ("rename", "work/last_run[.]json", 1),
    ("rename", "work/erasure/journal[.]json", 2),
    ("rename", "work/receipt_key[.]pem", 1),
    ("rename", "erasures/.*", 1),
    ("rename", "erasures/index[.]html", 1),
    ("remove", "work/erasure/journal[.]json", 1),
    ("remove", "work/erasure/traces[.]npz", 1),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """An erasure of a person: the run, who goes, what that must not leave, and the folder for copies.

    `before` and `after` are what the current result and all else is without a kill.
    """

    run: Path
    folder: Path
    person: str
    keys: frozenset[str]
    traces: Traces
    before: dict[str, str]
    after: dict[str, str]
    receipt: dict[str, Any]

    def copy(self, name: str) -> Path:
        """Return a new copy of the run, with a model that learnt from all of its samples."""
        return copied(self.run, self.folder / name)

    def erase(self, out: Path, point: tuple[str, str, int] | None = None, *, named: bool = True) -> Command:
        """Return the command, which kills itself at a point."""
        who = ("--identity", self.person, "--yes") if named else ()
        told = {} if point is None else dict(zip(("change", "place", "nth"), point, strict=True))
        return Command(
            arguments=("erase", str(out), *who),
            log=self.folder / f"{out.name}.log",
            script=KILLER,
            environment={"MENTOR_KILLED_AT": json.dumps(told)} if told else {},
        )


def copied(run: Path, target: Path) -> Path:
    """Return a new copy of a run, with a model that learnt from all of its samples."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(run, target, symlinks=True)
    model = target / "models" / "motion"
    model.mkdir(parents=True)
    (model / "motion.safetensors").write_bytes(b"weights")
    samples = [c["clip_id"] for c in read_rows(run, "clips") if c["status"] == "accepted"]
    card = DataCard(split="train", samples=tuple(veiled_key(key) for key in samples))
    (model / DATA_CARD).write_bytes(card_to_json(card))
    return target


def shared_person(run: Path) -> str:
    """Return the identity of somebody who shares a video with another, or else of the most clips."""
    found = [c for c in read_rows(run, "clips") if c["identity_identity_id"]]
    people = Counter(c["identity_identity_id"] for c in found)
    seen: dict[str, set[str]] = {}
    for clip in found:
        seen.setdefault(clip["video_id"], set()).add(clip["identity_identity_id"])
    sharing = {person for video in seen.values() if len(video) > 1 for person in video}
    return max(sorted(sharing or people), key=lambda person: people[person])


def seen_by_readers(case: Case, out: Path) -> str:
    """Return which result readers see, byte by byte: that of 'before', that of 'after', or 'neither'."""
    seen = current_result(out)
    known = {"before": case.before, "after": case.after}
    return next((name for name, state in known.items() if seen == result_of(state)), "neither")


def faults_of_readers(case: Case, out: Path, seen: str) -> Iterator[str]:
    """Yield what is wrong with what readers and writers see of an erasure that was killed.

    Args:
        seen: as which of both the current result is seen, as `seen_by_readers` says.
    """
    if seen == "neither":
        yield "the current result is neither that of before nor that of after"
    if counts := lint_run(str(out)).counts:
        yield f"lint: {sorted(counts)}"
    listed = RunFolder(str(out)).exclusions.read()
    excluded = {key for key in case.keys if veiled_key(key) in listed}
    config = WindowConfig(num_frames=None, with_sound=False)
    there = {row["key"] for row in read_rows(out, "lineage")}
    given = {window.key for window in clips(str(out), config, split=None)}
    if given != there - excluded:
        yield f"a loader gives {len(given)} of {len(there)} samples, {len(excluded)} excluded"
    if phase_of(out) not in ("chosen", "journal gone"):
        if (out / "work" / "erased.json").is_file() and excluded != case.keys:
            yield f"{len(excluded)} of {len(case.keys)} are excluded"
        try:
            with RunFolder(str(out)).writing("curate"):
                yield "another command may write"
        except BadInputError:
            pass


def faults_of_end(case: Case, out: Path) -> Iterator[str]:
    """Yield what an erasure that went on left or did otherwise than one that nobody stopped."""
    yield from (f"differs: {name}" for name in differences(state_of(out), case.after))
    yield from (f"left: {one}" for one in case.traces.found(out))
    told = told_by(out)
    yield from (f"receipt: {name}" for name, said in case.receipt.items() if told[name] != said)


def prepared(run: Path, videos: Path, folder: Path, person: str | None) -> Case:
    """Return the case, after an erasure that nobody stops.

    Raises:
        RuntimeError: if that does not end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    person = person or shared_person(run)
    rows = read_rows(run, "clips")
    keys = frozenset(row["clip_id"] for row in rows if row["identity_identity_id"] == person)
    out = copied(run, folder / "whole")
    traces, before = traces_of(out, set(keys), set(), videos), state_of(out)
    unstopped = Case(
        run=run, folder=folder, person=person, keys=keys, traces=traces, before=before, after={}, receipt={}
    )
    unstopped.erase(out).run()
    return Case(
        run=run, folder=folder, person=person, keys=keys, traces=traces, before=before,
        after=state_of(out), receipt=told_by(out),
    )  # fmt: skip


def killed_once(case: Case, only: Collection[int]) -> Iterator[tuple[str, tuple[Any, ...], list[str]]]:
    """Kill an erasure at each point, or at some; yields the phase, a row of the table, and the faults."""
    for number, point in enumerate(POINTS, 1):
        if only and number not in only:
            continue
        out = case.copy("killed")
        case.erase(out, point).kill_when(lambda: False)
        phase = phase_of(out)
        seen = seen_by_readers(case, out)
        wrong = [f"readers: {fault}" for fault in faults_of_readers(case, out, seen)]
        _go_on(case, out, named=bool(number % 2))
        wrong += faults_of_end(case, out)
        yield phase, (number, f"{point[0]} {point[1]}", phase, seen, len(wrong)), wrong


def _go_on(case: Case, out: Path, *, named: bool) -> None:
    """End an erasure that was killed: by its name, or without one where it was begun."""
    phase = phase_of(out)
    if phase == "journal gone":  # it is done; the next command that writes takes away what it kept aside
        with RunFolder(str(out)).writing(ERASE):
            return
    case.erase(out, named=named or phase == "chosen").run()


def killed_at_all(case: Case) -> list[str]:
    """Kill one erasure at all points one after the other; returns what was wrong."""
    out = case.copy("killed_at_all")
    wrong: list[str] = []
    for point in POINTS:
        if phase_of(out) == "journal gone":
            break
        case.erase(out, point, named=phase_of(out) == "chosen").kill_when(lambda: False)
        seen = seen_by_readers(case, out)
        wrong += [f"{point[1]}: {fault}" for fault in faults_of_readers(case, out, seen)]
    _go_on(case, out, named=False)
    return [*wrong, *faults_of_end(case, out)]


def kills(case: Case, only: Collection[int] = ()) -> Part:
    """Return what kills at all points, or only at some by their numbers, did, as a part of a benchmark."""
    rows: list[tuple[Any, ...]] = []
    phases: Counter[str] = Counter()
    wrong: list[str] = []
    for phase, row, faults in killed_once(case, only):
        phases[phase] += 1
        rows.append(row)
        print(*row, *faults, sep="; ", flush=True)  # a run takes long: what is known is seen at once
        wrong += [f"kill {row[0]}: {fault}" for fault in faults]
    every = [] if only else killed_at_all(case)
    missed = [] if only else [phase for phase in PHASES if not phases[phase]]
    columns = ("kill", "just before this change", "phase that it left", "readers saw", "faults")
    targets = [
        (
            "every phase was met",
            ", ".join(missed) or f"{len(rows)} kills in {len(phases)} phases",
            not missed,
        ),
        ("after each kill, and in the end", "; ".join(wrong[:5]) or "no fault", not wrong),
    ]
    if not only:
        targets.append(("killed at all places in turn", "; ".join(every[:5]) or "no fault", not every))
    values = {"phases": dict(phases), "faults": wrong, "at_all": every}
    return Part(
        name="killed", tables=[Table(title="Killed", columns=columns, rows=rows)], values=values,
        targets=targets,
    )  # fmt: skip


def main() -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--run", required=True, type=Path, help="a finished run")
    parser.add_argument("--videos", required=True, type=Path, help="the videos it was made of")
    parser.add_argument("--identity", help="who goes; default: somebody who shares a video")
    parser.add_argument("--only", type=int, nargs="+", default=[], help="numbers of kills; default: all")
    parser.add_argument("--output", type=Path, default=Path("out/erase_kills"), help="out/erase_kills")
    options = parser.parse_args()
    folder = options.output.absolute()
    case = prepared(options.run.absolute(), options.videos.absolute(), folder, options.identity)
    part = kills(case, options.only)
    print_part(part, Console())
    (folder / "results.json").write_text(json.dumps(part.values, indent=1), encoding="utf-8")
    (folder / "results.md").write_text(markdown([part], "Erasing, killed"), encoding="utf-8")
    return 0 if all(met for _, _, met in part.targets) else 1


if __name__ == "__main__":
    sys.exit(main())
