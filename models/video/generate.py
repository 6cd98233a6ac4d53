"""A photo and motion to frames: the whole picture warped, and windows of it mended by the network.

H, W of the photo; S px a side of a window; T frames; V vertices.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from body.model import BodyModel
from body.photo import Photo, prepare_photo, window_of
from body.raster import Pinhole
from body.skinning import track_vertices
from body.threads import in_threads
from body.topology import SIDES
from body.track import BodyTrack
from body.warp import Seen, Warped, warps
from body.windows import HAND_WINDOWS, Box, WindowKind, place_windows
from models.ahead import ahead
from models.motion.channels import CHANNELS
from models.video.lay import laid
from models.video.mend import AnyVideoModel, Mended, frames_at_once, frames_of, mended
from models.video.pairs import Segment, stacked
from schemas.bounds import Count

Image = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]
_PLACED_BY = 32  # frames by which windows are placed
_HELD = tuple(f"{side}_{part}" for side in SIDES for part in ("arm", "hand"))


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoGenerateConfig:
    """How frames are drawn."""

    seed: int = 0
    num_steps: Count | None = None  # as many as the model usually takes
    # The windows that the network mends; hands only where the photo shows them.
    windows: tuple[WindowKind, ...] = ("head", *HAND_WINDOWS)


def talking_frames(
    picture: Image,
    person: BodyTrack,
    motion: BodyTrack,
    body: BodyModel,
    model: AnyVideoModel | None,
    segment: Segment | None,
    config: VideoGenerateConfig | None = None,
) -> Iterator[Image]:
    """Yield frames (H, W, 3) in which the person of a picture moves.

    Args:
        picture: (H, W, 3) RGB.
        person: their body in it, one frame.
        motion: T frames of that body, in the picture's camera.
        model: mends what geometry cannot know; None: geometry alone.
        segment: tells the person from the background.
    """
    for _, frame in warped_and_mended(picture, person, motion, body, model, segment, config):
        yield frame


def warped_and_mended(
    picture: Image,
    person: BodyTrack,
    motion: BodyTrack,
    body: BodyModel,
    model: AnyVideoModel | None,
    segment: Segment | None,
    config: VideoGenerateConfig | None = None,
) -> Iterator[tuple[Warped, Image]]:
    """Yield what geometry makes of each frame, and the frame of `talking_frames`."""
    config = config or VideoGenerateConfig()
    height, width = picture.shape[:2]
    camera = Pinhole.for_picture(width, height, person.focal_length_px)
    still = track_vertices(body, person)[0]
    photo = prepare_photo(
        picture, still, camera, body, segmented=None if segment is None else segment(picture)
    )
    motion = held_where_unseen(motion, person)
    windows = {} if model is None else _windows(photo, person, motion, camera, body, model, config)

    def some(start: int) -> list[tuple[Warped, Image]]:
        points = track_vertices(body, motion.taken(slice(start, start + number)))
        warped = warps(photo, points, body)
        frames = [one.picture for one in warped]
        for box, window in windows.values():
            assert model is not None
            made = window_mended(window.picture[window.inner], warps(window, points, body), model, config)
            alphas = [one.alpha for one in warped]
            frames = in_threads(partial(laid, box=box), frames, alphas, made.flow, made.added)
        return [(one, _before_background(one, frame)) for one, frame in zip(warped, frames, strict=True)]

    number = frames_at_once(model)
    for made in ahead(map(some, range(0, motion.num_frames, number))):
        yield from made


def _before_background(warped: Warped, frame: Image) -> Image:
    """Return a frame whose background is as in the photo, to the bit."""
    return np.where((warped.validity == Seen.BACKGROUND)[..., None], warped.picture, frame)


def held_where_unseen(motion: BodyTrack, person: BodyTrack) -> BodyTrack:
    """Return motion in which arms and hands that a photo does not show stay as they are in it."""
    held: dict[str, Float] = {}
    for channel in CHANNELS:
        if channel.valid not in _HELD or channel.joints is None or _is_seen(channel.valid, person):
            continue
        moved = np.array(held.get(channel.array, getattr(motion, channel.array)))
        joints = list(channel.joints)
        still = getattr(person, channel.array).reshape(1, -1, 3)[:, joints]
        moved.reshape(motion.num_frames, -1, 3)[:, joints] = still
        held[channel.array] = moved
    return replace(motion, **held)


def _is_seen(part: str, person: BodyTrack) -> bool:
    return bool(person.valid.get(part, np.ones(1, bool))[0])


def _windows(
    photo: Photo,
    person: BodyTrack,
    motion: BodyTrack,
    camera: Pinhole,
    body: BodyModel,
    model: AnyVideoModel,
    config: VideoGenerateConfig,
) -> dict[WindowKind, tuple[Box, Photo]]:
    step = max(1, motion.num_frames // _PLACED_BY)
    points = np.concatenate([track_vertices(body, motion.taken(slice(None, None, step))), photo.points[None]])
    boxes = place_windows(points, camera, body)
    shown: list[WindowKind] = [kind for kind in config.windows if kind in boxes and _is_shown(kind, person)]
    size = model.about.window_px
    return {kind: (boxes[kind], window_of(photo, boxes[kind], size, body)) for kind in shown}


def _is_shown(kind: WindowKind, person: BodyTrack) -> bool:
    return kind in ("head", "whole") or _is_seen(kind, person)


def window_mended(
    reference: Image, warped: list[Warped], model: AnyVideoModel, config: VideoGenerateConfig
) -> Mended:
    """Return what the network makes of frames of a window.

    Args:
        reference: the photo in the window, (S, S, 3), or (N, S, S, 3) one of each frame.
    """
    told = frames_of({"reference": reference, **stacked(warped)})
    return mended(model, told, config.num_steps, config.seed)
