"""Where MediaPipe's 478 face points lie on the mesh, found by asking MediaPipe about renders of it.

Each point of each answer is traced back to the triangle it fell on. The places found on many heads and from
many sides are carried to the mean face; their geometric median, made symmetric, is the landmark. Lips come
from open mouths, where their inner rims are seen apart and cannot be mistaken for each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from body import face_mesh
from body.model import BodyModel, SurfacePoints
from body.topology import JOINT_INDEX, Part
from tools.body_model.anny_source import MIRROR
from tools.body_model.detect import FaceDetector
from tools.body_model.renders import SUPERSAMPLING, FaceRender

Float = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_UPPER = (*face_mesh.UPPER_OUTER_LIP[1:-1], *face_mesh.UPPER_INNER_LIP[1:-1])
_LOWER = (*face_mesh.LOWER_OUTER_LIP[1:-1], *face_mesh.LOWER_INNER_LIP[1:-1])
LIPS = (*_UPPER, *_LOWER, *face_mesh.MOUTH_CORNERS, *face_mesh.INNER_MOUTH_CORNERS)
_WINDOW_PX = 6  # of the fine raster, in which the nearest pixel of an allowed triangle counts
_LOWER_LIP_WEIGHT = 0.35  # of the jaw; above it a triangle belongs to the lower lip
_MIN_COSINE = 0.15  # of the angle at which the skin is seen
_OFF_CENTRE = 0.75  # of the face's half width, beyond which the outline hides a point unless turned to us
_TURNED = 0.1
_MIN_SIGHTINGS = 5
_TRUST = 0.002  # metres of spread at which a landmark's weight halves


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Traced:
    """Of n pictures with a face: MediaPipe's points (n, 478, 2) in px, the places (n, 478, 3) on the template
    that they fell on, weights (n, 478), 0 where they fell on nothing allowed; yaw and pitch (n,).
    """

    points: Float
    places: Float
    weights: Float
    yaw: Float
    pitch: Float


def trace(model: BodyModel, skin: Mask, renders: Iterable[FaceRender], detector: FaceDetector) -> Traced:
    """Ask MediaPipe about pictures and trace its answers back to the mesh, one picture at a time.

    Args:
        skin: (F,) triangles of the head that are seen from outside: no cavities.
    """
    allowed = _allowed_triangles(model, skin)
    corners = model.points.template.astype(np.float64)[model.faces]
    rows = []
    for render in renders:
        found = detector.find(render.picture)
        if found is not None:
            points = found[:, :2]
            rows.append((points, *_trace_one(corners, render, points, allowed), render.yaw, render.pitch))
    return Traced(
        points=np.stack([row[0] for row in rows]),
        places=np.stack([row[1] for row in rows]),
        weights=np.stack([row[2] for row in rows]),
        yaw=np.array([row[3] for row in rows]),
        pitch=np.array([row[4] for row in rows]),
    )


def learn(model: BodyModel, skin: Mask, still: Traced, wide: Traced) -> tuple[SurfacePoints, Float]:
    """Return the embedding from closed and from open mouths, and the spread (478,) in metres of the places
    that each point was found at.
    """
    allowed = _allowed_triangles(model, skin)
    lateral, twins = _layout(still, wide)
    places, spread = np.full((face_mesh.NUM_POINTS, 3), np.nan), np.full(face_mesh.NUM_POINTS, np.nan)
    for identity in range(face_mesh.NUM_POINTS):
        group = wide if identity in LIPS else still
        weights = group.weights[:, identity] * _turned_to_us(lateral[identity], group.yaw)
        seen = weights > 0
        if seen.sum() >= _MIN_SIGHTINGS:
            places[identity], spread[identity] = _median(group.places[seen, identity], weights[seen])
    if not np.isfinite(places).all():
        missing = np.flatnonzero(~np.isfinite(places[:, 0])).tolist()
        raise RuntimeError(f"no place found for MediaPipe's points {missing}")
    places = 0.5 * (places + places[twins] * MIRROR)
    spread = 0.5 * (spread + spread[twins])
    template = model.points.template.astype(np.float64)
    faces, shares = np.zeros(len(places), np.int32), np.zeros((len(places), 3))
    for identity, place in enumerate(places):
        candidates = np.flatnonzero(allowed[_kind(identity)])
        nearest, shares[identity] = closest_on_triangles(place, template[model.faces[candidates]])
        faces[identity] = candidates[nearest]
    return SurfacePoints(
        mediapipe_ids=np.arange(face_mesh.NUM_POINTS, dtype=np.int32),
        faces=faces,
        barycentric=shares.astype(np.float32),
        weights=(1 / (1 + (spread / _TRUST) ** 2)).astype(np.float32),
        contour=np.isin(np.arange(face_mesh.NUM_POINTS), face_mesh.FACE_OVAL),
    ), spread


def _kind(identity: int) -> str:
    if identity in face_mesh.LEFT_IRIS:
        return "left_eye"
    if identity in face_mesh.RIGHT_IRIS:
        return "right_eye"
    return "upper" if identity in _UPPER else "lower" if identity in _LOWER else "skin"


def _allowed_triangles(model: BodyModel, skin: Mask) -> dict[str, Mask]:
    jaw = model.points.weights[:, JOINT_INDEX["jaw"]][model.faces].mean(1)
    eyes = {"left_eye": Part.LEFT_EYE, "right_eye": Part.RIGHT_EYE}
    outside = skin & ~np.isin(model.face_parts, list(eyes.values()))
    return {
        "skin": outside,
        "upper": outside & (jaw <= _LOWER_LIP_WEIGHT),
        "lower": outside & (jaw > _LOWER_LIP_WEIGHT),
        **{name: model.face_parts == part for name, part in eyes.items()},
    }


def _trace_one(
    corners: Float, render: FaceRender, points: Float, allowed: dict[str, Mask]
) -> tuple[Float, Float]:
    """Return places (478, 3) on the template and weights (478,) of one picture's points (478, 2)."""
    sin_yaw, cos_yaw, cos_pitch = np.sin(render.yaw), np.cos(render.yaw), np.cos(render.pitch)
    towards = np.array([-sin_yaw * cos_pitch, np.sin(render.pitch), cos_yaw * cos_pitch])  # the camera
    places, weights = np.zeros((len(points), 3)), np.zeros(len(points))
    for identity, point in enumerate(points):
        pixel = _nearest_pixel(render, point * SUPERSAMPLING, allowed[_kind(identity)])
        if pixel is None:
            continue
        triangle = corners[render.raster.face[pixel]]
        normal = np.cross(triangle[1] - triangle[0], triangle[2] - triangle[0])
        cosine = float(normal @ towards / (np.linalg.norm(normal) + 1e-12))
        if cosine > _MIN_COSINE:
            first, second = render.raster.barycentric[pixel]
            places[identity] = np.array([first, second, 1 - first - second]) @ triangle
            weights[identity] = cosine**2
    return places, weights


