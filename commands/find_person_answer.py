"""Find a person by a photo: the answer in words or JSON, without a descriptor in it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from commands.package_run import settings_of_run
from pipelines.find_person import EMBEDDED, Candidate, candidates, photographed
from pipelines.known_faces import known_faces
from pipelines.run_folder import RunFolder
from schemas.outcomes import BadInputError

_MOST_CLIPS = 10
_WORDS = {
    "probably": "probably the same person",
    "possibly": "possibly the same person: look at the clips",
    "unlikely": "unlikely",
}


def answer(output: str, photo: Path, most: int, console: Console, *, as_json: bool = False) -> int:
    """Print who of a run is near to the person of a photo; returns 0 if anybody is, else 3.

    Raises:
        BadInputError: if there is no finished run, it kept no faces, or the photo shows nobody to compare.
    """
    folder = RunFolder(output)
    result = folder.finished()
    config = settings_of_run(folder, result.read_summary())
    if not config.embed.enabled:
        raise BadInputError(f"{output}: this run kept no descriptors of faces (embed.enabled: false)")
    known = list(known_faces(result, folder.store))
    if not known:
        raise BadInputError(
            f"{output}: no descriptors of faces are kept here (OUT/biometric is gone or was never made); "
            "curate again, or look at the clips with inspect"
        )
    face = photographed(photo, config.embed.model)
    found = candidates(
        face,
        known,
        measured=config.embed.model == EMBEDDED,
        bound=config.identities.merge_distance,
    )
    unseen = _without_face(result.read_table("clips", ["clip_id"]).num_rows, len(known))
    near = [c for c in found if c.verdict != "unlikely"]
    if as_json:
        told: dict[str, Any] = {
            "faces_compared": len(known),
            "clips_without_face": unseen,
            "candidates": [asdict(c) for c in found[:most]],
        }
        console.out(json.dumps(told, indent=1), highlight=False)
    else:
        for line in _lines(found[:most], len(known), unseen, output):
            console.out(line, highlight=False)
    return 0 if near else 3


def _without_face(num_clips: int, num_faces: int) -> int:
    return num_clips - num_faces


def _lines(found: Sequence[Candidate], num_faces: int, unseen: int, output: str) -> Iterator[str]:
    yield f"Compared with the faces of {num_faces} clips."
    for number, one in enumerate(found, start=1):
        who = f"identity {one.identity_id}" if one.identity_id else "a clip in which nobody was recognised"
        yield f"{number}. {_WORDS[one.verdict]}: {who}, distance {one.distance:.2f}{_sure(one)}"
        if one.verdict == "unlikely":
            continue
        for clip in one.clips[:_MOST_CLIPS]:
            yield (
                f"     {clip.clip_id}  {clip.source_name}  {clip.start_seconds:.1f} to "
                f"{clip.end_seconds:.1f} s  {clip.status}, distance {clip.distance:.2f}"
            )
        if (rest := len(one.clips) - _MOST_CLIPS) > 0:
            yield f"     and {rest} more"
    if not any(one.verdict != "unlikely" for one in found):
        yield "Nobody here is likely to be the person of the photo."
    if unseen:
        yield (
            f"{unseen} clips have no face that could be compared (turned down before they were looked at, or "
            "no good view): whether they show the person is not known."
        )
    yield f"Look at a clip: inspect {output} KEY. Erase: erase {output} --identity ID, or --clip KEY."


def _sure(one: Candidate) -> str:
    if one.chance_of_stranger is None or one.missed is None:
        return " (how sure that is was not measured for this recogniser)"
    return (
        f"; the chance that a stranger here is as near by accident is {_share(one.chance_of_stranger)}, and "
        f"{_share(one.missed)} of photos of one person are farther apart"
    )


def _share(share: float) -> str:
    percent = 100 * share
    return "below 0.1 %" if percent < 0.1 else f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"
