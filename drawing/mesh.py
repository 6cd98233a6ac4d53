"""The fitted body over a clip's frames: parts that the fit vouches for in colour, the rest grey."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from body.load import load_body_model
from body.model import BodyModel
from body.raster import Pinhole
from body.shading import overlay, part_colours
from body.skinning import skin
from body.topology import Part
from body.track import BodyTrack, check_model
from drawing.style import Image

OPACITY = 0.75
_GREY = (0.5, 0.5, 0.52)
_COVERS: dict[str, tuple[Part, ...]] = {
    "body": (Part.TORSO,),
    "left_arm": (Part.LEFT_ARM,),
    "right_arm": (Part.RIGHT_ARM,),
    "left_leg": (Part.LEFT_LEG,),
    "right_leg": (Part.RIGHT_LEG,),
    "face": (Part.FACE, Part.HEAD, Part.MOUTH, Part.LEFT_EYE, Part.RIGHT_EYE),
    "left_hand": (Part.LEFT_HAND,),
    "right_hand": (Part.RIGHT_HAND,),
}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MeshView:
    """A clip's body, ready to be drawn over any of its frames at any size."""

    model: BodyModel
    track: BodyTrack

    def draw(self, index: int, image: Image) -> Image:
        """Return frame `index` (H, W, 3), at the size it is shown at, with the mesh drawn over it."""
        track, one = self.track, slice(index, index + 1)
        pose = track.full_pose()[one].reshape(1, -1)
        vertices, _ = skin(self.model, pose, track.betas, track.expression[one], track.transl[one])
        height, width = image.shape[:2]
        camera = Pinhole.for_picture(width, height, track.focal_length_px * width / track.width)
        return overlay(image, vertices[0], self.model, camera, OPACITY, self._colours(index))

    def _colours(self, index: int) -> npt.NDArray[np.float32]:
        colours = part_colours(self.model).copy()
        for name, parts in _COVERS.items():
            if name in self.track.valid and not self.track.valid[name][index]:
                colours[np.isin(self.model.face_parts, parts)] = _GREY
        return colours


def mesh_view(track: BodyTrack | None, model_path: str | None) -> MeshView | None:
    """Return how to draw a clip's body, None if it has none.

    Args:
        model_path: the SMPLX_*.npz it was fitted with; None is the embedded model.

    Raises:
        BadInputError: if the body was fitted with another model.
    """
    if track is None:
        return None
    model = _model(model_path)
    check_model(model, track)
    return MeshView(model=model, track=track)


@lru_cache(maxsize=1)
def _model(path: str | None) -> BodyModel:
    return load_body_model(path)
