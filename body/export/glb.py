"""GLB: an animated, skinned mesh (glTF 2.0) for Blender, three.js and game engines.

Metres and seconds, y up; the person stands where the camera saw it and faces +z, and the file's camera, at
the origin, shows it as the video does. Exact but for two things, whose size `skinning_error` measures and
the file's asset.extras state: each vertex keeps its four strongest joints, and a model with many pose
correctives (SMPL-X itself) loses them. Normals follow the joints, not the expressions.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from body.export.glb_file import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, GlbBuffer
from body.export.glb_mesh import (
    MorphTargets,
    four_weights,
    full_weights,
    morph_targets,
    rest_points,
    split_at_seams,
    vertex_normals,
)
from body.export.skeleton import SkeletonMotion, skeleton_motion
from body.model import BodyModel, PointSet
from body.skinning import skin, skin_points, transform_joints
from body.topology import JOINT_NAMES, NUM_JOINTS
from body.track import BodyTrack, check_model

Document = dict[str, Any]
_MESH_NODE, _CAMERA_NODE = NUM_JOINTS, NUM_JOINTS + 1  # the joints' nodes come first
_NEAR_METRES = 0.01


def glb_bytes(model: BodyModel, track: BodyTrack) -> bytes:
    """Return the file.

    Raises:
        BadInputError: if the track belongs to another model.
    """
    motion = skeleton_motion(model, track)
    targets = morph_targets(model, track)
    mean, largest = skinning_error(model, track)
    facts = {"body_model": track.model_id, "mean_error_mm": round(mean, 3), "max_error_mm": round(largest, 2)}
    buffer = GlbBuffer()
    document: Document = {
        "asset": {"version": "2.0", "generator": "Mentor", "extras": facts},
        "scene": 0,
        "scenes": [{"nodes": [0, _MESH_NODE, _CAMERA_NODE]}],
        "nodes": [*_joint_nodes(model, motion), {"name": "body", "mesh": 0, "skin": 0}, _camera_node()],
        "meshes": [_mesh(buffer, model, track, targets)],
        "materials": [_material()],
        "skins": [_skin(buffer, motion)],
        "cameras": [_camera(track)],
        "animations": [_animation(buffer, track, motion, targets)],
    }
    return buffer.pack(document)


def skinning_error(model: BodyModel, track: BodyTrack, num_frames: int = 20) -> tuple[float, float]:
    """Return the mean and the largest distance in mm between the file's vertices and the model's.

    Args:
        num_frames: how many frames, evenly spread, are compared.
    """
    check_model(model, track)
    rows = np.unique(np.linspace(0, track.num_frames - 1, num_frames).round().astype(int))
    pose, face = track.full_pose()[rows], track.expression[rows]
    exact, _ = skin(model, pose, track.betas, face)
    targets, rest = morph_targets(model, track), rest_points(model, track)
    template = rest.template + np.einsum("nt,tvc->nvc", targets.weights[rows], targets.offsets)
    weights = full_weights(*four_weights(rest.weights))
    none = np.zeros((len(rest.template), 3, 1), np.float32)
    far: list[npt.NDArray[np.floating]] = []
    for row, points in enumerate(template):
        at_rest = transform_joints(model, pose[row : row + 1], track.betas, np.zeros(1))
        still = PointSet(
            template=points,
            shape_dirs=none,
            expression_dirs=none,
            pose_dirs=np.zeros((*points.shape, len(model.pose_features)), np.float32),
            weights=weights,
        )
        drawn = skin_points(still, at_rest, np.zeros(1), np.zeros(1))[0]
        gaps: npt.NDArray[np.floating] = np.linalg.norm(drawn - exact[row], axis=1)
        far.append(gaps * 1000)
    return float(np.mean(far)), float(np.max(far))


def _joint_nodes(model: BodyModel, motion: SkeletonMotion) -> list[Document]:
    """Return the joints as they are on the first frame."""
    nodes: list[Document] = []
    for joint, name in enumerate(JOINT_NAMES):
        place = motion.root[0] if joint == 0 else motion.offsets[joint]
        rotation = motion.rotations[0, joint]
        node: Document = {"name": name, "translation": place.tolist(), "rotation": rotation.tolist()}
        below = np.flatnonzero(model.parents == joint)
        nodes.append(node | ({"children": below.tolist()} if len(below) else {}))
    return nodes


def _skin(buffer: GlbBuffer, motion: SkeletonMotion) -> Document:
    inverse = np.tile(np.eye(4, dtype=np.float32), (NUM_JOINTS, 1, 1))
    inverse[:, 3, :3] = -motion.rest  # by columns: the last row holds the translation
    joints = list(range(NUM_JOINTS))
    return {"joints": joints, "skeleton": 0, "inverseBindMatrices": buffer.add(inverse)}


def _mesh(buffer: GlbBuffer, model: BodyModel, track: BodyTrack, targets: MorphTargets) -> Document:
    rest = rest_points(model, track)
    vertex, triangles, uv = split_at_seams(model)
    joints, weights = four_weights(rest.weights)
    attributes = {
        "POSITION": buffer.add(rest.template[vertex], ARRAY_BUFFER, bounds=True),
        "NORMAL": buffer.add(vertex_normals(rest.template, model.faces)[vertex], ARRAY_BUFFER),
        "JOINTS_0": buffer.add(joints[vertex], ARRAY_BUFFER),
        "WEIGHTS_0": buffer.add(weights[vertex], ARRAY_BUFFER),
    }
    if uv is not None:
        attributes["TEXCOORD_0"] = buffer.add(uv, ARRAY_BUFFER)
    short = np.uint16 if len(vertex) < 65535 else np.uint32
    primitive = {
        "attributes": attributes,
        "indices": buffer.add(triangles.astype(short).reshape(-1), ELEMENT_ARRAY_BUFFER),
        "material": 0,
        "targets": [{"POSITION": buffer.add_sparse(offsets[vertex])} for offsets in targets.offsets],
    }
    return {
        "name": "body",
        "primitives": [primitive],
        "weights": targets.weights[0].tolist(),
        "extras": {"targetNames": list(targets.names)},
    }


def _animation(
    buffer: GlbBuffer, track: BodyTrack, motion: SkeletonMotion, targets: MorphTargets
) -> Document:
    """Return the tracks of the pelvis's place, the joints that turn and the morph targets."""
    times = buffer.add((np.arange(track.num_frames) / track.fps).astype(np.float32), bounds=True)
    samplers: list[Document] = []
    channels: list[Document] = []

    def add(node: int, path: str, values: np.ndarray) -> None:
        output = buffer.add(values.astype(np.float32))
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": times, "output": output, "interpolation": "LINEAR"})

    add(0, "translation", motion.root)
    for joint in range(NUM_JOINTS):
        rotation = motion.rotations[:, joint]
        if joint == 0 or np.ptp(rotation, axis=0).max() > 0:
            add(joint, "rotation", rotation)
    add(_MESH_NODE, "weights", targets.weights.reshape(-1))
    return {"name": "clip", "channels": channels, "samplers": samplers}


def _camera(track: BodyTrack) -> Document:
    angle = 2 * math.atan(track.height / (2 * track.focal_length_px))
    lens = {"yfov": angle, "aspectRatio": track.width / track.height, "znear": _NEAR_METRES}
    return {"type": "perspective", "perspective": lens}


def _camera_node() -> Document:
    return {"name": "camera", "camera": 0}


def _material() -> Document:
    colour = {"baseColorFactor": [0.72, 0.60, 0.54, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.7}
    return {"name": "clay", "pbrMetallicRoughness": colour}
