"""Layers: what is drawn over a frame, one function for each kind of mark.

A layer draws on a picture in place and reads what it needs from `FrameMarks`; where a part was not
observed it draws nothing. `LAYERS` is their order, from the lowest. The fitted body has a panel of its
own (mesh.py), as it would hide what it is to be compared with.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from body.face_mesh import NOSE_TIP, head_angles
from drawing import topology
from drawing.style import BLACK, GREEN, ORANGE, PURPLE, SKY, VERMILLION, WHITE, YELLOW, Image, Rgb
from schemas.sample import unpack_landmarks

Points = npt.NDArray[Any]  # (n, 2) float px
_SHIFT = 4  # OpenCV draws at 1/16 px
# Below this the body model guesses where a joint is, often outside the picture.
MIN_VISIBILITY = 0.5
_LARGE_HAND_PX = 64
_SHORT_ARROW_PX = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameMarks:
    """What the pipeline says about one frame, in px of the picture it is drawn on.

    Parts that were not observed are None. `angles_degrees` are yaw, pitch and roll.
    """

    face: Points | None  # (478, 2)
    left_hand: Points | None  # (21, 2)
    right_hand: Points | None  # (21, 2)
    pose: Points | None  # (33, 2)
    pose_visible: npt.NDArray[np.bool_]  # (33,)
    box: Points  # (2, 2), corners
    box_seen: bool
    angles_degrees: tuple[float, float, float] | None

    def moved(self, scale: float, origin_px: tuple[float, float]) -> "FrameMarks":
        """Return the marks for a picture that shows what lies around `origin_px`, scaled."""

        def move(points: Points | None) -> Points | None:
            return None if points is None else (points - np.asarray(origin_px)) * scale

        parts = {name: move(getattr(self, name)) for name in ("face", "left_hand", "right_hand", "pose")}
        return replace(self, **parts, box=(self.box - np.asarray(origin_px)) * scale)


Layer = Callable[[Image, FrameMarks], None]


def marks_of(arrays: Mapping[str, npt.NDArray[Any]]) -> list[FrameMarks]:
    """Return the marks of every frame of a sample, in px of the clip (see schemas.sample.ARRAYS)."""
    parts = {
        "face": unpack_landmarks(arrays, "face:landmarks"),
        "left_hand": unpack_landmarks(arrays, "hand:left_landmarks"),
        "right_hand": unpack_landmarks(arrays, "hand:right_landmarks"),
        "pose": unpack_landmarks(arrays, "pose:landmarks"),
    }
    visible = arrays["pose:visibility"] > MIN_VISIBILITY * 255
    marks: list[FrameMarks] = []
    for index in range(len(visible)):
        seen = {name: points[index] for name, points in parts.items() if arrays[f"valid:{name}"][index]}
        face = seen.get("face")
        marks.append(
            FrameMarks(
                **{name: seen[name][:, :2] if name in seen else None for name in parts},
                pose_visible=visible[index],
                box=arrays["box:face"][index].reshape(2, 2).astype(np.float64),
                box_seen=bool(arrays["valid:box"][index]),
                angles_degrees=None if face is None else head_angles(face),
            )
        )
    return marks


def draw_box(image: Image, marks: FrameMarks) -> None:
    """Draw the face track's box; broken corners where it is only interpolated."""
    (x0, y0), (x1, y1) = marks.box
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    if marks.box_seen:
        _lines(image, [np.vstack([corners, corners[:1]])], YELLOW, 1)
        return
    following, before = np.roll(corners, -1, axis=0), np.roll(corners, 1, axis=0)
    ticks = [
        np.array([c + 0.2 * (b - c), c, c + 0.2 * (f - c)])
        for c, f, b in zip(corners, following, before, strict=True)
    ]
    _lines(image, ticks, YELLOW, 1)


