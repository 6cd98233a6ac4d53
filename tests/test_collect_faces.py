"""Faces of a clip: the best look of each part is kept, and a clip's descriptor is of one face."""

from collections.abc import Sequence

import numpy as np
import pytest

from backends.face_crops import aligned, similarity, upright_square
from backends.protocols.pictures import FaceView, FrameLandmarks
from tests.print_makers import make_print
from transforms.collect_faces import CollectConfig, FaceCollector, cut_view, frontality, view_quality
from transforms.embed_faces import agreeing, clip_face, face_bytes, read_face

CONFIG = CollectConfig(max_views=3, every_frames=1)


def mesh(x: float = 320.0, y: float = 240.0, size: float = 120.0, turn: float = 0.0) -> np.ndarray:
    """Return a mesh (478, 3) around a place; `turn` moves the nose towards an eye, 0.5 covers it."""
    points = np.zeros((478, 3), np.float32)
    angle = np.linspace(0, 2 * np.pi, 478)
    points[:, 0], points[:, 1] = x + 0.4 * size * np.cos(angle), y + 0.5 * size * np.sin(angle)
    places = {10: (0, -0.5), 152: (0, 0.5), 33: (-0.25, -0.1), 263: (0.25, -0.1), 1: (0.5 * turn, 0.1)}
    places |= {133: (-0.1, -0.1), 362: (0.1, -0.1), 2: (0, 0.15)}
    for index, (dx, dy) in places.items():
        points[index, :2] = (x + dx * size, y + dy * size)
    return points


def frame(face: np.ndarray | None) -> FrameLandmarks:
    return FrameLandmarks(face, None, None, None, None, None)


def picture(seed: int = 0, blur: int = 1) -> np.ndarray:
    """Return a picture with detail of about `blur` px."""
    coarse = np.random.default_rng(seed).integers(0, 256, (480 // blur, 640 // blur, 3)).astype(np.uint8)
    return coarse.repeat(blur, axis=0).repeat(blur, axis=1)


def test_larger_sharper_and_frontal_faces_are_better() -> None:
    good = view_quality(picture(blur=2), mesh(), 24.0)
    assert 0 < view_quality(picture(blur=2), mesh(size=60), 24.0) < good
    assert 0 < view_quality(picture(blur=40), mesh(), 24.0) < good
    assert 0 < view_quality(picture(blur=2), mesh(turn=0.25), 24.0) < good


@pytest.mark.parametrize(
    "face", [mesh(size=20), mesh(x=630), mesh(turn=1.0)], ids=["small", "cut", "profile"]
)
def test_what_cannot_be_recognised_has_no_quality(face: np.ndarray) -> None:
    assert view_quality(picture(), face, 24.0) == 0.0


def test_frontality_falls_as_the_nose_nears_an_eye() -> None:
    assert [frontality(mesh(turn=t)) for t in (0.0, 0.25, 0.5)] == pytest.approx([1.0, 0.5, 0.0])


def test_each_part_of_a_clip_gives_its_best_view() -> None:
    collector = FaceCollector(CONFIG, 9)
    sizes = [60, 90, 70, 80, 80, 100, 0, 0, 0]
    for size in sizes:
        collector.update(picture(), frame(mesh(size=size) if size else None))
    views, weights = collector.finish()
    assert len(views) == 2 and weights.sum() == pytest.approx(1.0)
    heights = [float(v.points[152, 1] - v.points[10, 1]) for v in views]
    assert heights == pytest.approx([90, 100], abs=0.01)


def test_no_face_gives_no_views() -> None:
    collector = FaceCollector(CONFIG, 1)
    collector.update(picture(), frame(None))
    views, weights = collector.finish()
    assert views == [] and len(weights) == 0


def test_a_large_face_is_reduced_with_its_mesh() -> None:
    view = cut_view(picture(), mesh(size=200), CollectConfig(max_side_px=128))
    assert max(view.image.shape[:2]) == 128
    assert view.points[:, 0].max() < view.image.shape[1] and view.points[:, :2].min() > 0


def test_a_similarity_is_found_again() -> None:
    source = np.random.default_rng(0).uniform(0, 100, (5, 2))
    true = np.array([[0.8, -0.6, 5.0], [0.6, 0.8, -3.0]]) * [1.5, 1.5, 1.0]
    assert similarity(source, source @ true[:, :2].T + true[:, 2]) == pytest.approx(true)


def test_crops_are_upright_and_on_the_template() -> None:
    view = FaceView(picture(), mesh())
    assert upright_square(view, 64, 0.1).shape == (64, 64, 3)
    template = view.points[[263, 362, 33, 133, 2], :2] - [250, 170]
    assert np.array_equal(aligned(view, template, 140), view.image[170:310, 250:390])


class Numbers:
    """An embedder whose descriptors are given."""

    name = "numbers"

    def __init__(self, *found: Sequence[float]) -> None:
        self._found = np.array(found, np.float32)

    def embed(self, views: Sequence[FaceView]) -> np.ndarray:
        return self._found[: len(views)]

    def pool(self, descriptors: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.average(descriptors, axis=0, weights=weights).astype(np.float32)

    def stranger_distance(self, descriptor: np.ndarray) -> float:
        return 0.5


def test_a_view_of_something_else_does_not_count() -> None:
    found = np.array([[0.0], [0.1], [0.2], [9.0]], np.float32)
    assert agreeing(found).tolist() == [True, True, True, False]
    assert agreeing(found[[0, 3]]).all()


def test_a_stored_face_is_read_again() -> None:
    views = [FaceView(picture(), mesh())] * 2
    marks = make_print(1)
    face = clip_face(views, np.array([0.75, 0.25], np.float32), marks, Numbers([1.0, 0.0], [0.0, 1.0]))
    assert face is not None
    back = read_face(face_bytes(face))
    assert back.descriptor.tolist() == [0.75, 0.25] and back.print.face_hz == marks.face_hz
    assert (back.print.sound == marks.sound).all() and (back.print.face == marks.face).all()
    assert (back.num_views, back.embedder, back.stranger_distance) == (2, "numbers", 0.5)
    assert clip_face([], np.zeros(0, np.float32), marks, Numbers([1.0])) is None
