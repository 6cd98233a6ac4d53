"""What lies below a run folder at a moment of an erasure: how far it is, and what is the same elsewhere."""

import hashlib
import json
from pathlib import Path
from typing import Any

from schemas.data_card import DATA_CARD

# How far an erasure may be, in order, as what lies in the folder tells.
PHASES = (
    *("chosen", "noted", "excluded", "traces kept", "result begun", "result published"),
    *("old result deleted", "rooms cleared", "receipt written", "journal gone"),
)
# What tells of the moment or of a random key, and cannot be the same twice.
_OF_ITS_OWN = (
    "work/lease.json",
    "work/erased.json",
    "work/receipt_key.pem",
    "result/run.json",
    "erasures/index.html",
)
_COST = "result/report/cost.html"


def state_of(out: Path) -> dict[str, str]:
    """Return the SHA-256 of all that lies below a folder, by path; the current result is called result."""
    return _hashed(out, out)


def current_result(out: Path) -> dict[str, str]:
    """Return `result_of` of a run folder's state, without looking at anything else in it."""
    return result_of(_hashed(out, out / (out / "current").readlink()))


def _hashed(out: Path, room: Path) -> dict[str, str]:
    current = (out / "current").readlink()
    told: dict[str, str] = {}
    for path in sorted(p for p in room.rglob("*") if p.is_file() and not p.is_symlink()):
        below = path.relative_to(out)
        name = below.as_posix()
        if name.startswith(f"{current}/"):
            name = f"result/{path.relative_to(out / current).as_posix()}"
        if name.startswith("erasures/") and name.endswith(".json"):
            name = "erasures/a receipt"
        told[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return told


def result_of(state: dict[str, str]) -> dict[str, str]:
    """Return the files of the current result alone, without those that tell of the moment."""
    return {n: h for n, h in state.items() if n.startswith("result/") and n not in (*_OF_ITS_OWN, _COST)}


def _comparable(state: dict[str, str]) -> dict[str, str]:
    own = (*_OF_ITS_OWN, _COST, "erasures/a receipt")
    cards = {n for n in state if n.endswith(DATA_CARD)}  # names the receipt
    return {n: "" if n in own or n in cards else h for n, h in state.items()}


def differences(left: dict[str, str], right: dict[str, str]) -> list[str]:
    """Return the paths in which what lies below two folders differs."""
    one, other = _comparable(left), _comparable(right)
    return sorted(n for n in {*one, *other} if one.get(n) != other.get(n))


def told_by(out: Path) -> dict[str, Any]:
    """Return what the receipt says, without what is of the moment, hashed with a random key or its size."""
    (path,) = (out / "erasures").glob("*.json")
    receipt = json.loads(path.read_text(encoding="utf-8"))
    search = {k: v for k, v in receipt["search"].items() if k != "bytes"}
    kept = {k: receipt[k] for k in ("erased", "excluded_clips", "models", "not_erased")}
    hidden = {kind: len(values) for kind, values in receipt["hidden"].items()}
    return {**kept, "search": search, "hidden": hidden, "files": [f["path"] for f in receipt["files"]]}


def phase_of(out: Path) -> str:
    """Return how far an erasure is, by what lies in the folder."""
    room = out / "work" / "erasure"
    if not (room / "journal.json").is_file():
        return "journal gone" if (out / "erasures").is_dir() else "chosen"
    told = json.loads((room / "journal.json").read_text(encoding="utf-8"))
    if any((out / "erasures").glob("*.json")):
        return "receipt written"
    if told["cleared"]:
        return "rooms cleared"
    results = {p.name for p in (out / "results").iterdir()}
    if (out / "current").readlink().name != told["before"]:
        return "result published" if told["before"] in results else "old result deleted"
    if len(results) > 1:
        return "result begun"
    if (room / "traces.json").is_file():
        return "traces kept"
    return "excluded" if (out / "work" / "erased.json").is_file() else "noted"
