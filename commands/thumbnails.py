"""Small pictures of accepted clips for the report: a frame, and beside it the body fitted to it."""

from pathlib import Path

import numpy as np
from PIL import Image

from drawing.mesh import MeshView, mesh_view
from drawing.style import Image as Picture
from media import DecodeTally, VideoFrame, decode_video
from pipelines.config import CurateConfig
from pipelines.stored_clip import StoredClip, accepted_clips, body_track, read_media

MAX_THUMBNAILS = 24
_SIDE_PX = 160


def write_thumbnails(output: Path, config: CurateConfig) -> list[Path]:
    """Write OUT/report/thumbs/{clip_id}.jpg of the first accepted clips; returns their paths."""
    folder = output / "report" / "thumbs"
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for clip in accepted_clips(output, MAX_THUMBNAILS):
        row = clip.row
        index = row["num_frames"] // 2
        frame = _frame_at(f"{row['parts_uri']}.mp4", index / row["fps"], config)
        if frame is not None:
            target = folder / f"{clip.key}.jpg"
            picture = frame.to_ndarray(format="rgb24")
            _thumbnail(picture, _mesh(output, clip, config), index).save(target, quality=80)
            written.append(target)
    return written


def _mesh(output: Path, clip: StoredClip, config: CurateConfig) -> MeshView | None:
    return mesh_view(body_track(clip, read_media(output, clip)), config.fit_body.model)


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
