"""Which of a person's clips are copies of one that stays."""

from collections import defaultdict
from collections.abc import Sequence

from backends.protocols.arrays import FloatArray
from transforms.clip_print import ClipPrint
from transforms.find_near_duplicates.candidates import candidate_pairs
from transforms.find_near_duplicates.prove import prove
from transforms.find_near_duplicates.records import Copy, DuplicateConfig


def copies_among(
    descriptors: FloatArray, prints: Sequence[ClipPrint], config: DuplicateConfig
) -> dict[int, tuple[int, Copy]]:
    """Return for each clip that is a copy the clip of which it is one, which stays, and how it is one.

    Args:
        descriptors: (n, d) of the clips' faces.
        prints: of the clips, the best first: of two copies the one that comes first stays.
    """
    earlier: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (i, j), speed in candidate_pairs(descriptors, [p.sound for p in prints], config).items():
        earlier[j].append((i, speed))
    gone: dict[int, tuple[int, Copy]] = {}
    for j in sorted(earlier):
        for i, speed in sorted(earlier[j]):
            if i in gone:
                continue
            copy = prove(prints[i], prints[j], speed, config)
            if copy is not None:
                gone[j] = i, copy
                break
    return gone
