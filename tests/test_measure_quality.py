"""Quality of made pictures and of a made face whose pose is known."""

import cv2
import numpy as np
import pytest

from backends import rapidocr
from backends.protocols.pictures import FrameLandmarks
from body.face_mesh import head_angles
from schemas.records.picture import Box, VisualQuality
from tests.makers import textured_picture
from transforms.measure_quality import (
    QualityConfig,
    QualityMeter,
    body_motion,
    border_motion,
    head_region,
    text_ratios,
)

WIDTH, HEIGHT = 320, 240


def face_mesh(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, mouth: float = 0.0) -> np.ndarray:
    """Return a made mesh of 80 px height in the picture's middle, turned by angles in degrees.

    Positive yaw turns to the picture's right, pitch down, roll clockwise as seen. x is right,
    y down, z away from the camera.
    """
    random = np.random.default_rng(0)
    points = random.uniform(-1, 1, (478, 3)) * [30, 35, 8]
    points[33], points[263] = (-25, -15, 0), (25, -15, 0)
    points[10], points[152] = (0, -40, 0), (0, 40, 0)
    points[13], points[14] = (0, 20 - mouth / 2, -4), (0, 20 + mouth / 2, -4)
    y, p, r = np.radians([yaw, pitch, roll])
    # Facing the camera is looking along -z.
    turn_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    turn_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    turn_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    turned = points @ (turn_z @ turn_y @ turn_x).T
    return (turned + np.array([WIDTH / 2, HEIGHT / 2, 0])).astype(np.float32)


def seen(face: np.ndarray | None) -> FrameLandmarks:
    return FrameLandmarks(face, None, None, None, None, None)


class Reads:
    """Finds text where it is told to."""

    name = "reads"

    def __init__(self, *boxes: Box, legible: float = 1.0) -> None:
        self.boxes, self.legible, self.looks = list(boxes), legible, 0

    def text_boxes(self, image: np.ndarray) -> list[Box]:
        self.looks += 1
        return self.boxes

    def legibility(self, image: np.ndarray, box: Box) -> float:
        return self.legible


def measure(
    pictures: list[np.ndarray], faces: list[np.ndarray | None], reader=None, person=(0, 0, WIDTH, HEIGHT)
) -> VisualQuality:
    meter = QualityMeter(QualityConfig(), 25.0, len(pictures), 2.0, reader, person)
    for picture, face in zip(pictures, faces, strict=True):
        meter.update(picture, seen(face))
    return meter.finish(damaged_frames=0)


def portrait(blur: float = 0.0, gain: float = 1.0) -> np.ndarray:
    picture = np.random.default_rng(1).normal(120, 40, (HEIGHT, WIDTH, 3))
    if blur:
        picture = cv2.GaussianBlur(picture, (0, 0), blur)
    return np.clip(picture * gain, 0, 255).astype(np.uint8)


def test_sharpness_falls_with_blur() -> None:
    found = [
        measure([portrait(blur)] * 3, [face_mesh()] * 3).sharpness or 0.0 for blur in (0, 0.7, 1.5, 3, 6)
    ]
    assert found == sorted(found, reverse=True) and found[0] > 20 * found[-1]


def test_sharpness_compares_faces_of_different_sizes() -> None:
    small = portrait(2.0)
    large = cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    one, other = measure([small], [face_mesh()]), measure([large], [face_mesh() * 2])
    assert one.sharpness == pytest.approx(other.sharpness, rel=0.3)


def test_exposure_of_the_face() -> None:
    dark, fair, bright = (measure([portrait(gain=g)], [face_mesh()]) for g in (0.15, 1.0, 4.0))
    assert (dark.face_luma or 0) < (fair.face_luma or 0) < (bright.face_luma or 0)
    assert fair.face_luma == pytest.approx(120, abs=3)
    assert (dark.dark_ratio or 0) > 0.9 and (bright.bright_ratio or 0) > 0.5
    assert fair.dark_ratio == fair.bright_ratio == 0.0 or (fair.dark_ratio or 0) < 0.05


