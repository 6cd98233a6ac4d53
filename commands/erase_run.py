"""Erase: choose, exclude, make a result without it, clear all rooms, search, write a receipt.

Each step can be done twice. What is to go stands in a journal before anything is changed, so a killed erasure
is ended by the next call, and no other command writes into the folder before that.
"""

import datetime
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam
from rich.console import Console

from commands.complete import complete
from commands.curate_videos import running
from commands.erase_page import refresh_page
from commands.erase_receipt import check_key, left_by, make_key, receipt_place, write_receipt
from commands.package_run import settings_of_run
from pipelines.erase.choose import choose, known_of
from pipelines.erase.journal import (
    Journal,
    close_journal,
    new_journal,
    read_journal,
    write_journal,
)
from pipelines.erase.plan import ErasePlan, Request
from pipelines.erase.remaining import Remaining, remaining_people
from pipelines.erase.rooms import clear_rooms, num_bytes_that_go, with_places
from pipelines.erase.search import Search, search
from pipelines.erase.shards import planned_changes
from pipelines.erase.traces import collect, read_traces, write_traces
from pipelines.erased import begun, with_more, write_erased
from pipelines.known_faces import Faces, KnownFace, known_faces
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from pipelines.runner import runner_options
from pipelines.summarise import Ended
from schemas.days import utc_today
from schemas.outcomes import BadInputError
from schemas.run import ERASE

_MOST_TOLD = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """An erasure that came to its end: the receipt's place, and how much of what went was found again."""

    receipt: str
    left: int


def erase(
    output: str, request: Request | None, console: Console, *, key: Path | None = None, ask: bool = False
) -> Done | None:
    """Erase what a request names, after ending what an earlier call began; None if the user says no.

    Args:
        request: None to do nothing but end what was begun.
        key: an Ed25519 key as PEM that signs the receipt; None for one that is made in the folder.
        ask: show what would go and ask before it does.

    Raises:
        BadInputError: if the folder holds no finished run or is in use, or nothing or several things have
            that name.
    """
    check_key(key)
    folder = RunFolder(output)
    folder.finished()
    with folder.writing(ERASE):
        journal = read_journal(folder)
        if journal is None and request is None:
            raise BadInputError(f"{output}: say what to erase: --source, --speaker, --identity or --clip")
        done = None
        if journal is not None:
            console.print("Ending the erasure that was begun.")
            done = _finish(folder, journal, key, console)
            if request is None or _is_same(request, journal.plan.request):
                return done
        assert request is not None
        begun_now = _begin(folder, request, console, ask=ask)
        return None if begun_now is None else _finish(folder, begun_now, key, console)


def _is_same(one: Request, other: Request) -> bool:
    return (one.kind, one.name) == (other.kind, other.name)


def _begin(folder: RunFolder, request: Request, console: Console, *, ask: bool) -> Journal | None:
    """Choose what goes, ask, and note it; from then on it is excluded and will be erased."""
    result = folder.finished()
    bound = settings_of_run(folder, result.read_summary()).identities.merge_distance
    known = known_of(result, folder.last_run())
    plan = with_places(choose(request, known, lambda clips: _alike(folder, result, clips, bound)), folder)
    gone = set(plan.clip_ids)
    accepted = sum(c["status"] == "accepted" and c["clip_id"] in gone for c in known.clips)
    for line in _said(plan, accepted):
        console.out(line, highlight=False)
    if ask and not _agreed(folder):
        console.out("nothing erased", highlight=False)
        return None
    size = num_bytes_that_go(folder, plan)
    journal = write_journal(folder, new_journal(plan, result.name, accepted, size))
    _exclude(folder, plan)
    return journal


def _said(plan: ErasePlan, accepted: int) -> list[str]:
    parts = [f"{len(plan.clip_ids)} clips ({accepted} of them accepted)"]
    if plan.source_names:
        parts.append(f"{len(plan.source_names)} sources whole: {', '.join(plan.source_names[:5])}")
    if shared := {span.video_id for span in plan.spans}:
        parts.append(f"parts of {len(shared)} videos that stay")
    return [f"To be erased: {'; '.join(parts)}", *(f"  note: {remark}" for remark in plan.remarks)]


def _agreed(folder: RunFolder) -> bool:
    if not sys.stdin.isatty():
        raise BadInputError(f"{folder.root}: nothing erased; say --yes to erase for good")
    return input("Erase that for good? [y/N] ").strip().lower() in ("y", "yes")


def _alike(folder: RunFolder, result: Result, clips: Sequence[str], bound: float) -> list[str]:
    """Return the clips whose face lies within the merging distance of some clips' faces, on average."""
    every = list(known_faces(result, folder.store))
    mine = [known for known in every if known.clip["clip_id"] in set(clips)]
    others = [known for known in every if known.clip["identity_identity_id"] is None]
    embedders = {known.face.embedder for known in mine}
    others = [known for known in others if {known.face.embedder} == embedders]
    if not mine or not others:
        return []
    squared = _faces(others).distances(_faces(mine)) ** 2
    near = squared.mean(axis=1) <= bound**2
    return [known.clip["clip_id"] for known, is_near in zip(others, near, strict=True) if is_near]


