"""Reading samples out of shards, by where their parts lie."""

from collections.abc import Sequence

from models.data.catalogue import Catalogue
from models.data.config import SampleLimits
from models.data.places import base_name, read_range
from models.data.records import BadSampleError
from schemas.sample import PARTS

# Parts with no more between them than this are read at once.
_GAP_BYTES = 2**16


def read_parts(
    catalogue: Catalogue, row: int, wanted: Sequence[str], limits: SampleLimits
) -> dict[str, bytes]:
    """Return the wanted parts of a sample; nothing else of the shard is read, but for small gaps.

    Raises:
        BadSampleError: if a part is missing, larger than allowed, or cannot be read.
    """
    places = {part: _place(catalogue, row, part, limits) for part in wanted}
    parts: dict[str, bytes] = {}
    try:
        for group in _neighbours(places):
            first, last = places[group[0]], places[group[-1]]
            data = read_range(shard_of(catalogue, row), first[0], sum(last) - first[0])
            for part in group:
                start = places[part][0] - first[0]
                parts[part] = data[start : start + places[part][1]]
    except OSError as error:
        raise BadSampleError(f"its shard cannot be read ({error}); has a run ended meanwhile?") from error
    return parts


def shard_of(catalogue: Catalogue, row: int) -> str:
    """Return the shard that a sample lies in."""
    return catalogue.shards[int(catalogue.shard[row])]


def name_of(catalogue: Catalogue, row: int) -> str:
    """Return a sample's name for people: shard and key."""
    return f"{base_name(shard_of(catalogue, row))}: {catalogue.keys[row]}"


def _place(catalogue: Catalogue, row: int, part: str, limits: SampleLimits) -> tuple[int, int]:
    column = PARTS.index(part)
    offset, size = int(catalogue.offsets[row, column]), int(catalogue.sizes[row, column])
    if offset < 0:
        raise BadSampleError(f"its {part} is missing")
    if size > limits.max_bytes(part):
        raise BadSampleError(f"its {part} has {size} bytes; {limits.max_bytes(part)} are allowed")
    return offset, size


def _neighbours(places: dict[str, tuple[int, int]]) -> list[list[str]]:
    """Return parts in groups that are read at once, in the order in which they lie."""
    groups: list[list[str]] = []
    end = None
    for part, (offset, size) in sorted(places.items(), key=lambda item: item[1]):
        if end is not None and 0 <= offset - end <= _GAP_BYTES:
            groups[-1].append(part)
        else:
            groups.append([part])
        end = offset + size
    return groups
