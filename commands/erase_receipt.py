"""The receipt of an erasure, put together and signed."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from media.source import local_path
from pipelines.erase.journal import Journal
from pipelines.erase.search import Search
from pipelines.erase.traces import Traces, hashes_below
from pipelines.erased import begun
from pipelines.run_folder import RunFolder
from schemas.erasure import Signer, new_key_pem, read_key, signed
from schemas.exclusions import veiled_key
from schemas.layout import RECEIPT_KEY, SHARDS, WORK
from schemas.outcomes import BadInputError
from transforms.storage import join, read_if_there, write_bytes

# What no erasure can do; whoever reads the receipt should know.
NOT_ERASED = (
    "the source files themselves, which Mentor never changes",
    "copies of results, back-ups, snapshots and older versions that a filesystem or an object store keeps",
    "what models that are listed learnt from it",
)


def receipt_place(folder: RunFolder, journal: Journal) -> str:
    """Return where the receipt of an erasure lies."""
    return folder.erasures.receipt(journal.receipt_id)


def left_by(place: str) -> int | None:
    """Return how much of what went was found again, as a receipt says; None if it is not there."""
    data = read_if_there(place)
    return None if data is None else int(json.loads(data)["search"]["left"])


def make_key(folder: RunFolder, key: Path | None) -> None:
    """Make the key that signs, unless it is there: before the search, so that this counts it in any case."""
    _key(folder, key)


def write_receipt(
    folder: RunFolder, journal: Journal, traces: Traces, found: Search, key: Path | None
) -> None:
    """Write and sign the receipt of an erasure that is done.

    Raises:
        BadInputError: if the key cannot be used.
    """
    plan, erased = journal.plan, begun(folder)
    current = folder.finished()
    told: dict[str, Any] = {
        "receipt_id": journal.receipt_id,
        "begun": journal.begun,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "request": {
            "by": plan.request.kind,
            "name": erased.veiled("request", plan.request.name),
            "reason": plan.request.reason,
        },
        "erased": {
            "clips": len(plan.clip_ids),
            "accepted_clips": journal.num_accepted,
            "sources": len(plan.source_names),
            "videos_in_part": len({span.video_id for span in plan.spans}),
            "artefact_bytes": journal.num_bytes,
        },
        # As in exclusions.json: who has a copy of the shards leaves these out.
        "excluded_clips": sorted(map(veiled_key, plan.clip_ids)),
        "results": {"before": journal.before, "after": current.name},
        "files": list(_changed(traces.before, _after(folder, traces))),
        "models": [
            {"folder": place, "num_samples": number, "known": number is not None}
            for place, number in journal.models
        ],
        "search": {
            "files": found.num_files,
            "bytes": found.num_bytes,
            "members_of_shards": found.num_members,
            "sounds": found.num_sounds,
            "pictures_of_clips": found.num_pictures,
            "faces": found.num_faces,
            "nearest_face": found.nearest_face,
            "faces_within_merging_distance": len(found.near),
            "left": len(found.found),
        },
        "not_erased": list(NOT_ERASED),
        "hidden": {"ids": sorted(traces.ids), "bytes": sorted(traces.hashes)},
    }
    pem, where, signer = _key(folder, key)
    write_bytes(receipt_place(folder, journal), signed(told, read_key(pem, where), signer))


def check_key(key: Path | None) -> None:
    """Raise BadInputError if a key cannot sign."""
    if key is not None:
        read_key(_bytes_of(key), str(key))


def _key(folder: RunFolder, key: Path | None) -> tuple[bytes, str, Signer]:
    if key is not None:
        return _bytes_of(key), str(key), "own"
    place = join(folder.root, WORK, RECEIPT_KEY)
    pem = read_if_there(place)
    if pem is None:
        pem = new_key_pem()
        write_bytes(place, pem)
        if folder.is_local:
            local_path(place).chmod(0o600)
    return pem, place, "made here"


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInputError(f"--key {path}: cannot be read ({error.strerror or error})") from error


def _after(folder: RunFolder, traces: Traces) -> dict[str, str]:
    """Return the hashes of the result's files that were changed or are new, and of those beside them."""
    held = {path.rpartition("/")[2] for path in traces.before if path.startswith(f"{SHARDS}/")}
    return dict(hashes_below(folder.finished(), lambda room, name: room != SHARDS or name in held))


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[dict[str, str | None]]:
    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path):
            yield {"path": path, "before": before.get(path), "after": after.get(path)}
