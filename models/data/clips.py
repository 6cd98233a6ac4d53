"""Whole clips, each once and in order: for evaluation."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from models.data.catalogue import of_split, read_catalogue
from models.data.config import SampleLimits, WindowConfig
from models.data.draws import Choice
from models.data.exclude import Exclusions
from models.data.places import find_shards
from models.data.reader import Clock, SampleReader
from models.data.records import Window
from schemas.days import utc_today
from schemas.exclusions import veiled_key


def clips(
    shards: str | Path | Iterable[str | Path],
    config: WindowConfig,
    *,
    split: str | None = "val",
    clock: Clock = utc_today,
) -> Iterator[Window]:
    """Yield all clips of a split whole, unmirrored, in the order in which they lie in the shards.

    Args:
        config: which parts and arrays; what it says of lengths, order, weights and mirrors is not followed.
        clock: tells the day; clips whose consent holds no more are left out, with a warning.

    Raises:
        BadInputError: if there are no shards, or more bad samples than allowed.
    """
    names = of_split(find_shards(shards), split)
    exclusions = Exclusions(names)
    catalogue = read_catalogue(names, exclusions.veiled, config.limits)
    reader = SampleReader(catalogue, exclusions, config, clock)
    for row in range(len(catalogue.keys)):
        found = reader.read(row, _whole)
        if isinstance(found, Window):
            yield found


def clips_of_the_same_people(
    shards: str | Path | Iterable[str | Path], veiled: Iterable[str]
) -> frozenset[str]:
    """Return the keys of all clips in some shards that show whom any of some clips shows.

    Args:
        veiled: what stands for those clips' keys (`veiled_key`).

    Raises:
        BadInputError: if there are no shards, or they cannot be read.
    """
    names, wanted = find_shards(shards), frozenset(veiled)
    catalogue = read_catalogue(names, Exclusions(names).veiled, SampleLimits())
    shown = list(zip(catalogue.keys, catalogue.person.tolist(), strict=True))
    people = {who for key, who in shown if veiled_key(key) in wanted}
    return frozenset(key for key, who in shown if who in people)


def _whole(num_frames: int) -> Choice:
    return Choice(start=0, length=num_frames, mirrored=False, reference=0)
