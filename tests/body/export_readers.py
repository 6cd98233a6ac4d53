"""GLB and BVH files read as their formats say, apart from the code that writes them."""

import json
import struct
from typing import Any

import numpy as np

from body.export.skeleton import matrices
from body.skinning import rotation_matrices

COMPONENTS = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": (), "VEC2": (2,), "VEC3": (3,), "VEC4": (4,), "MAT4": (4, 4)}


class Glb:
    """A GLB file read as the glTF 2.0 specification says."""

    def __init__(self, data: bytes) -> None:
        magic, version, size = struct.unpack_from("<4sII", data)
        assert (magic, version, size) == (b"glTF", 2, len(data))
        length, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON"
        self.json: dict[str, Any] = json.loads(data[20 : 20 + length])
        size, kind = struct.unpack_from("<I4s", data, 20 + length)
        assert kind == b"BIN\0" and size == self.json["buffers"][0]["byteLength"]
        self.binary = data[28 + length :]

    def view(self, index: int, component: int, count: int, shape: tuple[int, ...]) -> np.ndarray:
        view, kind = self.json["bufferViews"][index], np.dtype(COMPONENTS[component])
        assert view["byteOffset"] % kind.itemsize == 0
        flat = np.frombuffer(self.binary, kind, count * int(np.prod(shape)), view["byteOffset"])
        assert flat.nbytes == view["byteLength"]
        return flat.reshape(count, *shape)

    def accessor(self, index: int) -> np.ndarray:
        entry = self.json["accessors"][index]
        kind, count, shape = entry["componentType"], entry["count"], WIDTHS[entry["type"]]
        values = np.zeros((count, *shape), COMPONENTS[kind])
        if "bufferView" in entry:
            values = self.view(entry["bufferView"], kind, count, shape)
        if sparse := entry.get("sparse"):
            rows, new = sparse["indices"], sparse["values"]
            at = self.view(rows["bufferView"], rows["componentType"], sparse["count"], ())
            values[at] = self.view(new["bufferView"], kind, sparse["count"], shape)
        return values

    def animated(self, node: int, path: str) -> np.ndarray | None:
        animation = self.json["animations"][0]
        for channel in animation["channels"]:
            if channel["target"] == {"node": node, "path": path}:
                return self.accessor(animation["samplers"][channel["sampler"]]["output"])
        return None

    def joint_matrices(self, num_frames: int) -> np.ndarray:
        """Return the global transforms (N, 55, 4, 4) of the skin's joints."""
        skin = self.json["skins"][0]
        world = np.zeros((num_frames, len(skin["joints"]), 4, 4))

        def visit(node: int, above: np.ndarray) -> None:
            entry = self.json["nodes"][node]
            local = np.zeros((num_frames, 4, 4))
            local[:, 3, 3] = 1
            turn, place = self.animated(node, "rotation"), self.animated(node, "translation")
            local[:, :3, :3] = matrices(np.asarray(entry["rotation"] if turn is None else turn, float))
            local[:, :3, 3] = entry["translation"] if place is None else place
            world[:, skin["joints"].index(node)] = above @ local
            for child in entry.get("children", ()):
                visit(child, above @ local)

        visit(skin["skeleton"], np.tile(np.eye(4), (num_frames, 1, 1)))
        return world

    def vertices(self, num_frames: int) -> np.ndarray:
        """Return the drawn positions (N, P, 3)."""
        primitive = self.json["meshes"][0]["primitives"][0]
        base = self.accessor(primitive["attributes"]["POSITION"])
        weights = self.animated(self.json["skins"][0]["joints"][-1] + 1, "weights")
        assert weights is not None
        moved = np.stack([self.accessor(target["POSITION"]) for target in primitive["targets"]])
        points = base + np.einsum("nt,tpc->npc", weights.reshape(num_frames, -1), moved)
        inverse = self.accessor(self.json["skins"][0]["inverseBindMatrices"]).transpose(0, 2, 1)
        joints = self.accessor(primitive["attributes"]["JOINTS_0"])
        shares = self.accessor(primitive["attributes"]["WEIGHTS_0"])
        placed = self.joint_matrices(num_frames) @ inverse
        drawn = np.zeros_like(points)
        for corner in range(4):
            turn = placed[:, joints[:, corner]]
            drawn += shares[:, corner, None] * (
                np.einsum("npab,npb->npa", turn[..., :3, :3], points) + turn[..., :3, 3]
            )
        return drawn


def read_bvh(text: str) -> tuple[list[str], np.ndarray, float]:
    """Return joint names in the file's order, positions (N, J, 3) in metres and the frame time."""
    hierarchy, motion = text.split("MOTION\n")
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    stack: list[int] = []
    for words in map(str.split, hierarchy.splitlines()):
        if words[0] in ("ROOT", "JOINT"):
            parents.append(stack[-1] if stack else -1)
            stack.append(len(names))
            names.append(words[1])
        elif words[0] == "End":
            stack.append(-1)
        elif words[0] == "OFFSET" and stack[-1] >= 0:
            offsets.append([float(word) for word in words[1:]])
        elif words[0] == "CHANNELS":
            assert words[-3:] == ["Zrotation", "Xrotation", "Yrotation"]
        elif words[0] == "}":
            stack.pop()
    count, time, *rows = motion.splitlines()
    values = np.array([[float(word) for word in row.split()] for row in rows])
    assert len(values) == int(count.split()[1])
    turns = np.radians(values[:, 3:]).reshape(len(values), -1, 3)
    about = [rotation_matrices(turns[..., i, None] * np.eye(3)[axis]) for i, axis in enumerate((2, 0, 1))]
    local = about[0] @ about[1] @ about[2]
    world, placed = local.copy(), np.zeros((len(values), len(names), 3))
    placed[:, 0] = values[:, :3] + offsets[0]
    for joint in range(1, len(names)):
        above = parents[joint]
        world[:, joint] = world[:, above] @ local[:, joint]
        placed[:, joint] = placed[:, above] + world[:, above] @ np.array(offsets[joint])
    return names, placed / 100, float(time.split()[2])