def test_a_face_partly_out_of_the_picture_is_measured_where_it_is_in() -> None:
    face = face_mesh() - np.array([150, 90, 0], np.float32)  # from -25 to 45 across, -10 to 70 down
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:71, :41] = 100
    found = measure([picture], [face])
    assert found.face_luma == pytest.approx(100, abs=1) and found.dark_ratio == 0.0
    picture = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    picture[:, :1] = picture[:1] = 255
    shade = measure([picture], [face]).face_luma
    assert shade == pytest.approx(100 + 155 * (1 / 40 + 1 / 65), abs=3)


def test_face_height_is_in_pixels_of_the_source() -> None:
    assert measure([portrait()], [face_mesh()]).face_height_px == pytest.approx(160, abs=0.1)


@pytest.mark.parametrize("angle", [-45.0, -20.0, 0.0, 20.0, 45.0])
def test_head_angles_are_those_the_head_was_turned_by(angle: float) -> None:
    assert head_angles(face_mesh(yaw=angle)) == pytest.approx((angle, 0, 0), abs=0.5)
    assert head_angles(face_mesh(pitch=angle)) == pytest.approx((0, angle, 0), abs=0.5)
    assert head_angles(face_mesh(roll=angle)) == pytest.approx((0, 0, angle), abs=0.5)


def test_angles_over_a_clip_are_middle_and_extreme() -> None:
    quality = measure([portrait()] * 20, [face_mesh(yaw=a) for a in [5.0] * 17 + [50.0] * 3])
    assert quality.yaw_degrees == pytest.approx(5, abs=0.5)
    assert quality.max_abs_yaw_degrees == pytest.approx(50, abs=1)


def test_stillness_is_the_share_of_repeated_pictures() -> None:
    moving = [textured_picture(i, WIDTH, HEIGHT) for i in range(11)]
    assert measure(moving, [None] * 11).stillness_ratio == 0.0
    assert measure([moving[0]] * 11, [None] * 11).stillness_ratio == 1.0
    assert measure(moving[:6] + [moving[5]] * 5, [None] * 11).stillness_ratio == pytest.approx(0.5)


def test_stillness_is_the_persons_not_the_pictures() -> None:
    """A talker in the corner of a slide moves; a photo before a moving backdrop does not."""
    pictures = [np.full((HEIGHT, WIDTH, 3), 200, np.uint8) for _ in range(8)]
    for number, picture in enumerate(pictures):
        picture[:60, :60] = np.random.default_rng(number).integers(0, 255, (60, 60, 3))
    assert measure(pictures, [None] * 8, person=(20, 20, 50, 50)).stillness_ratio == 0.0
    assert measure(pictures, [None] * 8, person=(200, 100, 260, 200)).stillness_ratio == 1.0


def test_the_head_is_looked_for_where_the_face_mostly_is() -> None:
    boxes = np.array([[100, 60, 140, 100]] * 9 + [[0, 0, 300, 200]], float)
    assert head_region(boxes, WIDTH, HEIGHT) == (90, 50, 150, 110)
    assert head_region(np.array([[-90.0, -90.0, -50.0, -50.0]]), WIDTH, HEIGHT) == (0, 0, WIDTH, HEIGHT)


def test_lips_that_move_are_told_from_lips_that_do_not() -> None:
    talking = measure([portrait()] * 20, [face_mesh(mouth=8 * (i % 2)) for i in range(20)]).mouth_motion
    silent = measure([portrait()] * 20, [face_mesh(mouth=3)] * 20).mouth_motion
    assert talking == pytest.approx(0.05, rel=0.05) and silent == pytest.approx(0.0, abs=1e-6)


def test_a_moving_camera_moves_the_border() -> None:
    noisy = cv2.GaussianBlur(portrait()[..., 0], (0, 0), 4)
    picture = cv2.resize(noisy, (96, 96), interpolation=cv2.INTER_AREA)
    picture = cv2.normalize(picture, np.zeros_like(picture), 0, 255, cv2.NORM_MINMAX)
    shifted = np.roll(picture, 3, axis=1)
    assert border_motion(picture, picture) == pytest.approx(0.0, abs=1e-3)
    assert border_motion(picture, shifted) == pytest.approx(3 / 96, rel=0.3)


