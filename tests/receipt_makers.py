"""Receipts of erasures that tests make, without an erasure."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.run_folder import RunFolder
from reports.erasure_told import Filed
from schemas.erasure import new_key_pem, read_key, signed
from schemas.receipt import checked_receipt
from transforms.storage import write_bytes

TOLD: Mapping[str, Any] = {
    "receipt_id": "20261127T132520-94d538",
    "begun": "2026-11-27T13:25:20+00:00",
    "ended": "2026-11-27T13:26:02+00:00",
    "request": {"by": "identity", "name": "a" * 20, "reason": "Letter of 27 November"},
    "erased": {
        "clips": 4, "accepted_clips": 3, "sources": 2, "videos_in_part": 1, "artefact_bytes": 1_740_000,
    },
    "excluded_clips": ["b" * 20],
    "results": {"before": "20261126T080000-aaaaaa", "after": "20261127T132521-bbbbbb"},
    "files": [{"path": "tables/clips-00000-of-00001.parquet", "before": "c" * 64, "after": "d" * 64}],
    "models": [
        {"folder": "models/motion", "num_samples": 3, "known": True},
        {"folder": "models/../../elsewhere", "num_samples": None, "known": False},
    ],
    "search": {
        "files": 147, "bytes": 10_000_000, "members_of_shards": 24, "sounds": 12, "pictures_of_clips": 1,
        "faces": 6, "nearest_face": 0.39, "faces_within_merging_distance": 2, "left": 0,
    },
    "not_erased": ["the source files themselves, which Mentor never changes"],
    "hidden": {"ids": [], "bytes": []},
}  # fmt: skip


def write_receipt(folder: RunFolder, number: int = 0, **changes: Any) -> Path:
    """Write and sign a receipt into a run folder; returns where it lies on this machine."""
    told = {**TOLD, "receipt_id": f"20261127T1325{number:02}-94d538", **changes}
    place = folder.erasures.receipt(told["receipt_id"])
    write_bytes(place, signed(told, read_key(new_key_pem(), "a key"), "made here"))
    return Path(place)


def change(receipt: Path, **changes: Any) -> None:
    """Change what a receipt says, without signing it anew."""
    receipt.write_text(json.dumps({**json.loads(receipt.read_text()), **changes}))


def filed_receipts() -> list[Filed]:
    """Return receipts as a page takes them: one that holds, one that was changed, one that is damaged."""
    says = checked_receipt({**TOLD, "signer": "own", "public_key": "a key"}, "a receipt")
    return [
        Filed(
            file="20261127T132501-94d538.json",
            says=says,
            is_intact=True,
            left=[("export/note.txt", "it holds an id")],
            models=[("models/motion", "it is gone")],
        ),
        Filed(file="20261127T132502-94d538.json", says=says, is_intact=False, left=()),
        Filed(file="20261127T132503-94d538.json", says=None, is_intact=False),
    ]
