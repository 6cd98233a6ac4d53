"""What strangers' faces look like to the embedder: centres of groups of people, none of them a person."""

import csv
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from backends import faceres
from backends.dlib_faces import DlibFaces
from benchmarks.people_attributes import read_rgb
from benchmarks.people_faces import view_of
from schemas.sample import arrays_to_npz
from transforms.collect_faces import CollectConfig

NUM_GROUPS = 80
MIN_PEOPLE = 3
MIN_AGE = 18


def stranger_descriptors(folder: Path) -> npt.NDArray[np.float32]:
    """Return descriptors (n, d) of the adults of a folder of strangers with labels.csv, in order of name."""
    with (folder / "labels.csv").open(encoding="utf-8") as handle:
        names = sorted(row["file"] for row in csv.DictReader(handle) if int(row["age"]) >= MIN_AGE)
    config = CollectConfig()
    views = [view for name in names if (view := view_of(read_rgb(folder / name), config))]
    return np.concatenate([DlibFaces().embed(views), faceres.load().embed(views)], axis=1)


def group_centres(descriptors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the centres (k, d) of groups of alike people (k-means); smaller groups join their neighbours."""
    faiss.omp_set_num_threads(1)
    means = faiss.Kmeans(descriptors.shape[1], NUM_GROUPS, niter=50, seed=1, min_points_per_centroid=1)
    means.train(descriptors)
    centres = np.asarray(means.centroids, np.float32)
    while True:
        away = ((descriptors[:, None] - centres[None]) ** 2).sum(axis=2)
        nearest = away.argmin(axis=1)
        sizes = np.bincount(nearest, minlength=len(centres))
        if sizes.min() >= MIN_PEOPLE:
            return np.array([descriptors[nearest == g].mean(axis=0) for g in range(len(centres))], np.float32)
        centres = np.delete(centres, sizes.argmin(), axis=0)


def write_strangers(folder: Path, path: Path) -> None:
    """Write the centres for `backends.dlib_faces`."""
    centres = group_centres(stranger_descriptors(folder))
    path.write_bytes(arrays_to_npz({"centres": centres.astype(np.float16)}))
    print(f"{path}: {len(centres)} groups")
