"""A real video in which some of a person moves otherwise: each frame is its own photo.

    frame i --- fitted mesh ------------ picture taken apart
                     |                        | carried along from mesh to mesh, mended in the head's window
    frame i --- same mesh, other mouth --- a picture of the mouth
                                              | laid over the frame under a soft mask
                                           frame i, everything outside the mask as it was, to the bit

N frames; V vertices; S px a side of the network's window.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from body.changes import Change, change_mask, changed_points, changing_vertices, reach_metres
from body.model import BodyModel
from body.open_mouth import OpenMouth, open_mouth, with_inside
from body.photo import Photo, metre_px, prepare_photo, prepare_window
from body.raster import Pinhole
from body.track import BodyTrack
from body.warp import Warped, warp
from body.windows import Box, follow_head, head_extents
from models.video.generate import VideoGenerateConfig, window_mended
from models.video.lay import laid
from models.video.mend import AnyVideoModel
from models.video.pairs import Segment

Image = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]
_BATCH = 8
_NEAREST_METRES = 0.1  # a mesh that reaches nearer to the camera is no fit
_PLACED_SECONDS, _SMOOTHING_SECONDS = 0.2, 0.2  # windows follow the head


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Scene:
    """N frames of a video from frame `start` on: a person's motion as it is and as it is wanted.

    strength (N,) in [0, 1]: by how much what is wanted takes the place of what is; where it is 0 the frame
    stays as it is, to the bit. open_mouth: a picture in which the mouth is open, and its body (one frame):
    where frames hide the inside of the mouth it is taken from there. None: not known.
    """

    start: int
    own: BodyTrack
    wanted: BodyTrack
    strength: Float
    open_mouth: tuple[Image, BodyTrack] | None = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Tools:
    body: BodyModel
    model: AnyVideoModel | None
    segment: Segment | None
    changes: frozenset[Change]
    config: VideoGenerateConfig


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Frame:
    """A frame that changes: its mesh before and after (V, 3), and the box of the head."""

    picture: Image
    before: Float
    after: Float
    strength: float
    head: Box
    open_mouth: OpenMouth | None


def reanimated(
    frames: Iterator[Image],
    scenes: Sequence[Scene],
    changes: frozenset[Change],
    body: BodyModel,
    model: AnyVideoModel | None,
    segment: Segment | None,
    config: VideoGenerateConfig | None = None,
) -> Iterator[Image]:
    """Yield all frames (H, W, 3) of a video, those of scenes with what changes in them.

    Args:
        scenes: in order; frames between them pass as they are.
        model: mends what geometry cannot know; None: geometry alone.
        segment: tells the person from the background.
    """
    tools = _Tools(
        body=body, model=model, segment=segment, changes=changes, config=config or VideoGenerateConfig()
    )
    done = 0
    for scene in scenes:
        yield from itertools.islice(frames, scene.start - done)
        yield from _played(frames, scene, tools)
        done = scene.start + scene.own.num_frames
    yield from frames


def _played(frames: Iterator[Image], scene: Scene, tools: _Tools) -> Iterator[Image]:
    """Yield the frames of a scene."""
    own = scene.own
    camera = Pinhole.for_picture(own.width, own.height, own.focal_length_px)
    heads = _heads(scene, camera, tools)
    source = _open_mouth(scene, camera, tools)
    for start in range(0, own.num_frames, _BATCH):
        pictures = list(itertools.islice(frames, min(_BATCH, own.num_frames - start)))
        rows = slice(start, start + len(pictures))
        if not scene.strength[rows].any():
            yield from pictures
            continue
        before, after = changed_points(tools.body, own, scene.wanted, tools.changes, rows)
        changing = {
            row: _Frame(
                picture=picture,
                before=before[row],
                after=after[row],
                strength=float(scene.strength[start + row]),
                head=heads[start + row],
                open_mouth=source,
            )
            for row, picture in enumerate(pictures)
            if scene.strength[start + row] > 0 and before[row, :, 2].min() > _NEAREST_METRES
        }
        made = dict(zip(changing, _redrawn(list(changing.values()), camera, tools), strict=True))
        yield from (made.get(row, picture) for row, picture in enumerate(pictures))


def _open_mouth(scene: Scene, camera: Pinhole, tools: _Tools) -> OpenMouth | None:
    if scene.open_mouth is None or not tools.changes & {"mouth", "expression"}:
        return None
    picture, body = scene.open_mouth
    mesh, _ = changed_points(tools.body, body, body, (), slice(None))
    return open_mouth(picture, mesh[0], camera, tools.body)


def _heads(scene: Scene, camera: Pinhole, tools: _Tools) -> list[Box]:
    """Return the network's window of each frame: around the head as it is and as it will be."""
    number, fps = scene.own.num_frames, scene.own.fps
    step = max(1, round(_PLACED_SECONDS * fps))
    rows = np.unique([*range(0, number, step), number - 1])
    meshes = [
        changed_points(tools.body, scene.own, scene.wanted, tools.changes, slice(int(row), int(row) + 1))
        for row in rows
    ]
    points = np.stack([np.concatenate(pair) for pair in meshes])  # (K, 2, V, 3)
    extents = head_extents(points.reshape(-1, *points.shape[2:]), camera, tools.body)
    extents = extents.reshape(len(rows), 2, 2, 2)
    low, high = extents[:, :, 0].min(1), extents[:, :, 1].max(1)
    every = [
        np.stack([np.interp(np.arange(number), rows, side[:, k]) for k in (0, 1)], axis=1)
        for side in (low, high)
    ]
    return follow_head(every[0], every[1], _SMOOTHING_SECONDS * fps)


