"""Verify an erasure: the receipt's signature, and that nothing of what was erased is in the folder now."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from commands.package_run import settings_of_run
from media import MediaLimits, decode_audio, probe_media
from pipelines.erase.search_bytes import ByteSearch, Found
from pipelines.erase.search_copies import CopySearch
from pipelines.erased import read_erased
from pipelines.find_person import photographed
from pipelines.known_faces import Faces, known_faces
from pipelines.photo import VIDEO_SUFFIXES
from pipelines.run_folder import RunFolder
from schemas.data_card import DATA_CARD, card_of_json
from schemas.erasure import read_receipt
from schemas.outcomes import BadInputError
from schemas.sample import SAMPLING_RATE_HZ
from transforms.clip_print import ClipPrint
from transforms.find_near_duplicates import sound_print
from transforms.storage import read_if_there

_LEFT = 3
_MOST_TOLD = 20


def verify_receipt(
    output: str, receipt: str, material: Sequence[Path], models: Sequence[Path], console: Console
) -> int:
    """Check a receipt and search a run folder again; returns 0, or 3 if something is left or was changed.

    Args:
        material: photos and videos of who was erased, by which is searched too.
        models: folders of models whose data cards are asked.

    Raises:
        BadInputError: if the receipt, the folder or a file cannot be read.
    """
    data = read_if_there(receipt)
    if data is None:
        raise BadInputError(f"--verify {receipt}: no such file")
    told, intact = read_receipt(data, receipt)

    def say(line: str) -> None:
        console.out(line, highlight=False)

    say(f"receipt {told['receipt_id']} of {told['ended']}: " + _signature(told, intact=intact))
    folder = RunFolder(output)
    folder.finished()
    erased = read_erased(folder)
    found: list[Found] = []
    if erased is None:
        say("the key that hides what was erased is not here (OUT/work): ids and bytes cannot be searched for")
    else:
        search = ByteSearch(erased.veiled, told["hidden"]["ids"], told["hidden"]["bytes"])
        found += search.below(folder.root, ())
        say(f"searched {search.num_files} files and {search.num_members} members of shards by ids and bytes")
    for file in material:
        found += _looked_for(folder, file)
    for place in models:
        say(_model(place, told))
    for one in found[:_MOST_TOLD]:
        say(f"left: {one.path}: {one.by}")
    if not found:
        say("nothing of it was found")
    return 0 if intact and not found else _LEFT


def _signature(told: dict, *, intact: bool) -> str:
    if not intact:
        return "CHANGED since it was signed"
    if told["signer"] == "own":
        return "as it was signed; compare its public_key with that of the signer whom you know"
    return "as it was signed, by a key that was made in the folder: nobody vouches for it"


def _looked_for(folder: RunFolder, file: Path) -> Iterator[Found]:
    """Yield what is left that looks or sounds like a file of the person who was erased."""
    result = folder.finished()
    config = settings_of_run(folder, result.read_summary())
    if file.suffix.lower() in VIDEO_SUFFIXES:
        yield from CopySearch(folder, result).copies_of([_sound_of(file)])
    known = list(known_faces(result, folder.store))
    if not known:
        return
    face = photographed(file, config.embed.model)
    here = [one for one in known if one.face.embedder == face.embedder]
    away = Faces.of([one.face for one in here]).distances(Faces.of([face]))
    for one, distance in zip(here, away[:, 0] if here else (), strict=True):
        if distance <= config.identities.merge_distance:
            yield Found(f"biometric, clip {one.clip['clip_id']}", f"a face at distance {distance:.2f}")


def _sound_of(file: Path) -> ClipPrint:
    limits = MediaLimits()
    seconds = probe_media(str(file), limits).duration_seconds
    samples = decode_audio(str(file), limits, 0.0, seconds, SAMPLING_RATE_HZ)
    return ClipPrint(
        sound=sound_print(samples, SAMPLING_RATE_HZ), face=np.zeros((0, 63), np.int16), face_hz=12.5
    )


def _model(place: Path, told: dict) -> str:
    data = read_if_there(str(place / DATA_CARD))
    if data is None:
        return f"{place}: no {DATA_CARD}; whether it learnt from what was erased is not known"
    card = card_of_json(data, str(place / DATA_CARD))
    known = sum(e.num_samples for e in card.erased if e.receipt_id == told["receipt_id"])
    number = max(known, card.num_among(told["excluded_clips"]))
    if number:
        return f"{place}: learnt from {number} clips that were erased; train it anew, or delete it"
    if card.start_without_card:
        return f"{place}: did not learn from it itself; the model that it began with has no data card"
    return f"{place}: did not learn from what was erased"
