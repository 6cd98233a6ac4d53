"""How many strangers are taken for one person where there are very many, beside people who are known.

Strangers are drawn from the descriptor's own statistics, as in benchmarks/people_scale.py: one clip of each,
so whatever is merged is merged wrongly. The labelled photos (faces/lfw10) lie among them. What runs are the
chain's own functions on blocks, pairs and components; voices, which part many lookalikes in videos, are not
known here. Before that the drawn strangers are compared with the real ones: as many pairs of them should be
near; and it is measured how the share of near pairs falls with their squared distance, which is what
`identities.evidence_per_distance` says.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from backends.dlib_faces import STRANGERS, stranger_distances
from benchmarks.page import Part, Table, print_part
from benchmarks.people_attributes import wilson
from benchmarks.people_identities import b_cubed, identities, lone_face, photo_faces
from benchmarks.people_scale import blocks_of, draw, factors_of
from benchmarks.people_strangers import stranger_descriptors
from transforms import cluster_identities as ci

SIZES = (10_000, 100_000)
_SHARES = (1e-4, 1e-3, 1e-2)
_SQUARED = (0.9, 1.0, 1.1)
Descriptors = npt.NDArray[np.float32]


def measure(data: Path, sizes: Sequence[int] = SIZES) -> None:
    """Print how near drawn and real strangers are, and what is merged at each size."""
    real = stranger_descriptors(data / "faces" / "utkface_balanced")
    labelled = photo_faces(data / "faces" / "lfw10")
    factors = factors_of(real, labelled)
    with np.load(STRANGERS, allow_pickle=False) as archive:
        centres = archive["centres"].astype(np.float32)
    # One picture of each, as the real ones are: a clip, the mean of five views, differs less from itself.
    pictures = draw(factors, num_people=len(real), faces_each=1, within_scale=1.0)[1]
    tables = [
        Table(
            title="Relative distances of pairs of strangers, by the share of pairs that is nearer",
            columns=("strangers", *(f"{share:.2%}" for share in _SHARES)),
            rows=[(n, *_near(d, centres)) for n, d in (("real", real), ("drawn", pictures))],
        ),
        Table(
            title="Pairs of drawn strangers within a squared distance, and how fast their logarithm grows",
            columns=("squared distance", "pairs", "logarithm by 1 more"),
            rows=_falling(draw(factors, num_people=10_000, faces_each=1)[1], centres),
        ),
        Table(
            title="One clip of each stranger, and labelled photos",
            columns=(
                "strangers",
                "merged with another % [95 %]",
                "largest",
                "labelled people with a stranger",
                "labelled: B-cubed precision, recall, F1",
            ),
            rows=[
                _row(labelled, draw(factors, num_people=size, faces_each=1)[1], centres)
                for size in (0, *sizes)
            ],
        ),
    ]
    print_part(Part(name="strangers", tables=tables, values={}), Console(width=120))


def _squared(
    some: Descriptors, all_of_them: Descriptors, near: npt.NDArray[np.floating], far: npt.NDArray[np.floating]
) -> npt.NDArray[np.floating]:
    """Return squared distances (n, m) relative to how far strangers are from each: `near` (n), `far` (m)."""
    apart = (some**2).sum(axis=1)[:, None] + (all_of_them**2).sum(axis=1) - 2 * some @ all_of_them.T
    return np.maximum(apart, 0) / (near[:, None] * far)


def _near(descriptors: Descriptors, centres: Descriptors) -> list[str]:
    """Return the relative distances that so small shares of pairs are below."""
    away = stranger_distances(descriptors, centres)
    first, second = np.triu_indices(len(descriptors), 1)
    relative = np.sqrt(_squared(descriptors, descriptors, away, away)[first, second])
    return [f"{found:.3f}" for found in np.quantile(relative, _SHARES)]


def _falling(descriptors: Descriptors, centres: Descriptors) -> list[tuple[str, ...]]:
    """Return how many pairs are nearer than each squared distance, and how fast the logarithm grows."""
    away, counts = stranger_distances(descriptors, centres), np.zeros(len(_SQUARED))
    for first in range(0, len(descriptors), 1000):
        rows = slice(first, first + 1000)
        found = _squared(descriptors[rows], descriptors[first:], away[rows], away[first:])
        counts += [np.triu(found < bound, 1).sum() for bound in _SQUARED]
    slopes = np.diff(np.log(counts)) / np.diff(_SQUARED)
    said = ["", *(f"{slope:.1f}" for slope in slopes)]
    return [(f"{b:g}", f"{c:.0f}", s) for b, c, s in zip(_SQUARED, counts.tolist(), said, strict=True)]


def _row(
    labelled: Sequence[tuple[str, ci.Face]], strangers: Descriptors, centres: Descriptors
) -> tuple[str, ...]:
    """Return what becomes of strangers and of labelled people among them."""
    config = ci.IdentityConfig()
    away = stranger_distances(strangers, centres).tolist() if len(strangers) else []
    faces = [
        *(face for _, face in labelled),
        *(
            lone_face(f"stranger {i:09d}", d, near)
            for i, (d, near) in enumerate(zip(strangers, away, strict=True))
        ),
    ]
    identity_of = identities(blocks_of(faces, config), faces, config)
    known = [identity_of[face.clip_id] for _, face in labelled]
    drawn = Counter(identity_of[face.clip_id] for face in faces[len(labelled) :])
    merged = sum(count for count in drawn.values() if count > 1)
    taken = {person for (person, _), found in zip(labelled, known, strict=True) if found in drawn}
    scores = b_cubed([person for person, _ in labelled], known)
    return (
        f"{len(strangers):,}",
        # They come in pairs as a rule, so half as many are independent.
        f"{merged}: {wilson(merged // 2, len(strangers) // 2)}" if len(strangers) else "",
        str(max(drawn.values(), default=0)),
        f"{len(taken)} of {len({person for person, _ in labelled})}",
        ", ".join(f"{score:.3f}" for score in scores),
    )
