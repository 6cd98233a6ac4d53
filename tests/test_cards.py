"""What ships and was learnt has a card, which speaks of the very bytes that ship."""

import re
from pathlib import Path

import pytest

from backends.catalogue import describe_backends
from schemas.run import BackendInfo

ROOT = Path(__file__).parent.parent
HEADINGS = ["What it is", "What it learnt from", "How it was made", "Figures", "Limits"]
SHIPPED = [backend for backend in describe_backends() if backend.card is not None]
# Settings and tables beside weights are text; these endings are numbers that somebody or something learnt.
LEARNT = {".npz", ".onnx", ".safetensors", ".bin", ".pt", ".tflite", ".dat"}


@pytest.mark.parametrize("backend", SHIPPED, ids=lambda b: b.name)
def test_a_card_tells_what_ships(backend: BackendInfo) -> None:
    card = (ROOT / str(backend.card)).read_text(encoding="utf-8")
    assert card.startswith(f"# {backend.name}\n")
    assert re.findall(r"^## (.*)$", card, re.MULTILINE) == HEADINGS
    assert backend.weights_sha256 is not None and backend.weights_sha256 in card, (
        "the card is of other weights"
    )
    learnt_from = card.split("## ")[2]
    assert "| licence |" in learnt_from and learnt_from.count("\n| ") >= 2
    assert all(len(part.split()) > 20 for part in card.split("## ")[1:] if not part.startswith("How"))


def test_all_learnt_files_that_ship_are_of_a_card() -> None:
    rooms = (
        "schemas",
        "body",
        "media",
        "backends",
        "drawing",
        "transforms",
        "models",
        "pipelines",
        "reports",
    )
    files = {p for room in rooms for p in (ROOT / room).rglob("*") if p.suffix in LEARNT}
    cards = "".join((ROOT / str(b.card)).read_text(encoding="utf-8") for b in SHIPPED)
    assert files and [p for p in sorted(files) if p.relative_to(ROOT).as_posix() not in cards] == []
    assert {p.stem for p in (ROOT / "docs" / "cards").glob("*.md")} == {b.name for b in SHIPPED}
