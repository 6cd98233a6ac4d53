"""What is done with the faces of a clip at the end of its look: kept for comparison, and perceived."""

from dataclasses import replace

import numpy as np

from backends import dlib_faces, faceres, onnx_faces
from media import pcm_samples
from pipelines.config import CurateConfig
from pipelines.cpu_meter import CpuMeter
from schemas.records import Clip
from schemas.sample import SAMPLING_RATE_HZ, unpack_landmarks
from transforms import collect_faces, embed_faces, estimate_attributes, find_near_duplicates
from transforms.storage import read_bytes, write_bytes


def look_at_person(
    clip: Clip,
    collector: collect_faces.FaceCollector,
    arrays: dict[str, np.ndarray],
    config: CurateConfig,
    folder: str,
    meter: CpuMeter,
) -> Clip:
    """Keep the clip's face for comparison, and return the clip with how the person is perceived."""
    views, weights = collector.finish()
    if config.embed.enabled:
        model = config.embed.model
        embedder = dlib_faces.load() if model == "dlib+faceres" else onnx_faces.load_embedder(model)
        meter.charge("load_models")
        sound = pcm_samples(read_bytes(f"{clip.parts_uri}.wav"))
        face = unpack_landmarks(arrays, "face:landmarks")
        motion = find_near_duplicates.motion_series(face, sound, clip.fps, SAMPLING_RATE_HZ)
        kept = embed_faces.clip_face(views, weights, motion, embedder)
        if kept is not None:
            write_bytes(embed_faces.face_path(folder, clip.clip_id), embed_faces.face_bytes(kept))
        meter.charge("embed_faces")
    if config.attributes.enabled:
        model = config.attributes.perceived.model
        estimator = faceres.load() if model == "faceres" else onnx_faces.load_estimator(model)
        meter.charge("load_models")
        found = estimate_attributes.estimate_from_views(views, weights, estimator, config.attributes)
        clip = replace(clip, attributes=found)
        meter.charge("estimate_attributes")
    return clip
