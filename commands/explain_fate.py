"""Explain: find a video or a clip in the tables of a finished run, and tell what became of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from pipelines.identity_merges import merges_of
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from pipelines.stored_clip import find_clip
from reports.fates import VideoRows, video_lines
from reports.fates_of_clips import clip_lines
from reports.formats import prose
from reports.origins import origin_lines
from reports.reasons import rules_of
from reports.run_data import light_columns
from schemas.layout import MERGES
from schemas.outcomes import BadInputError
from schemas.records.clip import Clip
from schemas.records.video import Artefact
from schemas.stages import STAGE
from transforms.clip_sound import sound_part
from transforms.storage import join

_MOST_SHOWN = 5


def explain_fate(output: str, name: str) -> list[str]:
    """Return lines that say what became of a video or a clip of a finished run.

    Args:
        output: the folder of the run.
        name: a video's name in the tables or a part of it; a clip's key or its beginning.

    Raises:
        BadInputError: if there is no finished run, or the name fits nothing or several things.
    """
    folder = RunFolder(output)
    result = folder.finished()  # asked once: all that follows is of one result
    rules = rules_of(result.read_summary().config)
    source, clip_id = _resolve(result, name)
    if source is not None:
        return video_lines(_rows_of(result, source), rules)
    clip = find_clip(result, str(clip_id))
    merges = merges_of(join(folder.biometric, MERGES), clip.record.clip_id)
    told = clip_lines(clip.row, clip.outcome, rules, merges, _artefacts(folder, clip.record))
    return [*told, *origin_lines(_lineage(result, clip.key), clip.run.recipes)]


def _lineage(result: Result, key: str) -> dict[str, Any] | None:
    if not result.table_files("lineage"):  # of an earlier version
        return None
    return next(iter(result.read_table("lineage", None, pc.field("key") == key).to_pylist()), None)


def _resolve(result: Result, name: str) -> tuple[str | None, str | None]:
    """Return the name of the one source that is meant, or the key of the one clip."""
    names = sorted(_source_names(result))
    keys = sorted(result.read_table("clips", ["clip_id"])["clip_id"].to_pylist())
    if name in names:
        return name, None
    if name in keys:
        return None, name
    found = [n for n in names if name and name.casefold() in n.casefold()]
    begun = [k for k in keys if name and k.startswith(name)]
    if len(found) + len(begun) == 1:
        return (found[0], None) if found else (None, begun[0])
    fitting = [*found, *begun]
    shown = "; ".join(prose(n, 80) for n in (fitting or [*names, *keys])[:_MOST_SHOWN])
    what = f"{len(fitting)} names and keys fit" if fitting else "no video and no clip fits"
    raise BadInputError(f"{what} {prose(name, 100)!r}; for example: {shown}")


def _source_names(result: Result) -> set[str]:
    """Return the names of all inputs: of videos, and of what never became one."""
    names: set[str] = set()
    for table in ("videos", "rejections", "failures"):
        names |= set(result.read_table(table, ["source_name"])["source_name"].to_pylist())
    return names


def _rows_of(result: Result, source: str) -> VideoRows:
    here = pc.field("source_name") == source
    rows = {name: _rows(result, name, here) for name in ("videos", "rejections", "failures")}
    video = next(iter(rows["videos"]), None)
    twin: Mapping[str, Any] | None = None
    if video is None and (doubles := [r for r in rows["rejections"] if r["reason"] == "duplicate"]):
        twin = next(iter(_rows(result, "videos", pc.field("video_id") == doubles[0]["video_id"])), None)
    of_video = pc.field("video_id") == ("" if video is None else video["video_id"])
    return VideoRows(
        name=source,
        video=video,
        twin=None if twin is None else twin["source_name"],
        shots=_rows(result, "shots", of_video),
        tracks=_rows(result, "face_tracks", of_video),
        clips=_rows(result, "clips", of_video),
        rejections=rows["rejections"],
        failures=rows["failures"],
    )


def _rows(result: Result, table: str, where: pc.Expression) -> list[dict[str, Any]]:
    return result.read_table(table, light_columns(table), where).to_pylist()


def _artefacts(folder: RunFolder, clip: Clip) -> Sequence[tuple[str, str]]:
    """Return the name of what each stage made of a clip, and what there is of it."""
    told: list[tuple[str, str]] = []
    for artefact in clip.artefacts:
        record = folder.store.find(clip.video_id, artefact)
        if record is None:
            there = "gone or not whole; the next run makes it again"
        else:
            there = _parts_text(record["parts"], artefact, clip)
        told.append((f"{artefact.stage}-{artefact.artefact_id}", there))
    return told or [("nothing", "the clip names no artefacts")]


def _parts_text(parts: Mapping[str, int], artefact: Artefact, clip: Clip) -> str:
    """Say which parts there are; what a stage made of the video has those of all its clips."""
    shared = STAGE[artefact.stage].level == "video" if artefact.stage in STAGE else False
    mine = {n: size for n, size in parts.items() if not shared or n == sound_part(clip)}
    return ", ".join(f"{name} ({size / 1000:.0f} kB)" for name, size in mine.items()) or "scores alone"
