"""Receipts of erasures and data cards of models: signed, read back, and silent about people."""

import json
from pathlib import Path

import pytest

from models.data_card import write_data_card
from pipelines.erase.rooms import learnt
from pipelines.run_folder import RunFolder
from schemas.data_card import DataCard, card_of_json, card_to_json
from schemas.erasure import new_key_pem, read_key, read_receipt, signed
from schemas.exclusions import veiled_key
from schemas.outcomes import BadInputError
from schemas.sample import to_json_bytes

TOLD = {"receipt_id": "r", "hidden": {"ids": ["x"], "bytes": []}, "excluded_clips": []}


def test_a_receipt_is_as_it_was_signed_or_not() -> None:
    data = signed(TOLD, read_key(new_key_pem(), "a key"), "own")
    told, intact = read_receipt(data, "a.json")
    assert intact and told["receipt_id"] == "r" and told["signer"] == "own"
    changed = json.loads(data) | {"receipt_id": "another"}
    assert read_receipt(to_json_bytes(changed), "a.json")[1] is False
    # Signed by somebody else: it holds, and its key is another one.
    other, intact = read_receipt(signed(TOLD, read_key(new_key_pem(), "a key"), "own"), "a.json")
    assert intact and other["public_key"] != told["public_key"]


@pytest.mark.parametrize("data", [b"", b"{}", b'{"format": "mentor-erasure-9"}', b"[" * 10**5])
def test_what_is_no_receipt_is_refused(data: bytes) -> None:
    with pytest.raises(BadInputError, match=r"a\.json: not the receipt"):
        read_receipt(data, "a.json")


def test_a_key_that_cannot_sign_is_refused() -> None:
    with pytest.raises(BadInputError, match="no private key"):
        read_key(b"nothing", "a key")


def test_a_card_tells_what_a_model_learnt_from_and_from_whose_model_it_began(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_data_card(first, ["a", "b"], "train", None)
    write_data_card(second, ["c"], "train", first / "motion.safetensors")
    card = card_of_json((second / "data_card.json").read_bytes(), "")
    assert set(card.samples) == {veiled_key("c")} and not card.start_without_card
    assert card.num_among([veiled_key("a"), veiled_key("c"), veiled_key("d")]) == 2
    write_data_card(second, ["c"], "train", tmp_path / "elsewhere" / "motion.safetensors")
    assert card_of_json((second / "data_card.json").read_bytes(), "").start_without_card
    with pytest.raises(BadInputError, match="not the data card"):
        card_of_json(b"{}", "card")


def test_models_that_learnt_from_a_clip_are_listed_and_their_cards_lose_it(tmp_path: Path) -> None:
    for name, samples in (("with", "ab"), ("without", "b"), ("unknown", None)):
        place = tmp_path / "models" / name
        place.mkdir(parents=True)
        (place / "motion.safetensors").write_bytes(b"weights")
        (place / "index.html").write_text("pictures of clips")
        if samples is not None:
            card = DataCard(split="train", samples=tuple(map(veiled_key, samples)))
            (place / "data_card.json").write_bytes(card_to_json(card))
    for name in ("data_card.json.0a.tmp", "motion.safetensors.0a.tmp"):  # of a kill, of a training that runs
        (tmp_path / "models" / "with" / name).write_bytes(b"half")
    for _ in range(2):  # an erasure that was cut short does it again
        found = dict(learnt(RunFolder(str(tmp_path)), ["a"], "receipt"))
        assert found == {"models/with": 1, "models/unknown": None}
    card = card_of_json((tmp_path / "models" / "with" / "data_card.json").read_bytes(), "")
    assert set(card.samples) == {veiled_key("b")}
    (told,) = card.erased
    assert (told.receipt_id, told.num_samples) == ("receipt", 1)
    assert [path.name for path in tmp_path.rglob("*.tmp")] == ["motion.safetensors.0a.tmp"]
    assert list(tmp_path.rglob("*.html")) == [] and len(list(tmp_path.rglob("*.safetensors"))) == 3
