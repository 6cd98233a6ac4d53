"""The colour of each part of a person in a picture: for where the picture does not show the part."""

import functools

import numpy as np
import numpy.typing as npt

from body.fill import Float
from body.model import BodyModel
from body.raster import Pinhole, part_mask, rasterise
from body.topology import JOINT_INDEX, Part

_LONGEST_PX = 96  # the mesh is drawn at this size to see what is visible
_LEAST_PX = 6  # of a part, or its colour is another's
# Whose colour a part has that is not seen: what is most alike comes first.
_SCALP = len(Part)  # the part of the head where hair grows, a group of its own
_ALIKE: dict[int, tuple[Part, ...]] = {
    _SCALP: (Part.HEAD, Part.FACE),
    Part.LEFT_HAND: (Part.RIGHT_HAND, Part.FACE, Part.HEAD),
    Part.RIGHT_HAND: (Part.LEFT_HAND, Part.FACE, Part.HEAD),
    Part.LEFT_ARM: (Part.RIGHT_ARM, Part.TORSO),
    Part.RIGHT_ARM: (Part.LEFT_ARM, Part.TORSO),
    Part.LEFT_LEG: (Part.RIGHT_LEG, Part.TORSO),
    Part.RIGHT_LEG: (Part.LEFT_LEG, Part.TORSO),
    Part.LEFT_EYE: (Part.RIGHT_EYE, Part.FACE),
    Part.RIGHT_EYE: (Part.LEFT_EYE, Part.FACE),
    Part.HEAD: (Part.FACE,),
    Part.MOUTH: (Part.FACE, Part.HEAD),
    Part.TORSO: (Part.LEFT_ARM, Part.RIGHT_ARM),
}


def part_tints(picture: npt.NDArray[np.uint8], points: Float, camera: Pinhole, model: BodyModel) -> Float:
    """Return the median colour (14, 3) of each of `tint_groups` in a picture (H, W, 3), 0 to 255.

    Args:
        points: (V, 3) the model's vertices as fitted to the picture.
    """
    step = max(1, max(camera.width_px, camera.height_px) // _LONGEST_PX)
    small = Pinhole(
        focal_px=camera.focal_px / step,
        centre_x_px=camera.centre_x_px / step,
        centre_y_px=camera.centre_y_px / step,
        width_px=max(1, camera.width_px // step),
        height_px=max(1, camera.height_px // step),
    )
    shown = part_mask(rasterise(points, model.faces, small), tint_groups(model))
    colours = picture[step // 2 :: step, step // 2 :: step][: small.height_px, : small.width_px]
    found = {group: colours[shown == group] for group in range(1, _SCALP + 1)}
    known = {group: np.median(rows, axis=0) for group, rows in found.items() if len(rows) >= _LEAST_PX}
    anyone = np.median(np.concatenate([*found.values(), colours.reshape(-1, 3)[:1]]), axis=0)
    tints = np.tile(anyone, (_SCALP + 1, 1)).astype(np.float32)
    for group in range(_SCALP + 1):
        nearest = next((other for other in (group, *_ALIKE.get(group, ())) if other in known), None)
        if nearest is not None:
            tints[group] = known[nearest]
    return tints


@functools.lru_cache(maxsize=2)
def tint_groups(model: BodyModel) -> npt.NDArray[np.uint8]:
    """Return what each triangle (F,) is coloured as: its Part, or 13 for the scalp above the eyes."""
    eyes = model.joint_template[[JOINT_INDEX["left_eye"], JOINT_INDEX["right_eye"]], 1].mean()
    above = model.points.template[model.faces, 1].mean(1) > eyes
    groups = np.where((model.face_parts == Part.HEAD) & above, np.uint8(_SCALP), model.face_parts)
    groups.flags.writeable = False  # the next caller gets the same array
    return groups