def _nearest_pixel(render: FaceRender, point: Float, allowed: Mask) -> tuple[int, int] | None:
    """Return row and column of the nearest pixel in the window that shows an allowed triangle."""
    height, width = render.raster.face.shape
    x, y = int(point[0]), int(point[1])
    left, top = max(x - _WINDOW_PX, 0), max(y - _WINDOW_PX, 0)
    faces = render.raster.face[top : min(y + _WINDOW_PX + 1, height), left : min(x + _WINDOW_PX + 1, width)]
    rows, columns = np.nonzero((faces >= 0) & allowed[faces])
    if not len(rows):
        return None
    best = np.argmin((rows + top + 0.5 - point[1]) ** 2 + (columns + left + 0.5 - point[0]) ** 2)
    return int(rows[best] + top), int(columns[best] + left)


def _median(places: Float, weights: Float) -> tuple[Float, float]:
    """Return the weighted geometric median (Weiszfeld's algorithm) and the median distance to it."""
    centre = np.average(places, axis=0, weights=weights)
    for _ in range(20):
        distance = np.linalg.norm(places - centre, axis=1) + 1e-5
        centre = np.average(places, axis=0, weights=weights / distance)
    return centre, float(np.median(np.linalg.norm(places - centre, axis=1)))


def _layout(still: Traced, wide: Traced) -> tuple[Float, npt.NDArray[np.int64]]:
    """Return how far each point lies to the person's left on frontal faces (478,), 1 at the cheek's outline,
    and the number of its mirror image (478,). Open mouths tell the upper lip from the lower.
    """
    closed = _normalised(still.points[(still.yaw == 0) & (still.pitch == 0)])
    # A point seen from the left mirrors its twin seen from the right.
    level = still.pitch == 0
    views = [_normalised(still.points[level & (still.yaw == yaw)]) for yaw in np.unique(still.yaw[level])]
    layout = np.concatenate([*views, _normalised(wide.points)], axis=1)
    mirrored = np.concatenate([*views[::-1], _normalised(wide.points)], axis=1)
    mirrored *= np.tile([-1, 1], len(views) + 1)
    apart = np.linalg.norm(layout[:, None] - mirrored[None], axis=-1)
    # The cost is symmetric, so the best assignment is its own inverse: pairs, and points of the middle.
    twins = np.asarray(linear_sum_assignment(apart + apart.T)[1], np.int64)
    if not np.array_equal(twins[twins], np.arange(len(twins))):
        raise RuntimeError("MediaPipe's points do not pair up across the middle of the face")
    return closed[:, 0], twins


