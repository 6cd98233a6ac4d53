"""A photo and motion to frames: the whole picture warped, and windows of it mended by the network.

H, W of the photo; S px a side of a window; T frames; V vertices.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from body.model import BodyModel
from body.photo import Photo, prepare_photo, window_of
from body.raster import Pinhole
from body.skinning import track_vertices
from body.topology import SIDES
from body.track import BodyTrack
from body.warp import Seen, Warped, warps
from body.windows import HAND_WINDOWS, Box, WindowKind, place_windows
from models.ahead import ahead
from models.motion.channels import CHANNELS
from models.video.controls import Frames
from models.video.mend import TOLD, AnyVideoModel, frames_at_once, frames_of, mended
from models.video.pairs import Segment
from schemas.bounds import Count

Image = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]
_PLACED_BY = 32  # frames by which windows are placed
_EDGE = 0.12  # of a window's side: mending fades in so far from its border
_AROUND = 3 / 128  # of a hand's window: so far around, what was there bounds what may come
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
    config = config or VideoGenerateConfig()
    height, width = picture.shape[:2]
    camera = Pinhole.for_picture(width, height, person.focal_length_px)
    still = track_vertices(body, person)[0]
    photo = prepare_photo(
        picture, still, camera, body, segmented=None if segment is None else segment(picture)
    )
    motion = held_where_unseen(motion, person)
    windows = {} if model is None else _windows(photo, person, motion, camera, body, model, config)

    def some(start: int) -> list[Image]:
        points = track_vertices(body, motion.taken(slice(start, start + number)))
        warped = warps(photo, points, body)
        frames = [one.picture for one in warped]
        for kind, (box, window) in windows.items():
            assert model is not None
            changes = _changes(window, points, body, model, config)
            before = frames
            frames = [laid(frame, change, box) for frame, change in zip(frames, changes, strict=True)]
            if kind in HAND_WINDOWS:
                frames = [within(frame, was, box) for frame, was in zip(frames, before, strict=True)]
        # Changes are enlarged, so they reach a little beyond the person.
        return [
            np.where((one.validity == Seen.BACKGROUND)[..., None], one.picture, frame)
            for one, frame in zip(warped, frames, strict=True)
        ]

    number = frames_at_once(model)
    for frames in ahead(map(some, range(0, motion.num_frames, number))):
        yield from frames


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


def _changes(
    window: Photo, points: Float, body: BodyModel, model: AnyVideoModel, config: VideoGenerateConfig
) -> list[Float]:
    """Return what the network changes (S, S, 3) in the warp of each frame, in levels of 0 to 255.

    It fades to nothing at the window's border and off the person, so that there is no seam and the
    background is the same in all frames.
    """
    warped = warps(window, points, body)
    return window_changes(window.picture[window.inner], warped, model, config)


def window_changes(
    reference: Image, warped: list[Warped], model: AnyVideoModel, config: VideoGenerateConfig
) -> list[Float]:
    """Return what the network changes in frames of a window, as `_changes` does.

    Args:
        reference: the photo in the window, (S, S, 3), or (N, S, S, 3) one of each frame.
    """
    drawn = mended(model, _told(reference, warped), config.num_steps, config.seed).numpy()
    return [
        (mine.astype(np.float32) - one.picture) * _share(one.alpha)[..., None]
        for mine, one in zip(drawn, warped, strict=True)
    ]


def _told(reference: Image, warped: list[Warped]) -> Frames:
    named = {"warp": "picture"}
    arrays = {name: np.stack([getattr(one, named.get(name, name)) for one in warped]) for name in TOLD}
    return frames_of(arrays | {"reference": reference})


def _share(alpha: Image) -> Float:
    """Return (S, S) in [0, 1]: how much of a pixel is the person, 0 at the window's border."""
    size = alpha.shape[0]
    from_border = np.minimum(np.arange(size) + 0.5, size - np.arange(size) - 0.5) / max(1.0, _EDGE * size)
    fade = np.sin(np.clip(from_border, 0, 1) * np.pi / 2).astype(np.float32) ** 2
    return alpha.astype(np.float32) / 255 * fade[:, None] * fade[None]


def laid(frame: Image, change: Float, box: Box) -> Image:
    """Return the frame (H, W, 3) with a window's change (S, S, 3) laid over it.

    The change is enlarged and not the picture, so the photo's own detail stays.
    """
    height, width = frame.shape[:2]
    how = cv2.INTER_AREA if box.side < change.shape[0] else cv2.INTER_CUBIC
    large = cv2.resize(change, (box.side, box.side), interpolation=how)
    top, left = max(0, box.top), max(0, box.left)
    bottom, right = min(height, box.top + box.side), min(width, box.left + box.side)
    if top >= bottom or left >= right:
        return frame
    inside = large[top - box.top : bottom - box.top, left - box.left : right - box.left]
    out = frame.copy()
    region = out[top:bottom, left:right]
    region[...] = np.clip(np.rint(region + inside), 0, 255).astype(np.uint8)
    return out


def within(frame: Image, before: Image, box: Box) -> Image:
    """Return a frame (H, W, 3) whose window is nowhere brighter or darker than what was around before.

    A change that moves an edge of a small window leaves a rim where the picture's own edge is sharper; on
    hands, which the network has seen little of, the rim is all that one sees. Neighbourhood clamping (Karis,
    High Quality Temporal Supersampling, SIGGRAPH 2014).
    """
    rows = slice(max(0, box.top), max(0, box.top + box.side))
    columns = slice(max(0, box.left), max(0, box.left + box.side))
    shown = before[rows, columns]
    if not shown.size:
        return frame
    around = np.ones((2 * max(1, round(_AROUND * box.side)) + 1,) * 2, np.uint8)
    out = frame.copy()
    out[rows, columns] = np.clip(out[rows, columns], cv2.erode(shown, around), cv2.dilate(shown, around))
    return out