def _redrawn(frames: list[_Frame], camera: Pinhole, tools: _Tools) -> list[Image]:
    """Return frames with what changes in them."""
    persons = [None if tools.segment is None else tools.segment(frame.picture) for frame in frames]
    mending: list[tuple[Float, Float] | None] = [None] * len(frames)
    if tools.model is not None and frames:
        size = tools.model.about.window_px
        windows = [
            prepare_window(f.picture, f.before, camera, tools.body, f.head, size, segmented=person)
            for f, person in zip(frames, persons, strict=True)
        ]
        warped = [_warped(window, f, tools.body) for window, f in zip(windows, frames, strict=True)]
        references = np.stack([window.picture[window.inner] for window in windows])
        made = window_mended(references, warped, tools.model, tools.config)
        mending = list(zip(made.flow, made.added, strict=True))
    return [
        _composed(frame, person, mended, camera, tools)
        for frame, person, mended in zip(frames, persons, mending, strict=True)
    ]


def _composed(
    frame: _Frame,
    person: Image | None,
    mended: tuple[Float, Float] | None,
    camera: Pinhole,
    tools: _Tools,
) -> Image:
    """Return a frame (H, W, 3) with the change laid over it under its mask.

    mended: the flow and the addition that `laid` lays over it.
    """
    reach = reach_metres(tools.changes) * metre_px(frame.before, camera)
    box = _box_of_change(frame, camera, reach, tools)
    height, width = frame.picture.shape[:2]
    if 2.25 * box.side**2 > height * width:  # with its margin it is more than the whole picture
        box = None
        photo = prepare_photo(frame.picture, frame.before, camera, tools.body, segmented=person)
    else:
        photo = prepare_window(
            frame.picture, frame.before, camera, tools.body, box, box.side, segmented=person
        )
    warped = _warped(photo, frame, tools.body)
    drawn = warped.picture
    left, top = (0, 0) if box is None else (box.left, box.top)
    if mended is not None:
        drawn = laid(drawn, warped.alpha, *mended, frame.head.moved(-left, -top))
    share = frame.strength * change_mask(
        tools.body, photo.raster.face[photo.inner], frame.after, photo.view, tools.changes, reach
    )
    return _overlaid(frame.picture, drawn, share, left, top)


def _warped(photo: Photo, frame: _Frame, body: BodyModel) -> Warped:
    made = warp(photo, frame.after, body)
    if frame.open_mouth is None:
        return made
    return with_inside(made, frame.after, photo.view, frame.open_mouth, body)


def _box_of_change(frame: _Frame, camera: Pinhole, reach_px: float, tools: _Tools) -> Box:
    moving = changing_vertices(tools.body, tools.changes)
    pixels = camera.project(np.concatenate([frame.before[moving], frame.after[moving]]))
    return Box.around(pixels.min(0) - reach_px - 2, pixels.max(0) + reach_px + 2)


def _overlaid(picture: Image, drawn: Image, share: Float, left: int, top: int) -> Image:
    """Return a picture with a drawn part (h, w, 3) of it; where the share (h, w) is 0 it is the same."""
    height, width = picture.shape[:2]
    first_row, first = max(0, top), max(0, left)
    last_row, last = min(height, top + share.shape[0]), min(width, left + share.shape[1])
    out = picture.copy()
    if first_row >= last_row or first >= last:
        return out
    inside = np.s_[first_row - top : last_row - top, first - left : last - left]
    region = out[first_row:last_row, first:last]
    part = share[inside][..., None]
    mixed = region + part * (drawn[inside].astype(np.float32) - region)
    region[...] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return out
