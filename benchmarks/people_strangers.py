"""What strangers' faces look like to the embedder: centres of groups of people, none of them a person."""

import csv
from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from backends import faceres
from backends.dlib_faces import DlibFaces, stranger_distances
from backends.protocols.pictures import FaceView
from benchmarks.people_attributes import read_rgb
from benchmarks.people_faces import view_of
from schemas.sample import arrays_to_npz
from transforms.collect_faces import CollectConfig

NUM_GROUPS = 80
MIN_PEOPLE = 3
MIN_AGE = 18


def stranger_descriptors(folder: Path) -> npt.NDArray[np.float32]:
    """Return descriptors (n, d) of a folder of strangers, in order of name.

    Of a folder with labels.csv the adults; of another all pictures, one of each person.
    """
    return described([folder / name for name, _ in labelled_adults(folder)])


def labelled_adults(folder: Path) -> list[tuple[str, str]]:
    """Return the files of a folder of strangers, sorted, and the group of each, "" without labels."""
    if not (folder / "labels.csv").is_file():
        return sorted((path.name, "") for path in folder.glob("*.jpg"))
    with (folder / "labels.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return sorted((row["file"], row["race"]) for row in rows if int(row["age"]) >= MIN_AGE)


def described(files: Sequence[Path]) -> npt.NDArray[np.float32]:
    """Return the descriptors (n, d) of the pictures in which a face is found."""
    return _embedded([view for file in files if (view := view_of(read_rgb(file), CollectConfig()))])


def _embedded(views: Sequence[FaceView]) -> npt.NDArray[np.float32]:
    return np.concatenate([DlibFaces().embed(views), faceres.load().embed(views)], axis=1)


def group_centres(
    descriptors: npt.NDArray[np.float32], num_groups: int = NUM_GROUPS
) -> npt.NDArray[np.float32]:
    """Return the centres (k, d) of groups of alike people (k-means); smaller groups join their neighbours."""
    faiss.omp_set_num_threads(1)
    means = faiss.Kmeans(descriptors.shape[1], num_groups, niter=50, seed=1, min_points_per_centroid=1)
    means.train(descriptors)
    centres = np.asarray(means.centroids, np.float32)
    while True:
        away = ((descriptors[:, None] - centres[None]) ** 2).sum(axis=2)
        nearest = away.argmin(axis=1)
        sizes = np.bincount(nearest, minlength=len(centres))
        if sizes.min() >= MIN_PEOPLE:
            return np.array([descriptors[nearest == g].mean(axis=0) for g in range(len(centres))], np.float32)
        centres = np.delete(centres, sizes.argmin(), axis=0)


def compare(data: Path, other: Path) -> None:
    """Print how well people are told apart with strangers of three kinds: none, half of DATA's, OTHER's.

    Measured on lfw10 and the half of utkface_balanced's adults that no strangers come from.
    """
    known, unknown = sorted((data / "faces" / "lfw10").glob("*/*.jpg")), data / "faces" / "utkface_balanced"
    adults = labelled_adults(unknown)
    rest = [(unknown / name, group) for name, group in adults[1::2]]
    faces = [*((path, path.parent.name, "") for path in known), *((p, p.name, g) for p, g in rest)]
    looked = [
        (view, who, group) for p, who, group in faces if (view := view_of(read_rgb(p), CollectConfig()))
    ]
    found = _embedded([view for view, _, _ in looked])
    who, group = (np.array([row[i] for row in looked]) for i in (1, 2))
    half = group_centres(described([unknown / name for name, _ in adults[::2]]), NUM_GROUPS // 2)
    for name, centres in (
        ("none", None),
        ("half", half),
        (other.name, group_centres(stranger_descriptors(other))),
    ):
        near = np.ones(len(found)) if centres is None else stranger_distances(found, centres)
        squared = ((found[:, None] - found[None]) ** 2).sum(axis=2)
        first, second = np.triu_indices(len(found), 1)
        apart = np.sqrt(squared[first, second] / (near[first] * near[second]))
        same = who[first] == who[second]
        bound = np.quantile(apart[same], 0.95)
        wrong = {
            g: (apart[~same & (group[first] == g) & (group[second] == g)] < bound).mean()
            for g in sorted(set(group) - {""})
        }
        print(f"{name}: at 95 % of true pairs {(apart[~same] < bound).mean():.2e} of strangers pass for one")
        print("   within groups: " + ", ".join(f"{g} {share:.1e}" for g, share in wrong.items()))


def write_strangers(folder: Path, path: Path) -> None:
    """Write the centres for `backends.dlib_faces`."""
    centres = group_centres(stranger_descriptors(folder))
    path.write_bytes(arrays_to_npz({"centres": centres.astype(np.float16)}))
    print(f"{path}: {len(centres)} groups")
