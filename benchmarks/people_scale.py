"""Identities among very many faces: time, memory and B-cubed F1, and how they grow.

The faces are drawn like real ones: differences between people have the covariance of a folder of strangers'
descriptors (faces/utkface_balanced, adults), differences between looks at one person that of
faces/lfw10. What runs are the chain's own functions on blocks, pairs and components, one after the other
on one core; memory is the process's peak. Each size has a process of its own.
"""

import multiprocessing
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from backends.dlib_faces import STRANGERS, stranger_distances
from benchmarks.people_growth import memory_megabytes
from benchmarks.people_identities import b_cubed, identities, lone_face, photo_faces
from benchmarks.people_strangers import stranger_descriptors
from transforms import cluster_identities as ci
from transforms.face_blocks import block_centres, nearest_blocks, num_blocks

SIZES = (10_000, 50_000, 100_000, 200_000)
FACES_PER_PERSON = 5
# A clip's descriptor is the mean of five views, and clips of one person share camera and light more than
# press photos of years do: half the photos' spread.
WITHIN_SCALE = 0.5
Factors = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]


def measured_factors(data: Path) -> Factors:
    """Return `factors_of` the data's strangers and labelled photos."""
    strangers = stranger_descriptors(data / "faces" / "utkface_balanced")
    return factors_of(strangers, photo_faces(data / "faces" / "lfw10"))


def factors_of(strangers: npt.NDArray[np.float32], labelled: Sequence[tuple[str, ci.Face]]) -> Factors:
    """Return mean (d,), and factors (k, d), (m, d) of the covariances between and within people.

    Args:
        strangers: (n, d) descriptors of a picture of each.
        labelled: several photos of each person.
    """
    mean = strangers.mean(axis=0)
    between = (strangers - mean) / np.sqrt(len(strangers) - 1)
    people = sorted({person for person, _ in labelled})
    found = {p: np.array([f.descriptor for q, f in labelled if q == p]) for p in people}
    looks = np.concatenate([faces - faces.mean(axis=0) for faces in found.values()])
    within = looks / np.sqrt(len(looks) - len(people))
    # Strangers' single photos differ by their looks as well as by who they are.
    share = 1.0 - float((within**2).sum() / (between**2).sum())
    return mean, np.sqrt(share) * between, within


def draw(
    factors: Factors, num_people: int, faces_each: int, within_scale: float = WITHIN_SCALE
) -> tuple[list[str], npt.NDArray[np.float32]]:
    """Return people's names and descriptors (n, d) of so many faces of each."""
    mean, between, within = factors
    random = np.random.default_rng(num_people * faces_each)
    centres = mean + random.standard_normal((num_people, len(between))).astype(np.float32) @ between
    person = np.repeat(np.arange(num_people), faces_each)
    faces = np.empty((len(person), len(mean)), np.float32)
    for start in range(0, len(person), 10_000):
        part = slice(start, start + 10_000)
        noise = random.standard_normal((len(person[part]), len(within))).astype(np.float32)
        faces[part] = centres[person[part]] + noise @ (np.float32(within_scale) * within)
    return [f"p{p}" for p in person.tolist()], faces


def blocks_of(faces: Sequence[ci.Face], config: ci.IdentityConfig) -> list[list[ci.Face]]:
    """Return the blocks of near faces."""
    descriptors = np.array([f.descriptor for f in faces])
    blocks = num_blocks(len(faces), config.block_size)
    sample = np.random.default_rng(0).choice(len(faces), min(64 * blocks, len(faces)), replace=False)
    centres = block_centres(descriptors[np.sort(sample)], blocks)
    found: dict[int, list[ci.Face]] = {}
    for face in faces:
        for block in nearest_blocks(face.descriptor, centres, config.probes):
            found.setdefault(block, []).append(face)
    return list(found.values())


def _one_size(factors: Factors, num_faces: int) -> None:
    people, descriptors = draw(factors, num_faces // FACES_PER_PERSON, FACES_PER_PERSON)
    with np.load(STRANGERS, allow_pickle=False) as archive:
        strangers = stranger_distances(descriptors, archive["centres"].astype(np.float32))
    faces = [
        lone_face(f"{i:09d}", descriptor, distance)
        for i, (descriptor, distance) in enumerate(zip(descriptors, strangers.tolist(), strict=True))
    ]
    config = ci.IdentityConfig()
    before, wall = time.process_time(), time.monotonic()
    found = identities(blocks_of(faces, config), faces, config)
    seconds, wall = time.process_time() - before, time.monotonic() - wall
    precision, recall, f1 = b_cubed(people, [found[name] for name in sorted(found)])
    peak = memory_megabytes("VmHWM")
    print(
        f"{num_faces:8} faces, {len(set(people)):6} people: {seconds:7.1f} s CPU ({wall:.1f} s), "
        f"peak {peak:6.0f} MB of which descriptors {descriptors.nbytes / 2**20:.0f}; "
        f"precision {precision:.4f} recall {recall:.4f} F1 {f1:.4f}; {len(set(found.values()))} identities",
        flush=True,
    )


def measure(data: Path, sizes: tuple[int, ...] = SIZES) -> None:
    """Print one line a size."""
    factors = measured_factors(data)
    for size in sizes:
        process = multiprocessing.get_context("spawn").Process(target=_one_size, args=(factors, size))
        process.start()
        process.join()