def draw_pose(image: Image, marks: FrameMarks) -> None:
    """Draw the joints that are visible and the bones between them."""
    if marks.pose is None:
        return
    chains = list(topology.POSE_BODY)
    for hand, stubs in (
        (marks.left_hand, topology.POSE_LEFT_HAND),
        (marks.right_hand, topology.POSE_RIGHT_HAND),
    ):
        chains += stubs if hand is None else ()  # the hand itself says it better
    chains += topology.POSE_FACE if marks.face is None else ()
    seen = marks.pose_visible
    bones = [
        marks.pose[list(c)] for chain in chains for c in itertools.pairwise(chain) if seen[list(c)].all()
    ]
    _lines(image, bones, BLACK, 3)
    _lines(image, bones, GREEN, 2)
    joints = {i for chain in chains for i in chain if seen[i]}
    _dots(image, marks.pose[sorted(joints)], GREEN, 3)


def draw_hands(image: Image, marks: FrameMarks) -> None:
    """Draw each hand's fingers and knuckles; left and right are the person's."""
    for hand, colour in ((marks.left_hand, ORANGE), (marks.right_hand, PURPLE)):
        if hand is None:
            continue
        fingers = [hand[list(chain)] for chain in topology.HAND]
        large = np.ptp(hand, axis=0).max() > _LARGE_HAND_PX
        # On a small hand full edges and knuckles would run together.
        _lines(image, fingers, BLACK, 3 if large else 2)
        if large:
            _dots(image, hand, colour, 2)
        _lines(image, fingers, colour, 1)


def draw_face(image: Image, marks: FrameMarks) -> None:
    """Draw the face mesh's contours, lips and irises."""
    if marks.face is None:
        return
    for chains, colour in (
        (topology.NOSE, SKY),
        (topology.FACE_CONTOURS, SKY),
        (topology.LIPS, VERMILLION),
        (topology.IRISES, YELLOW),
    ):
        _lines(image, [marks.face[list(chain)] for chain in chains], colour, 1)


def draw_head_pose(image: Image, marks: FrameMarks) -> None:
    """Draw an arrow from the nose in the direction that the face points to."""
    if marks.face is None or marks.angles_degrees is None:
        return
    yaw, pitch, _ = np.radians(marks.angles_degrees)
    length = 0.6 * float(np.ptp(marks.face[:, 1]))
    tip = marks.face[NOSE_TIP]
    end = tip + length * np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch)])
    reach = float(np.linalg.norm(end - tip))
    if reach < _SHORT_ARROW_PX:
        _dots(image, tip[None], WHITE, 2)
        return
    head = min(0.3, 6 / reach)
    for colour, thickness in ((BLACK, 3), (WHITE, 1)):
        cv2.arrowedLine(image, _fixed(tip), _fixed(end), colour, thickness, cv2.LINE_AA, _SHIFT, head)


FACE_LAYERS: tuple[Layer, ...] = (draw_face,)
LAYERS: tuple[Layer, ...] = (draw_box, draw_pose, draw_hands, draw_face, draw_head_pose)


def draw_layers(image: Image, marks: FrameMarks, layers: Iterable[Layer] = LAYERS) -> Image:
    """Draw the layers on an RGB picture in place and return it."""
    for layer in layers:
        layer(image, marks)
    return image


def _fixed(point: Points) -> tuple[int, int]:
    x, y = _fixed_points(point)
    return int(x), int(y)


def _fixed_points(points: Points) -> npt.NDArray[np.int32]:
    """Return px as OpenCV's fixed-point numbers; far outside the picture is far enough."""
    return np.round(np.clip(points, -30000, 30000) * (1 << _SHIFT)).astype(np.int32)


def _lines(image: Image, chains: Iterable[Points], colour: Rgb, thickness: int) -> None:
    fixed = [_fixed_points(chain) for chain in chains]
    if fixed:
        cv2.polylines(image, fixed, False, colour, thickness, cv2.LINE_AA, _SHIFT)


def _dots(image: Image, points: Points, colour: Rgb, radius: int) -> None:
    for point in points:
        centre = _fixed(point)
        cv2.circle(image, centre, (radius + 1) << _SHIFT, BLACK, -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(image, centre, radius << _SHIFT, colour, -1, cv2.LINE_AA, _SHIFT)
