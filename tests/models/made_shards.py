"""Folders of shards of tiny clips, in which every frame, sample of sound and array tells where it is from."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from body.load import load_body_model
from body.topology import JOINT_INDEX, Part
from media import VideoEncoder
from pipelines.results import Result
from schemas.records.clip import Clip
from schemas.sample import ARRAYS, BODY_ARRAYS
from tests.made_clips import filled, known_clip
from tests.media_makers import numbered_picture
from tests.memory_parts import MemoryParts
from tests.stored_run import parts_of
from transforms.shard_layout import shard_name
from transforms.write_shards import build_shard

WIDTH, HEIGHT, FPS = 128, 96, 25.0


@cache
def numbered_mp4(num_frames: int) -> bytes:
    """Return a video in which picture i shows the number i."""
    encoder = VideoEncoder(WIDTH, HEIGHT, FPS, 20, "veryfast")
    for number in range(num_frames):
        picture = av.VideoFrame.from_ndarray(numbered_picture(number, WIDTH, HEIGHT), "rgb24")
        encoder.write(picture.reformat(format="yuv420p"))
    return encoder.finish()


def counting_sound(num_frames: int) -> npt.NDArray[np.int16]:
    """Return sound whose samples count up, 640 a frame."""
    return (np.arange(num_frames * 640) % 30000).astype(np.int16)


def counting_arrays(num_frames: int, number: int) -> dict[str, npt.NDArray[Any]]:
    """Return a sample's arrays; all are seen, and frame f of clip n has the jaw (n, f, 0) / 1000."""
    random = np.random.default_rng(number)
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, (shape, dtype, _) in (ARRAYS | BODY_ARRAYS).items():
        scale = 1 if dtype == "float32" else 100
        values = random.uniform(0, scale, (num_frames, *shape))
        arrays[name] = np.ones(values.shape, bool) if dtype == "bool" else values.astype(dtype)
    frames = np.arange(num_frames)
    arrays["smplx:jaw"] = np.stack([np.full(num_frames, number), frames, 0 * frames], 1).astype("f4") / 1000
    return arrays


def nodding_arrays(num_frames: int, number: int = 0) -> dict[str, npt.NDArray[Any]]:
    """Return a sample's arrays of somebody who stands before the camera, turns and nods."""
    model = load_body_model()
    arrays: dict[str, Any] = {}
    for name, (shape, dtype, _) in (ARRAYS | BODY_ARRAYS).items():
        values = np.zeros((num_frames, *shape), dtype)
        arrays[name] = np.ones(values.shape, bool) if dtype == "bool" else values
    turns = np.linspace(-0.2, 0.3, num_frames, dtype=np.float32)
    arrays["smplx:global_orient"][:, 0] = np.pi  # upright in a camera whose y points down
    neck = (JOINT_INDEX["neck"] - 1) * 3
    arrays["smplx:body_pose"][:, neck + 1] = turns
    head = model.points.template[model.faces[model.face_parts == Part.FACE]].mean((0, 1))
    turned = head[1] - 2 * model.joint_template[0, 1]  # about the pelvis
    arrays["smplx:transl"] += np.array([0.05, turned - 0.2, 2.0], np.float32)
    return arrays


def made_clip(number: int, num_frames: int, **changes: Any) -> Clip:
    """Return a fitted clip of which everything is known."""
    from schemas.records.picture import BodyFit

    fit = filled(BodyFit)
    fields: dict[str, Any] = {"width": WIDTH, "height": HEIGHT, "split": "train", "sampling_weight": 1.0}
    fields["body_fit"] = _with_betas(fit)
    return known_clip(number=number, num_frames=num_frames, **(fields | changes))


def _with_betas(fit: Any) -> Any:
    import dataclasses

    return dataclasses.replace(fit, betas=tuple(np.linspace(-1, 1, 10).tolist()))


def fitted_with(model_id: str) -> Any:
    """Return the record of a fit of some body model."""
    import dataclasses

    from schemas.records.picture import BodyFit

    return dataclasses.replace(_with_betas(filled(BodyFit)), model_id=model_id)


def write_shards(
    out: Path,
    lengths: Sequence[int],
    num_shards: int = 4,
    arrays: Callable[[int, int], dict[str, npt.NDArray[Any]]] = counting_arrays,
    pictures: Callable[[int], bytes] = numbered_mp4,
    **changes: Any,
) -> list[Clip]:
    """Write a folder of shards of clips of some lengths in frames; returns the clips.

    Args:
        arrays: makes those of a clip of its length and number.
        pictures: makes the video of a clip of its length.
        changes: fields of the clips; a list has one value for each.
    """
    result, clips = Result(str(out)), list[Clip]()
    parts: dict[str, MemoryParts] = {}
    for number, length in enumerate(lengths):
        own = {name: value[number] if isinstance(value, list) else value for name, value in changes.items()}
        clip = made_clip(number, length, **own)
        memory = MemoryParts()
        made = parts_of(clip, pictures(length), counting_sound(length), arrays(length, number))
        for stage, files in made.items():
            memory.keep(stage, files)
        parts[clip.clip_id] = memory
        clips.append(clip)
    for split in sorted({str(clip.split) for clip in clips}):
        inside = [clip for clip in clips if clip.split == split]
        for shard in range(num_shards):
            name = shard_name(split, shard)
            few = inside[shard::num_shards]
            if few:
                result.write_shard(name, build_shard(f"{name}.tar", few, lambda c: parts[c.clip_id], "c"))
    return clips