def test_body_motion_is_in_face_heights_a_second_and_skips_what_is_not_seen() -> None:
    arms = [np.full((6, 2), 4.0 * i) for i in range(10)]
    for points in arms:
        points[3] = np.nan
    assert body_motion(arms, 25.0, 80.0) == pytest.approx(4 * np.sqrt(2) * 25 / 80)
    assert body_motion([np.full((6, 2), np.nan)] * 5, 25.0, 80.0) is None
    assert body_motion(arms[:1], 25.0, 80.0) is None


def test_a_clip_without_a_face_has_no_face_scores() -> None:
    quality = measure([portrait()] * 5, [None] * 5)
    for name in (
        "sharpness",
        "face_luma",
        "face_height_px",
        "yaw_degrees",
        "mouth_motion",
        "text_area_ratio",
    ):
        assert getattr(quality, name) is None
    assert quality.ocr is None and quality.text_area_ratio is None


@pytest.mark.parametrize(
    ("boxes", "face", "expected"),
    [
        ([], (0, 0, 10, 10), (0.0, 0.0)),
        ([(0, 0, 50, 20)], None, (0.1, 0.0)),
        ([(0, 0, 50, 20), (0, 0, 50, 20)], (0, 0, 50, 40), (0.1, 0.5)),
        ([(-10, -10, 200, 200)], (10, 10, 20, 20), (1.0, 1.0)),
        ([(0.6, 0.6, 9.2, 4.2)], None, (0.005, 0.0)),
    ],
)
def test_text_is_measured_by_the_area_it_covers(
    boxes: list[Box], face, expected: tuple[float, float]
) -> None:
    assert text_ratios(boxes, 100, 100, face) == pytest.approx(expected)


class ReadsAtTimes(Reads):
    """Finds text over the face on the looks it is told to."""

    def __init__(self, *looks: int) -> None:
        super().__init__()
        self.wanted = looks

    def text_boxes(self, image: np.ndarray) -> list[Box]:
        self.looks += 1
        return [(130, 90, 190, 150)] if self.looks in self.wanted else []


@pytest.mark.parametrize(("looks", "over"), [((2,), False), ((1, 3), True), ((1, 2, 3), True)])
def test_text_over_the_face_is_what_most_looks_find(looks: tuple[int, ...], over: bool) -> None:
    quality = measure([portrait()] * 9, [face_mesh()] * 9, ReadsAtTimes(*looks))
    assert ((quality.text_over_face_ratio or 0.0) > 0.3) is over
    assert (quality.text_area_ratio or 0.0) > 0.04


def test_text_is_looked_for_on_a_few_frames_and_counts_if_it_can_be_read() -> None:
    reader = Reads((0, 0, WIDTH, HEIGHT / 4))
    quality = measure([portrait()] * 30, [face_mesh()] * 30, reader)
    assert reader.looks == QualityConfig().text_frames
    assert quality.text_area_ratio == pytest.approx(0.25) and quality.ocr == "reads"
    fold = measure([portrait()] * 30, [face_mesh()] * 30, Reads((0, 0, WIDTH, HEIGHT / 4), legible=0.2))
    assert fold.text_area_ratio == 0.0


def test_the_real_detector_finds_a_caption_and_nothing_in_a_picture_without_one() -> None:
    plain = cv2.GaussianBlur(textured_picture(3, 640, 360), (0, 0), 12)
    captioned = plain.copy()
    cv2.rectangle(captioned, (60, 280), (580, 340), (0, 0, 0), -1)
    cv2.putText(captioned, "BREAKING NEWS TONIGHT", (80, 322), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255,) * 3, 3)
    reader = rapidocr.load()
    assert (measure([plain] * 3, [None] * 3, reader).text_area_ratio or 0) < 0.01
    assert 0.03 < (measure([captioned] * 3, [None] * 3, reader).text_area_ratio or 0) < 0.15


def test_glasses_are_no_text() -> None:
    """Two lenses and a bridge, which the recogniser reads as 06 or 00."""
    picture = np.full((288, 360, 3), (205, 160, 140), np.uint8)
    for x in (140, 200):
        cv2.ellipse(picture, (x, 145), (24, 18), 0, 0, 360, (30, 25, 25), 4)
    cv2.line(picture, (164, 142), (176, 142), (30, 25, 25), 4)
    reader = rapidocr.load()
    assert max([reader.legibility(picture, b) for b in [(105, 115, 235, 175), (110, 120, 230, 170)]]) == 0.0