def _faces(known: Sequence[KnownFace]) -> Faces:
    return Faces.of([one.face for one in known])


def _exclude(folder: RunFolder, plan: ErasePlan) -> None:
    """Let loaders leave out what goes from now on, and keep it from coming back."""
    folder.exclusions.add(plan.clip_ids)
    spans = {span.video_id: plan.spans_of(span.video_id) for span in plan.spans}
    more = with_more(
        begun(folder),
        places=plan.owners,
        contents=dict(zip(plan.video_ids, plan.sizes, strict=True)),
        speakers=plan.speaker_words,
        spans=spans,
    )
    write_erased(folder, more)


def _finish(folder: RunFolder, journal: Journal, key: Path | None, console: Console) -> Done:
    """Do all that is left of an erasure."""
    plan = journal.plan
    _exclude(folder, plan)
    current, erased = folder.finished(), begun(folder)
    if read_traces(folder) is None:
        write_traces(folder, collect(folder, current, plan, erased))
    if current.name == journal.before:
        _say(console, "writing a result without it")
        _make_result(folder, current, plan, console)
    folder.remove_old_results()
    if not journal.cleared:
        _say(console, "clearing artefacts, faces, drawings, models' cards and notes")
        journal = write_journal(folder, clear_rooms(folder, journal))
    receipt = receipt_place(folder, journal)
    if (left := left_by(receipt)) is not None:  # killed after that was written
        _close(folder)
        console.out(f"Erased; receipt: {receipt}", highlight=False)
        return Done(receipt=receipt, left=left)
    traces = read_traces(folder)
    assert traces is not None
    make_key(folder, key)
    _say(console, "searching for what is left")
    result = folder.finished()
    bound = settings_of_run(folder, result.read_summary()).identities.merge_distance
    found = search(folder, result, traces, erased, bound)
    write_receipt(folder, journal, traces, found, key)
    _close(folder)
    _report(journal, found, receipt, folder.erasures.page, console)
    return Done(receipt=receipt, left=len(found.found))


def _close(folder: RunFolder) -> None:
    """Tell of it on the page of erasures; then it is done."""
    refresh_page(folder)
    close_journal(folder)


def _make_result(folder: RunFolder, before: Result, plan: ErasePlan, console: Console) -> None:
    summary = before.read_summary()
    config = settings_of_run(folder, summary)
    groups = dict(plan.groups)
    renamed = {
        row["clip_id"]
        for row in before.read_table("clips", ["clip_id", "identity_split_group"]).to_pylist()
        if row["identity_split_group"] in groups
    }
    changes, sizes = planned_changes(before, frozenset(plan.clip_ids), renamed)
    places = folder.places(folder.new_result())
    with running(folder, console), beam.Pipeline(options=runner_options([])) as pipeline:
        _ = pipeline | Remaining(before, places, plan, config, changes, sizes)
    names = set(plan.source_names)
    ended = Ended(
        command=ERASE,
        config=config,
        ignored=[ignored for ignored in summary.ignored_inputs if ignored.name not in names],
        wall_seconds=summary.wall_seconds,
        inputs_hash=None,
        today=datetime.date.fromisoformat(summary.consent_day) if summary.consent_day else utc_today(),
        recipes=summary.recipes,
    )
    complete(ended, folder, places, Console(quiet=True), remaining_people(before, plan))


def _say(console: Console, line: str) -> None:
    console.out(f"  {line}", highlight=False)


def _report(journal: Journal, found: Search, receipt: str, page: str, console: Console) -> None:
    for line in (*_told(journal, found), f"  receipt: {receipt}", f"  all erasures: {page}"):
        console.out(line, highlight=False)


def _told(journal: Journal, found: Search) -> Iterator[str]:
    plan = journal.plan
    left = f"{len(found.found)} places still hold something" if found.found else "nothing of it is left"
    yield (
        f"Erased: {len(plan.clip_ids)} clips, {journal.num_accepted} of them accepted, "
        f"{len(plan.source_names)} sources whole. Searched {found.num_files} files, {found.num_sounds} "
        f"sounds and {found.num_faces} faces: {left}"
    )
    yield from (f"  left: {one.path}: {one.by}" for one in found.found[:_MOST_TOLD])
    yield from (f"  {remark}" for remark in plan.remarks)
    for clip, distance in found.near[:_MOST_TOLD]:
        yield f"  a face that may be of the same person is left: clip {clip} (distance {distance:.2f})"
    for place, number in journal.models:
        how = (
            "may have learnt from it (no data card says)" if number is None else f"learnt from {number} clips"
        )
        yield f"  {place} {how}: train it anew without them, or delete it"
    yield "  copies that you passed on, back-ups and models elsewhere are yours to recall (docs/erasure.md)"
