"""The data card of a model in training: written before its first step, beside its checkpoints."""

from collections.abc import Iterable
from pathlib import Path

from models.model_file import write_model
from models.ranks import rank_and_world
from schemas.data_card import DATA_CARD, DataCard, card_of_json, card_to_json
from schemas.exclusions import veiled_key


def write_data_card(folder: Path, keys: Iterable[str], split: str, start: Path | None) -> None:
    """Write which samples a model learns from, and those of the model that it begins with.

    Args:
        folder: of the model; start: the file of the model to begin with, whose card lies beside it.

    Raises:
        BadInputError: if a card that is there is damaged.
    """
    if rank_and_world()[0] != 0:
        return
    before, known = _card_in(folder), None if start is None else _card_in(start.parent)
    card = DataCard(
        split=split,
        samples=tuple(map(veiled_key, keys)),
        of_start=() if known is None else tuple({*known.samples, *known.of_start}),
        start_without_card=start is not None and (known is None or known.start_without_card),
        erased=(*(() if before is None else before.erased), *(() if known is None else known.erased)),
    )
    write_model(folder / DATA_CARD, card_to_json(card))


def _card_in(folder: Path) -> DataCard | None:
    path = folder / DATA_CARD
    return card_of_json(path.read_bytes(), str(path)) if path.is_file() else None
