"""How near a photo comes to another of the same person, and how near to strangers'.

True pairs are of labelled photos of few people over years (`faces/lfw10`), strangers the adults of
`faces/utkface_balanced`, one photo each: distances count relative to centres made from one half of them,
pairs are of the other half, of people of one group, who look more alike. They give the table of
`pipelines/find_person.py`.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from backends.dlib_faces import stranger_distances
from benchmarks.people_strangers import NUM_GROUPS, described, group_centres, labelled_adults

# Shares of pairs of strangers at which the table has a row; at the last one some pairs at least are nearer.
_SHARES = (0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3)


def print_likeness(data: Path) -> None:
    """Print by distance how many pairs of strangers are nearer, and how many of one person's are not."""
    unknown = data / "faces" / "utkface_balanced"
    adults = labelled_adults(unknown)
    files = [unknown / name for name, _ in adults]
    centres = group_centres(described(files[::2]), NUM_GROUPS // 2)
    groups = sorted({group for _, group in adults})
    alike = [[unknown / name for name, own in adults[1::2] if own == group] for group in groups]
    strangers = np.concatenate([_apart(described(those), centres) for those in alike])
    folders = sorted((data / "faces" / "lfw10").iterdir())
    people = {folder.name: described(sorted(folder.glob("*.jpg"))) for folder in folders}
    true = np.concatenate([_apart(found, centres) for found in people.values()])
    print(f"{len(true)} pairs of {len(people)} people's photos, {len(strangers)} of strangers of one group")
    for distance, few, missed in rows(strangers, true):
        print(f"    ({distance:.3f}, {few:.0e}, {missed:.3f}),")
    everybody = _apart(described(files[1::2]), centres)
    crossed = np.concatenate(list(_across(list(people.values()), centres)))
    for bound in (0.9, 0.95, 1.0, 1.05, 1.1):
        shares = [f"{(some < bound).mean():.1e}" for some in (strangers, everybody, crossed, true)]
        print(f"nearer than {bound}: of one group, of all, of labelled people, true: {', '.join(shares)}")


def rows(
    strangers: npt.NDArray[np.float64], true: npt.NDArray[np.float64]
) -> Iterator[tuple[float, float, float]]:
    """Yield distance, share of strangers that are nearer, share of true pairs that are not, in order."""
    for share in reversed(_SHARES):
        distance = float(np.quantile(strangers, share))
        yield distance, share, float((true >= distance).mean())


def _apart(found: npt.NDArray[np.float32], centres: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the relative distances of all pairs of descriptors (n, d)."""
    near = stranger_distances(found, centres)
    first, second = np.triu_indices(len(found), 1)
    squared = ((found[first].astype(np.float64) - found[second]) ** 2).sum(axis=1)
    return np.sqrt(squared / (near[first] * near[second]))


def _across(
    people: list[npt.NDArray[np.float32]], centres: npt.NDArray[np.float32]
) -> Iterator[npt.NDArray[np.float64]]:
    for i, one in enumerate(people):
        for other in people[i + 1 :]:
            scale = stranger_distances(one, centres)[:, None] * stranger_distances(other, centres)
            squared = ((one[:, None].astype(np.float64) - other[None]) ** 2).sum(axis=2)
            yield np.sqrt(squared / scale).ravel()