def _normalised(points: Float) -> Float:
    """Return the mean (478, 2) of faces (n, 478, 2), in half widths from the root of the nose."""
    half = np.ptp(points[:, face_mesh.CHEEKS, 0], axis=1)[:, None, None] / 2
    return ((points - points[:, [face_mesh.NOSE_ROOT]]) / half).mean(0)


def _turned_to_us(lateral: float, yaw: Float) -> Mask:
    """Return (n,) whether the side of the face that a point lies on is turned to the camera.

    On the far side a point beyond the outline is drawn on the outline, where the triangle under it is not
    the one it belongs to.
    """
    towards = -np.sin(yaw) * lateral  # a positive yaw shows more of the person's right
    return towards > (_TURNED if abs(lateral) > _OFF_CENTRE else -_TURNED)


def closest_on_triangles(point: Float, triangles: Float) -> tuple[int, Float]:
    """Return which of triangles (n, 3, 3) comes nearest to a point (3,), and the barycentric place (3,)."""
    a, ab, ac = triangles[:, 0], triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    towards = point - a
    d00, d01, d11 = (ab * ab).sum(1), (ab * ac).sum(1), (ac * ac).sum(1)
    d20, d21 = (towards * ab).sum(1), (towards * ac).sum(1)
    area = np.maximum(d00 * d11 - d01 * d01, 1e-30)
    second, third = (d11 * d20 - d01 * d21) / area, (d00 * d21 - d01 * d20) / area
    inside = np.stack([1 - second - third, second, third], axis=1)
    options = [np.where((inside >= 0).all(1, keepdims=True), inside, np.nan)]
    for start, end in ((0, 1), (1, 2), (2, 0)):
        edge = triangles[:, end] - triangles[:, start]
        along = ((point - triangles[:, start]) * edge).sum(1) / np.maximum((edge * edge).sum(1), 1e-30)
        shares = np.zeros((len(triangles), 3))
        shares[:, end] = np.clip(along, 0, 1)
        shares[:, start] = 1 - shares[:, end]
        options.append(shares)
    shares = np.stack(options)  # (4, n, 3)
    distance = np.linalg.norm((shares[..., None] * triangles).sum(2) - point, axis=-1)
    option, index = np.unravel_index(int(np.nanargmin(distance)), distance.shape)
    return int(index), shares[option, index]
