"""Face networks: the embedded ones on a real face, and what is refused of the user's own."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from backends import dlib_faces, faceres, onnx_faces
from backends.dlib_faces import STRANGERS, stranger_distances
from backends.face_crops import FIVE_POINTS
from backends.onnx_session import open_session
from backends.protocols.pictures import FaceView
from benchmarks.people_faces import view_of
from schemas.outcomes import BadInputError
from transforms.collect_faces import CollectConfig


@pytest.fixture(scope="module")
def views(demo: Path) -> list[FaceView]:
    """Looks at three people: two at the first, in other light and clothes, one at each of the others."""
    found: list[FaceView] = []
    for name in ("s26_bwaq8s.mp4", "s26_swiz3n.mp4", "s2_swwp2s.mp4", "s31_lbig7s.mp4"):
        film = cv2.VideoCapture(str(demo / name))
        film.set(cv2.CAP_PROP_POS_MSEC, 1000)
        image = cv2.cvtColor(film.read()[1], cv2.COLOR_BGR2RGB)
        view = view_of(np.asarray(image, np.uint8), CollectConfig())
        assert view is not None, name
        found.append(view)
    return found


def test_looks_at_one_person_are_nearer_than_looks_at_others(views: list[FaceView]) -> None:
    embedder = dlib_faces.load()
    found = embedder.embed(views)
    assert found.shape == (4, 1152) and embedder.name.startswith("dlib-")
    reach = np.array([embedder.stranger_distance(d) for d in found])
    away = np.linalg.norm(found[:, None] - found[None], axis=-1) / np.sqrt(reach[:, None] * reach)
    assert away[0, 1] < 0.7
    assert min(away[0, 2], away[0, 3], away[1, 2], away[2, 3]) > 0.98


def test_pooling_keeps_the_length_of_the_second_part(views: list[FaceView]) -> None:
    embedder = dlib_faces.load()
    pooled = embedder.pool(embedder.embed(views), np.full(4, 0.25, np.float32))
    assert np.linalg.norm(pooled[dlib_faces.DESCRIPTOR :]) == pytest.approx(1.0, abs=1e-5)


def test_perceived_gender_of_the_demo_s_talkers(views: list[FaceView]) -> None:
    found = faceres.load().estimate(views)
    assert [round(e.masculine) for e in found] == [1, 1, 1, 0]
    assert all(18 < e.age_years < 75 and e.age_groups.sum() == pytest.approx(1, abs=1e-4) for e in found)


def test_ages_are_told_as_if_none_had_been_rarer_than_others() -> None:
    flat = np.full((1, 100), 0.01, np.float32)
    (told,) = faceres.without_prior(flat)
    assert told.sum() == pytest.approx(1.0, abs=1e-5)
    # What it learnt from is common around 38; elsewhere as likely an answer says more, up to eleven times.
    assert told.argmin() == 37 and told[64] / told[37] == pytest.approx(
        1.1 / (0.1 + np.exp(-1.985)), rel=0.01
    )
    assert told[0] == pytest.approx(11 * told[37], rel=0.2) and told[99] == pytest.approx(
        11 * told[37], rel=0.01
    )
    (before,), (after,) = (
        faceres.estimates_of(np.zeros(1, np.float32), years) for years in (flat, told[None])
    )
    assert before.age_years == pytest.approx(50.5) and after.age_years == pytest.approx(
        told @ np.arange(1, 101)
    )
    old = np.exp(-0.5 * ((np.arange(1, 101) - 58) / 14) ** 2)[None].astype(np.float32)
    (seen,) = faceres.estimates_of(np.zeros(1, np.float32), faceres.without_prior(old / old.sum()))
    assert 64 < seen.age_years < 70
    sure = np.eye(100, dtype=np.float32)[[24, 79]]
    assert faceres.without_prior(sure) == pytest.approx(sure)


def test_no_views_give_no_rows() -> None:
    assert faceres.without_prior(np.zeros((0, 100), np.float32)).shape == (0, 100)
    assert dlib_faces.load().embed([]).shape == (0, 1152) and faceres.load().estimate([]) == []


def test_strangers_are_centres_of_groups() -> None:
    with np.load(STRANGERS, allow_pickle=False) as archive:
        centres = archive["centres"].astype(np.float32)
    # A face has unit length in its second part; a mean of several is shorter.
    lengths = np.linalg.norm(centres[:, dlib_faces.DESCRIPTOR :], axis=1)
    assert len(centres) > dlib_faces.NEAREST_STRANGERS and lengths.max() < 0.95
    assert stranger_distances(centres[:1], centres)[0] > 0


def test_the_template_is_symmetric_enough() -> None:
    left, right = dlib_faces.TEMPLATE[0], dlib_faces.TEMPLATE[2]
    assert len(dlib_faces.TEMPLATE) == len(FIVE_POINTS) and left[0] - right[0] > 70
    assert (left[0] + right[0]) / 2 == pytest.approx(dlib_faces.CHIP_PX / 2, abs=2)


def test_users_networks_are_refused_with_the_file_s_name(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"gone\.onnx: no such file"):
        onnx_faces.load_embedder(str(tmp_path / "gone.onnx"))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    with pytest.raises(BadInputError, match=r"broken\.onnx: not an ONNX network"):
        onnx_faces.load_estimator(str(broken))
    with pytest.raises(BadInputError, match=r"faceres\.onnx: takes pictures"):
        onnx_faces.load_embedder(str(faceres.WEIGHTS))
    with pytest.raises(BadInputError, match="not the pinned file"):
        open_session(broken, faceres.WEIGHTS_SHA256)
