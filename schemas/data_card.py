"""What a trained model says of the samples it learnt from: hashes of keys, as lists of exclusions hold them.

So it can be told of any model whether it learnt from a clip that was withdrawn or erased since, without a
name of anybody in the card. The card lies beside the model and its checkpoints.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.outcomes import BadInputError
from schemas.sample import to_json_bytes

DATA_CARD = "data_card.json"
_FORMAT = "mentor-data-card-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class ErasedFrom:
    """How many of a model's samples an erasure took away after it had learnt from them."""

    receipt_id: str
    num_samples: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DataCard:
    """The samples that a model was trained on, veiled, and those of the model that it began with."""

    split: str
    samples: tuple[str, ...]
    of_start: tuple[str, ...] = ()
    start_without_card: bool = False
    erased: tuple[ErasedFrom, ...] = ()

    def num_among(self, veiled: Collection[str]) -> int:
        """Return how many of some samples the model learnt from."""
        return len({*self.samples, *self.of_start} & set(veiled))

    def without(self, veiled: Collection[str], receipt_id: str) -> "DataCard":
        """Return the card without some samples, and with the number of those it had."""
        number = self.num_among(veiled)
        if not number:
            return self
        gone = set(veiled)
        others = tuple(e for e in self.erased if e.receipt_id != receipt_id)
        return DataCard(
            split=self.split,
            samples=tuple(s for s in self.samples if s not in gone),
            of_start=tuple(s for s in self.of_start if s not in gone),
            start_without_card=self.start_without_card,
            erased=(*others, ErasedFrom(receipt_id=receipt_id, num_samples=number)),
        )


def card_to_json(card: DataCard) -> bytes:
    """Return a card as a file."""
    return to_json_bytes(
        {
            "format": _FORMAT,
            "split": card.split,
            "samples": sorted(card.samples),
            "of_start": sorted(card.of_start),
            "start_without_card": card.start_without_card,
            "erased": [{"receipt_id": e.receipt_id, "num_samples": e.num_samples} for e in card.erased],
        }
    )


def card_of_json(data: bytes, where: str) -> DataCard:
    """Return the card of a file.

    Args:
        where: the file's name, for the error.

    Raises:
        BadInputError: if it is no such card.
    """
    try:
        found: Mapping[str, Any] = json.loads(data)
        if found["format"] == _FORMAT:
            return DataCard(
                split=str(found["split"]),
                samples=_words(found["samples"]),
                of_start=_words(found["of_start"]),
                start_without_card=bool(found["start_without_card"]),
                erased=tuple(
                    ErasedFrom(receipt_id=str(e["receipt_id"]), num_samples=int(e["num_samples"]))
                    for e in found["erased"]
                ),
            )
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise BadInputError(f"{where}: not the data card of a model")


def _words(items: Sequence[Any]) -> tuple[str, ...]:
    if not all(isinstance(item, str) for item in items):
        raise TypeError("not words")
    return tuple(items)
