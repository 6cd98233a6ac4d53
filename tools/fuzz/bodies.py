"""Fuzzing targets: body models, motion of a body, and the files of trained models."""

import io
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.torch import save

from backends.model_folder import ModelFolder
from body.load import load_body_model
from body.topology import NUM_JOINTS, NUM_POSE_FEATURES, PARENTS
from body.track import TRACK_PARAMETERS, TRACK_PARTS
from body.track_file import read_track
from models.model_file import read_model
from models.motion.checkpoint import bundled_model as bundled_motion
from models.motion.checkpoint import load_motion
from models.video.checkpoint import bundled_model as bundled_video
from models.video.checkpoint import load_video
from schemas.npz import read_arrays
from schemas.outcomes import BadInputError
from schemas.sample import BODY_ARRAYS, arrays_to_npz
from tools.fuzz.arrays import strange_npz
from tools.fuzz.target import Choices, Target, as_file, strange_json

_VERTICES, _FACES = 12, 8
_KIND = "mentor-motion-1"


@cache
def small_body() -> bytes:
    """Return a body model of a dozen vertices."""
    random = np.random.default_rng(1)
    parents = np.array(PARENTS, np.int64)
    parents[0] = 2**32 - 1
    weights = random.uniform(size=(_VERTICES, NUM_JOINTS))
    return _npz(
        v_template=random.normal(size=(_VERTICES, 3)),
        shapedirs=random.normal(size=(_VERTICES, 3, 20)),
        posedirs=random.normal(size=(_VERTICES, 3, NUM_POSE_FEATURES)),
        J_regressor=np.full((NUM_JOINTS, _VERTICES), 1 / _VERTICES),
        weights=weights / weights.sum(1, keepdims=True),
        kintree_table=np.stack([parents, np.arange(NUM_JOINTS)]),
        f=random.integers(0, _VERTICES, (_FACES, 3)),
        hands_componentsl=np.eye(45),
        hands_componentsr=np.eye(45),
        hands_meanl=np.zeros(45),
        hands_meanr=np.zeros(45),
        hands_coeffsl=random.normal(size=(5, 45)),
        lmk_faces_idx=np.zeros(51, np.int64),
        lmk_bary_coords=np.full((51, 3), 1 / 3),
        dynamic_lmk_faces_idx=np.zeros((2, 17), np.int64),
        dynamic_lmk_bary_coords=np.full((2, 17, 3), 1 / 3),
        vt=random.uniform(size=(6, 2)),
        ft=np.zeros((_FACES, 3), np.int64),
    )


def _npz(**arrays: Any) -> bytes:
    return arrays_to_npz(arrays)


@cache
def small_track() -> bytes:
    """Return the motion of three frames."""
    shapes = {name: shape for name, (shape, _, _) in BODY_ARRAYS.items()}
    arrays = {
        f"smplx:{name}": np.zeros((3, *shapes[f"smplx:{name}"]), np.float32) for name in TRACK_PARAMETERS
    }
    arrays |= {f"valid:smplx_{part}": np.ones(3, bool) for part in TRACK_PARTS}
    camera = np.array([25.0, 500.0, 64.0, 48.0])
    return _npz(**arrays, betas=np.zeros(10), camera=camera, model_id=np.frombuffer(b"x", np.uint8))


def _raw(data: bytes) -> None:
    read_arrays(io.BytesIO(data), ("a", "b"), "x")


def _raws() -> Sequence[bytes]:
    small = {"a": np.arange(6, dtype="<f4").reshape(2, 3), "b": np.ones(3, bool)}
    stored = io.BytesIO()
    np.savez(stored, **small)  # pyright: ignore
    return [_npz(**small), stored.getvalue(), *(_compressed(small, method) for method in (12, 14))]


def _compressed(arrays: dict[str, Any], method: int) -> bytes:
    import zipfile

    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, array in arrays.items():
            payload = io.BytesIO()
            np.lib.format.write_array(payload, array, allow_pickle=False)
            archive.writestr(f"{name}.npy", payload.getvalue())
    return made.getvalue()


def _body(data: bytes) -> None:
    load_body_model(as_file("SMPLX_X.npz", strange_npz(data, small_body())))


def _track(data: bytes) -> None:
    read_track(as_file("motion.npz", strange_npz(data, small_track())))


def _tensors(data: bytes) -> None:
    path = as_file("model.safetensors", data)
    folder = as_file("pretrained/vae/diffusion_pytorch_model.safetensors", data).parents[1]
    for read in (lambda: read_model(path, _KIND), lambda: ModelFolder.opened(folder).weights("vae")):
        try:
            read()
        except BadInputError:
            continue


def _tensor_seeds() -> Sequence[bytes]:
    import torch

    kinds = ("float32", "bfloat16", "int64", "bool", "uint8", "float8_e4m3fn", "complex64")
    return [
        save({"a": torch.zeros(2, dtype=getattr(torch, kind))}, {"about": json.dumps({"format": _KIND})})
        for kind in kinds
    ]


def _told(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    with safe_open(str(path), framework="pt") as file:
        about = json.loads(file.metadata()["about"])
        return about, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


@cache
def _bundled(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    return _told(path)


def _motion(data: bytes) -> None:
    load_motion(_changed_model(bundled_motion(), data))


def motion_with(change: dict[str, Any], path: Path) -> Path:
    """Write the bundled motion model with another network's settings; returns the path."""
    about, tensors = _bundled(bundled_motion())
    said = json.dumps(about | {"network": about["network"] | change})
    path.write_bytes(save(tensors, {"about": said}))
    return path


def _video(data: bytes) -> None:
    load_video(_changed_model(bundled_video(), data))


def _changed_model(path: Path, data: bytes) -> Path:
    about, tensors = _bundled(path)
    said = strange_json(about, Choices(data)).decode()
    return as_file(path.name, save(tensors, {"about": said}))


def _settings(data: bytes) -> None:
    path = as_file("set/unet/config.json", data)
    ModelFolder.opened(path.parents[1]).settings("unet")


TARGETS = (
    Target(name="npz", read=_raw, seeds=_raws, max_bytes=4096),
    Target(name="body-model", read=_body, seeds=lambda: [bytes(range(64))], max_bytes=512),
    Target(name="motion-track", read=_track, seeds=lambda: [bytes(range(64))], max_bytes=512),
    Target(name="safetensors", read=_tensors, seeds=_tensor_seeds, max_bytes=4096),
    Target(name="motion-model", read=_motion, seeds=lambda: [bytes(range(32))], max_bytes=128),
    Target(name="video-model", read=_video, seeds=lambda: [bytes(range(32))], max_bytes=128),
    Target(name="model-settings", read=_settings, seeds=lambda: [b'{"a": [1, {"b": 2.5}]}'], max_bytes=4096),
)
