"""Skin tone: the Monk scale, from the skin's pixels through the individual typology angle (ITA).

Pictures differ in exposure and white balance far more than skin differs in tone, so skin is compared
with the whites of the eyes beside it, which are about equally white in all people: dividing by them
cancels exposure and the colour of the light. Where light is too uneven, the eyes too small to see
their whites or pixels clipped, the answer is unknown.

ITA = atan((L* - 50) / b*) (Chardon et al. 1991); the Monk scale: Monk 2019, ten published colours.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, sqrt

import cv2
import numpy as np
import numpy.typing as npt

from backends.protocols import FaceView, FloatArray, RgbImage
from body import face_mesh
from schemas.attributes import UNKNOWN
from schemas.bounds import Count, Factor, Positive, Share
from schemas.records import Attribute

Points = npt.NDArray[np.floating]
MODEL = "ita-sclera-1"
_MONK = ("f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420")
_SKIN = (face_mesh.RIGHT_CHEEK, face_mesh.LEFT_CHEEK, face_mesh.BROAD_FOREHEAD)
_EYES = (
    (face_mesh.RIGHT_EYE, face_mesh.RIGHT_IRIS),
    (face_mesh.LEFT_EYE, face_mesh.LEFT_IRIS),
)
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE_D65 = np.array([0.95047, 1.0, 1.08883])


@dataclass(frozen=True, kw_only=True, slots=True)
class SkinConfig:
    """When light is good enough, and how white the whites look.

    `sclera_white` is the linear brightness of the whites of the eyes as they appear, shaded by lids and
    brows, relative to a white paper held at the cheek. It sets the scale's zero: with it the medians of
    labelled groups lie where skin measured by instrument does (Del Bino and Bernerd 2013).
    """

    sclera_white: Share = 0.16
    # Faces are reduced to this width: the finer a picture, the less lashes and lids darken the whites.
    face_width_px: Positive = 85.0
    min_sclera_px: Count = 6
    min_sclera_brightness: Share = 0.02
    max_clipped_ratio: Share = 0.3
    # Brighter to darker cheek: past this one side lies in the shadow.
    max_cheek_ratio: Factor = 3.0
    # Largest to smallest of the whites' red, green and blue: past this the light is coloured.
    max_colour_cast: Factor = 3.0


def to_linear(image: RgbImage) -> FloatArray:
    """Return sRGB bytes as linear light, 0 to 1."""
    levels = np.arange(256) / 255.0
    table = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return table.astype(np.float32)[image]


def ita_degrees(linear_rgb: Points) -> float:
    """Return the individual typology angle of a colour in linear sRGB under D65."""
    ratio = (_TO_XYZ @ np.asarray(linear_rgb, np.float64)) / _WHITE_D65
    f = np.where(ratio > 0.008856, np.cbrt(np.maximum(ratio, 1e-9)), 7.787 * ratio + 16 / 116)
    return float(np.degrees(np.arctan2(116 * f[1] - 16 - 50, 200 * (f[1] - f[2]))))


def _swatch_angles() -> list[float]:
    swatches = [np.array([list(bytes.fromhex(code))], np.uint8) for code in _MONK]
    return [ita_degrees(to_linear(swatch)[0]) for swatch in swatches]


MONK_ITA = _swatch_angles()
# A tone reaches half-way to its neighbours' angles.
MONK_BOUNDS = [(a + b) / 2 for a, b in itertools.pairwise(MONK_ITA)]


def monk_category(ita: float) -> str:
    """Return monk_1 (lightest) to monk_10 for an angle in degrees."""
    return f"monk_{1 + sum(ita < bound for bound in MONK_BOUNDS)}"


def measure_skin(view: FaceView, config: SkinConfig) -> FloatArray | None:
    """Return the angles (n,) of the skin regions of a view, n <= 3; None if the light forbids it."""
    view = _reduced(view, config.face_width_px)
    linear = to_linear(view.image)
    white = _sclera(linear, view.points, config)
    if white is None or white.max() > config.max_colour_cast * white.min():
        return None
    regions = [_region_colour(view.image, linear, view.points[list(r), :2], config) for r in _SKIN]
    cheeks = [float(c[1]) for c in regions[:2] if c is not None]
    if len(cheeks) < 2 or max(cheeks) > config.max_cheek_ratio * max(min(cheeks), 1e-4):
        return None
    scaled = [np.clip(c / white * config.sclera_white, 0, 1) for c in regions if c is not None]
    return np.array([ita_degrees(colour) for colour in scaled], np.float32)


def _reduced(view: FaceView, width_px: float) -> FaceView:
    scale = width_px / max(float(np.ptp(view.points[face_mesh.SKIN, 0])), 1.0)
    if scale >= 1:
        return view
    image = cv2.resize(view.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return FaceView(np.asarray(image, np.uint8), view.points * np.float32(scale))


def _sclera(linear: FloatArray, points: Points, config: SkinConfig) -> FloatArray | None:
    """Return the colour (3,) of the whites of the eyes; None where too few or too dark."""
    found: list[FloatArray] = []
    for lids, (centre, *rim) in _EYES:
        inside = _mask(linear.shape[:2], points[list(lids), :2])
        radius = np.linalg.norm(points[rim, :2] - points[centre, :2], axis=1).mean()
        rows, columns = np.nonzero(inside)
        outside = np.hypot(columns - points[centre, 0], rows - points[centre, 1]) > 1.05 * radius
        pixels = linear[rows[outside], columns[outside]]
        if len(pixels) >= config.min_sclera_px:
            light = pixels @ _TO_XYZ[1]
            # The darker part is lashes, corners and veins.
            found.append(pixels[light >= np.quantile(light, 0.6)].mean(axis=0))
    if not found:
        return None
    white = np.mean(found, axis=0)
    return white if config.min_sclera_brightness <= white.min() and white.max() < 0.95 else None


def _region_colour(
    image: RgbImage, linear: FloatArray, corners: Points, config: SkinConfig
) -> FloatArray | None:
    """Return the median colour (3,) of the middle half by brightness: no highlights, no wrinkles."""
    mask = _mask(image.shape[:2], corners)
    if mask.sum() < 20 or (image[mask] >= 254).any(axis=1).mean() > config.max_clipped_ratio:
        return None
    pixels = linear[mask]
    light = pixels @ _TO_XYZ[1]
    low, high = np.quantile(light, [0.25, 0.75])
    return np.median(pixels[(light >= low) & (light <= high)], axis=0)


def _mask(shape: Sequence[int], corners: Points) -> npt.NDArray[np.bool_]:
    canvas = np.zeros((shape[0], shape[1]), np.uint8)
    cv2.fillConvexPoly(canvas, cv2.convexHull(np.round(corners).astype(np.int32)), 1)
    return canvas.astype(bool)


def estimate_skin_tone(views: Sequence[FaceView], config: SkinConfig) -> Attribute:
    """Return the skin tone that a clip's views agree on.

    Confidence is the chance that the angle lies within the category, when its error is what regions and
    views differ by, and at least 10 degrees.
    """
    measured = [angles for view in views if (angles := measure_skin(view, config)) is not None]
    if not measured:
        return _attribute(UNKNOWN, None, None)
    angles = np.concatenate(measured)
    ita = float(np.median(angles))
    error = max(float(np.median(np.abs(angles - ita))) * 1.4826, 10.0)
    category = monk_category(ita)
    number = int(category.removeprefix("monk_"))
    upper = 90.0 if number == 1 else MONK_BOUNDS[number - 2]
    lower = -90.0 if number == 10 else MONK_BOUNDS[number - 1]
    confidence = 0.5 * (erf((upper - ita) / error / sqrt(2)) - erf((lower - ita) / error / sqrt(2)))
    return _attribute(category, confidence, ita)


def _attribute(value: str, confidence: float | None, ita: float | None) -> Attribute:
    return Attribute(
        name="skin_tone", value=value, source="estimated", confidence=confidence, model=MODEL, score=ita
    )
