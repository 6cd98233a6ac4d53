"""Whether faces of one person, and no others, get one identity: labelled photos and a run's clips."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from backends import dlib_faces
from benchmarks.material import VIDEO_FOLDER, manifest_identities, source_of
from benchmarks.people_attributes import read_rgb
from benchmarks.people_faces import view_of, views_of_clip
from benchmarks.runs import read_rows
from pipelines.components import ROUNDS
from pipelines.identify import Placed, certain_ties, link, people_of
from pipelines.kept_faces import face_of
from pipelines.run_folder import RunFolder
from schemas.tables import from_row
from transforms import cluster_identities as ci
from transforms.clip_print import ClipPrint
from transforms.collect_faces import CollectConfig
from transforms.embed_faces import ClipFace, clip_face

# Two files of the manifest show one woman, and a cut in a third goes to the audience: seen by eye.
SEEN_TO_BE = {
    "video/speakervid/range_side_2.mp4": "sv_branch_dialogue_case1_1",
    "video/multi/short_hamilton_clip.mp4": "",
}
_NO_PRINT = ClipPrint(sound=np.zeros((0, 32), np.uint8), face=np.zeros((0, 63), np.int16), face_hz=12.5)


def b_cubed(true: Sequence[str], found: Sequence[str]) -> tuple[float, float, float]:
    """Return B-cubed precision, recall and F1 (Bagga and Baldwin 1998; Amigó et al. 2009)."""
    t, f = np.unique(true, return_inverse=True)[1], np.unique(found, return_inverse=True)[1]
    both, pairs = np.unique(np.stack([t, f]), axis=1, return_counts=True)
    in_true, in_found = np.bincount(t), np.bincount(f)
    precision = float((pairs**2 / in_found[both[1]]).sum() / len(t))
    recall = float((pairs**2 / in_true[both[0]]).sum() / len(t))
    return precision, recall, 2 * precision * recall / (precision + recall)


def photo_faces(folder: Path) -> list[tuple[str, ci.Face]]:
    """Return (person, face) for every photo in a folder a person."""
    embedder, config = dlib_faces.load(), CollectConfig()
    found: list[tuple[str, ci.Face]] = []
    for path in sorted(folder.glob("*/*.jpg")):
        view = view_of(read_rgb(path), config)
        if view is None:
            print(f"no face in {path.name}")
            continue
        face = clip_face([view], np.ones(1, np.float32), _NO_PRINT, embedder)
        if face is not None:
            found.append((path.parent.name, lone_face(path.stem, face.descriptor, face.stranger_distance)))
    return found


def lone_face(name: str, descriptor: npt.NDArray[np.float32], stranger_distance: float) -> ci.Face:
    """Return a face that no shot or track ties to others."""
    return ci.Face(
        clip_id=name,
        descriptor=descriptor,
        stranger_distance=stranger_distance,
        shot_id=name,
        track_id=name,
        start_seconds=0.0,
        end_seconds=1.0,
    )


def clip_faces(data: Path, run: Path) -> list[tuple[str, ci.Face]]:
    """Return (person, face) for a run's clips of videos whose identity the manifest names.

    The faces are those the run stored; where its biometric folder is gone, they are made again from the
    clips' pictures and landmarks.
    """
    named = manifest_identities(data) | SEEN_TO_BE
    folder = RunFolder(str(run))
    places = folder.places(folder.finished())
    found: list[tuple[str, ci.Face]] = []
    for row in sorted(read_rows(run, "clips"), key=lambda r: r["clip_id"]):
        person = named.get(f"{VIDEO_FOLDER}/{source_of(row['source_name'])}")
        if not person or row["landmarks_face_ratio"] is None:
            continue
        face = face_of(from_row("clips", row), places) or _again(run, row)
        if face is None:
            continue
        found.append(
            (
                person,
                ci.Face(
                    clip_id=row["clip_id"],
                    descriptor=face.descriptor,
                    stranger_distance=face.stranger_distance,
                    shot_id=row["shot_id"],
                    track_id=row["track_id"],
                    start_seconds=row["start_seconds"],
                    end_seconds=row["end_seconds"],
                ),
            )
        )
    return found


def _again(run: Path, row: dict[str, Any]) -> ClipFace | None:
    views, weights = views_of_clip(run, row["clip_id"])
    return clip_face(views, weights, _NO_PRINT, dlib_faces.load())


def identities(
    blocks: Sequence[Sequence[ci.Face]], faces: Sequence[ci.Face], config: ci.IdentityConfig
) -> dict[str, str]:
    """Return the identity of every face by clip, by the chain's functions on blocks and components."""
    near: dict[str, dict[str, float]] = defaultdict(dict)
    told: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for face in faces:
        for key, names in certain_ties(face):
            told[key].append(names)
    for found in (ci.block_pairs(block, config) for block in blocks):
        for pair in found.pairs:
            near[pair.first][pair.second] = near[pair.second][pair.first] = pair.distance
        for key, names in (message for group in found.groups for message in ci.tie(group)):
            told[key].append(names)
    for _ in range(ROUNDS):
        messages = [m for name, known in told.items() for m in ci.pass_on(name, known)]
        told = defaultdict(list)
        for key, names in messages:
            told[key].append(names)
    left = [pair for name, known in told.items() for pair in ci.unsettled(name, known)]
    settled = ci.components(left)
    components: dict[str, list[Placed]] = defaultdict(list)
    for face in faces:
        label = ci.label_of(face.clip_id, told.get(face.clip_id, ()))
        placed = Placed(face, near.get(face.clip_id, {}), label, ())
        components[settled.get(label, label)].append(placed)
    linked = [link(members, config) for members in components.values()]
    num_people = sum(len(found.people) for found in linked)
    people = (people_of(found, num_people, config) for found in linked)
    return {m.clip_id: m.identity_id for found in people for m in found.members}


def measure(data: Path, run: Path | None) -> None:
    """Print B-cubed scores and false merges over a range of merging distances."""
    sets = {"photos (lfw10)": photo_faces(data / "faces" / "lfw10")}
    if run is not None:
        sets["clips"] = clip_faces(data, run)
        sets["both together"] = [*sets["photos (lfw10)"], *sets["clips"]]
    default = ci.IdentityConfig()
    for name, labelled in sets.items():
        people, faces = [p for p, _ in labelled], [f for _, f in labelled]
        print(f"\n{name}: {len(faces)} faces of {len(set(people))} people")
        print("merge_distance  precision  recall  F1     identities  people merged with others")
        for distance in (0.85, 0.9, 0.94, 0.98, 1.02, 1.06):
            config = replace(default, merge_distance=distance)
            identity_of = identities([faces], faces, config)
            found = [identity_of[face.clip_id] for face in faces]
            scores = b_cubed(people, found)
            merged = [sorted({p for p, f in zip(people, found, strict=True) if f == i}) for i in set(found)]
            wrong = [m for m in merged if len(m) > 1]
            mark = "*" if distance == default.merge_distance else " "
            print(
                f"{mark} {distance:<14}{scores[0]:9.3f}{scores[1]:8.3f}{scores[2]:7.3f}"
                f"{len(set(found)):11}  {wrong or 'none'}"
            )
