"""Skin tone on the Monk scale, from the skin's colour and brightness beside the whites of the eyes.

Pictures differ in exposure and white balance far more than skin differs in tone. The whites of the eyes are
about equally white in all people, so dividing by them cancels the colour of the light: melanin takes away
blue before red (Angelopoulou 2001), and the ratio of red to blue that is left grows with it. It is taken
together with the skin's brightness, relative to the whites and in the picture, each weighted by how well it
tells apart groups that are known to differ. Where the whites are few, coloured or burnt out, where one side
of the face lies in the shadow, or where a clip's views disagree or mostly fail, light or size do not let the
tone be told: it is unknown.

The scale: Monk 2019. Weights, zero and step are set on one half of labelled faces and reported on the other
(docs/people.md); a single picture is off by two tones as a rule, which `confidence` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, sqrt

import cv2
import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import FloatArray, RgbImage
from backends.protocols.pictures import FaceView
from body import face_mesh
from schemas.attributes import UNKNOWN
from schemas.bounds import Count, Factor, Positive, Share
from schemas.records.person import Attribute

Points = npt.NDArray[np.floating]
MODEL = "skin-and-sclera-2"
_SKIN = (face_mesh.RIGHT_CHEEK, face_mesh.LEFT_CHEEK, face_mesh.BROAD_FOREHEAD)
_EYES = (
    (face_mesh.RIGHT_EYE, face_mesh.RIGHT_IRIS),
    (face_mesh.LEFT_EYE, face_mesh.LEFT_IRIS),
)
# Luminance of linear sRGB.
_LUMINANCE = np.array([0.2126729, 0.7151522, 0.0721750])
NUM_TONES = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class SkinConfig:
    """When light is good enough, and how colour and brightness become a tone.

    tone = zero_tone + tones_per_unit * (red_weight * ln(R/B of skin over whites)
           - contrast_weight * ln(Y of skin over whites) - lightness_weight * (L* of skin - 65))
    """

    red_weight: float = 0.6
    contrast_weight: float = 0.3
    lightness_weight: float = 0.013
    zero_tone: float = 4.0
    tones_per_unit: Positive = 7.4
    # How far a tone is off within groups of labelled single pictures, as a standard deviation.
    error_tones: Positive = 2.0
    # Views of one clip that differ by more, as a standard deviation, show changing light.
    max_spread_tones: Positive = 2.0
    # A tone that most views cannot tell is that of a lucky one.
    min_told_ratio: Share = 0.5
    # Faces are reduced to this width: the finer a picture, the less lashes and lids darken the whites.
    face_width_px: Positive = 85.0
    min_sclera_px: Count = 6
    min_sclera_brightness: Share = 0.01
    max_clipped_ratio: Share = 0.3
    # Brighter to darker cheek: past this one side lies in the shadow.
    max_cheek_ratio: Factor = 2.5
    # Largest to smallest of the whites' red, green and blue: past this the light is coloured, or the eyes are
    # so small that the whites are mixed with the skin around them.
    max_colour_cast: Factor = 2.45


def to_linear(image: RgbImage) -> FloatArray:
    """Return sRGB bytes as linear light, 0 to 1."""
    levels = np.arange(256) / 255.0
    table = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return table.astype(np.float32)[image]


def monk_category(tone: float) -> str:
    """Return monk_1 (lightest) to monk_10 for a place on the scale."""
    return f"monk_{min(max(round(tone), 1), NUM_TONES)}"


def measure_skin(view: FaceView, config: SkinConfig) -> float | None:
    """Return the place on the scale that a view shows; None if the light forbids it."""
    view = _reduced(view, config.face_width_px)
    linear = to_linear(view.image)
    white = _sclera(linear, view.points, config)
    if white is None or white.max() > config.max_colour_cast * white.min():
        return None
    regions = [_region_colour(view.image, linear, view.points[list(r), :2], config) for r in _SKIN]
    cheeks = [float(c[1]) for c in regions[:2] if c is not None]
    if len(cheeks) < 2 or max(cheeks) > config.max_cheek_ratio * max(min(cheeks), 1e-4):
        return None
    skin = np.median([c for c in regions if c is not None], axis=0)
    return tone_of(np.maximum(skin, 1e-4), white, config)


def tone_of(skin: Points, white: Points, config: SkinConfig) -> float:
    """Return the place on the scale of skin beside the whites of the eyes, both (3,) in linear sRGB."""
    red = float(np.log(skin[0] / skin[2] * white[2] / white[0]))
    contrast = float(np.log(_LUMINANCE @ skin / (_LUMINANCE @ white)))
    # The skin as it would be pictured in white light of the same brightness.
    lightness = 116 * float(np.cbrt(_LUMINANCE @ (skin / white) * (_LUMINANCE @ white))) - 16
    index = (
        config.red_weight * red
        - config.contrast_weight * contrast
        - config.lightness_weight * (lightness - 65)
    )
    return config.zero_tone + config.tones_per_unit * index


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
            light = pixels @ _LUMINANCE
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
    light = pixels @ _LUMINANCE
    low, high = np.quantile(light, [0.25, 0.75])
    return np.median(pixels[(light >= low) & (light <= high)], axis=0)


def _mask(shape: Sequence[int], corners: Points) -> npt.NDArray[np.bool_]:
    canvas = np.zeros((shape[0], shape[1]), np.uint8)
    cv2.fillConvexPoly(canvas, cv2.convexHull(np.round(corners).astype(np.int32)), 1)
    return canvas.astype(bool)


def estimate_skin_tone(views: Sequence[FaceView], config: SkinConfig) -> Attribute:
    """Return the skin tone that a clip's views agree on, unknown if they do not or cannot tell.

    Confidence is the chance that the tone lies within the category, when it is off as single pictures of
    labelled faces are: views of one clip share their light, so more of them do not make it surer.
    """
    measured = [tone for view in views if (tone := measure_skin(view, config)) is not None]
    few = len(measured) < max(config.min_told_ratio * len(views), 1)
    if few or float(np.std(measured)) > config.max_spread_tones:
        return _attribute(UNKNOWN, None, None)
    tone = min(max(float(np.median(measured)), 1.0), float(NUM_TONES))
    category = monk_category(tone)
    number = int(category.removeprefix("monk_"))
    upper = np.inf if number == NUM_TONES else number + 0.5
    lower = -np.inf if number == 1 else number - 0.5
    scale = config.error_tones * sqrt(2)
    confidence = 0.5 * (erf((upper - tone) / scale) - erf((lower - tone) / scale))
    return _attribute(category, confidence, tone)


def _attribute(value: str, confidence: float | None, tone: float | None) -> Attribute:
    return Attribute(
        name="skin_tone", value=value, source="estimated", confidence=confidence, model=MODEL, score=tone
    )
