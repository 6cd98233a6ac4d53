"""A body's motion alone, as pictures: the mesh before a plain ground, or before a photo."""

import numpy as np

from body.model import BodyModel
from body.track import BodyTrack
from drawing.mesh import MeshView
from drawing.style import PANEL, Image
from media import VideoEncoder, VideoFrame

_CRF, _PRESET = 20, "veryfast"
_LONGEST_SIDE_PX = 512


def picture_size(track: BodyTrack, longest_px: int = _LONGEST_SIDE_PX) -> tuple[int, int]:
    """Return width and height of drawings of a track: its own shape, even, the longer side at most so
    long.
    """
    scale = min(1.0, longest_px / max(track.width, track.height))
    return max(2, round(track.width * scale / 2) * 2), max(2, round(track.height * scale / 2) * 2)


def mesh_picture(model: BodyModel, track: BodyTrack, frame: int, longest_px: int = _LONGEST_SIDE_PX) -> Image:
    """Return a frame's mesh (H, W, 3) before a plain ground."""
    width, height = picture_size(track, longest_px)
    ground = np.full((height, width, 3), PANEL, np.uint8)
    return MeshView(model=model, track=track).draw(frame, ground)


def mesh_mp4(model: BodyModel, track: BodyTrack, longest_px: int = _LONGEST_SIDE_PX) -> bytes:
    """Return the whole motion as an MP4 without sound."""
    width, height = picture_size(track, longest_px)
    encoder = VideoEncoder(width, height, track.fps, _CRF, _PRESET)
    for frame in range(track.num_frames):
        drawn = mesh_picture(model, track, frame, longest_px)
        encoder.write(VideoFrame.from_ndarray(drawn, "rgb24").reformat(format="yuv420p"))
    return encoder.finish()
