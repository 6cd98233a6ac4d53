"""Small pictures of accepted clips for the report: a frame, and beside it the body fitted to it."""

import io

import numpy as np
from PIL import Image

from drawing.mesh import MeshView, mesh_view
from drawing.style import Image as Picture
from media import DecodeTally, VideoFrame, decode_video
from pipelines.config import CurateConfig
from pipelines.places import Places
from pipelines.stored_clip import StoredClip, accepted_clips, body_track, clip_arrays
from schemas.parts import VIDEO_PART

MAX_THUMBNAILS = 24
_SIDE_PX = 160


def thumbnails(places: Places, config: CurateConfig) -> dict[str, bytes]:
    """Return JPEG files of the first accepted clips of a result, by key."""
    made: dict[str, bytes] = {}
    for clip in accepted_clips(places.result, MAX_THUMBNAILS):
        index = clip.record.num_frames // 2
        parts = places.parts_of(clip.record)
        frame = _frame_at(parts.uri("look", VIDEO_PART), index / clip.record.fps, config)
        if frame is not None:
            buffer = io.BytesIO()
            picture = frame.to_ndarray(format="rgb24")
            _thumbnail(picture, _mesh(places, clip, config), index).save(buffer, "jpeg", quality=80)
            made[clip.key] = buffer.getvalue()
    return made


def _mesh(places: Places, clip: StoredClip, config: CurateConfig) -> MeshView | None:
    return mesh_view(body_track(clip, clip_arrays(places, clip)), config.fit_body.model)


def _thumbnail(picture: Picture, mesh: MeshView | None, index: int) -> Image.Image:
    """Return the picture reduced; with a mesh the pair of both, along the shorter side."""
    small = Image.fromarray(picture)
    small.thumbnail((2 * _SIDE_PX, 2 * _SIDE_PX))
    shown = np.asarray(small)
    if mesh is not None:
        axis = 1 if shown.shape[0] >= shown.shape[1] else 0
        shown = np.concatenate([shown, mesh.draw(index, shown)], axis=axis)
    pair = Image.fromarray(shown)
    pair.thumbnail((_SIDE_PX * 2, _SIDE_PX * 2) if mesh else (_SIDE_PX, _SIDE_PX))
    return pair


def _frame_at(path: str, seconds: float, config: CurateConfig) -> VideoFrame | None:
    for picture in decode_video(path, config.media, DecodeTally(), seconds, seconds):
        if picture.seconds >= seconds - 1e-3:
            return picture.frame
    return None
