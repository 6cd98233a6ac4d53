"""Faces of single pictures, found as the chain finds them: detector, then mesh on the region."""

import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from backends import mediapipe_faces
from backends.protocols.arrays import FloatArray, RgbImage
from backends.protocols.pictures import FaceView, FrameLandmarks
from backends.quiet import import_mediapipe
from media import DecodeTally, MediaLimits, decode_video
from pipelines.open_clip import open_clip
from pipelines.run_folder import RunFolder
from schemas.days import utc_today
from schemas.sample import unpack_landmarks
from transforms.collect_faces import CollectConfig, FaceCollector, cut_view

_MARGIN = 0.6


@functools.lru_cache(maxsize=1)
def _mesh() -> Any:
    return import_mediapipe().solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.3
    )


def view_of(image: RgbImage, config: CollectConfig) -> FaceView | None:
    """Return the face nearest to the picture's middle; None if no mesh is found."""
    points = mesh_of(image)
    return None if points is None else cut_view(image, points, config)


def mesh_of(image: RgbImage) -> FloatArray | None:
    """Return the mesh (478, 3) in px of the face nearest to the picture's middle; None if none is found."""
    height, width = image.shape[:2]
    found = mediapipe_faces.load(0.3, False).detect(image) or mediapipe_faces.load(0.3, True).detect(image)

    def from_middle(box: tuple[float, float, float, float]) -> float:
        return float(np.hypot((box[0] + box[2] - width) / 2, (box[1] + box[3] - height) / 2))

    box = min((d.box_xyxy for d in found), key=from_middle, default=(0.0, 0.0, float(width), float(height)))
    reach = _MARGIN * (box[3] - box[1]) if found else 0.0
    x0, y0 = max(int(box[0] - reach), 0), max(int(box[1] - reach), 0)
    x1, y1 = min(int(box[2] + reach), width), min(int(box[3] + reach), height)
    crop = np.ascontiguousarray(image[y0:y1, x0:x1])
    meshes = _mesh().process(crop).multi_face_landmarks
    if not meshes:
        return None
    scale = np.array([x1 - x0, y1 - y0, x1 - x0], np.float32)
    points = np.array([(p.x, p.y, p.z) for p in meshes[0].landmark], np.float32) * scale
    return np.asarray(points + np.array([x0, y0, 0], np.float32), np.float32)


def views_of_clip(run: Path, clip_id: str) -> tuple[list[FaceView], FloatArray]:
    """Return the views of a clip of a finished run and their weights, from its pictures and landmarks."""
    media = open_clip(RunFolder(str(run)), clip_id, utc_today())[1]
    meshes = unpack_landmarks(media.arrays, "face:landmarks")
    collector = FaceCollector(CollectConfig(), len(meshes))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        path.write_bytes(media.mp4)
        pictures = list(decode_video(str(path), MediaLimits(), DecodeTally()))
    for picture, mesh in zip(pictures, meshes, strict=False):
        seen = mesh if np.isfinite(mesh[0, 0]) else None
        image = np.asarray(picture.frame.to_ndarray(format="rgb24"), np.uint8)
        collector.update(image, FrameLandmarks(seen, None, None, None, None, None))
    return collector.finish()
