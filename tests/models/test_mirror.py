"""Mirrors: the mesh of mirrored parameters is the mirrored mesh, and every array keeps to it."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from mediapipe.python.solutions.face_mesh_connections import FACEMESH_TESSELATION

from body.face_mesh import (
    FACE_OVAL,
    INNER_LIPS,
    LEFT_EYE,
    LEFT_LOWER_LID,
    LEFT_UPPER_BROW,
    MOUTH_CORNERS,
    NUM_POINTS,
    PARTNERS,
    RIGHT_EYE,
    RIGHT_LOWER_LID,
    RIGHT_UPPER_BROW,
)
from body.load import load_body_model
from body.mirror import coefficient_mirror, mirrored_points, other_side, vertex_partners
from body.model import BodyModel, landmark_points
from body.pose_points import POSE_PARTNERS
from body.skinning import skin
from body.track import BodyTrack
from models.data.mirror import Mirror, mirrored_arrays, mirrored_betas, sources_of
from schemas.outcomes import BadInputError
from schemas.sample import ARRAYS, BODY_ARRAYS
from tests.models.made_shards import counting_arrays

EVERY = tuple(ARRAYS | BODY_ARRAYS)
WIDTH = 320


@pytest.fixture(scope="module")
def model() -> BodyModel:
    return load_body_model()


@pytest.fixture(scope="module")
def arrays() -> dict[str, npt.NDArray[Any]]:
    """Arrays of a clip of 6 frames; on the last one nothing was seen, and its landmarks are 0."""
    made = counting_arrays(6, 3)
    for name, array in made.items():
        if name.startswith("smplx:") and "error" not in name:
            made[name] = np.random.default_rng(len(name)).normal(0, 0.3, array.shape).astype(np.float32)
        elif name in ARRAYS and not name.startswith(("box", "pose:v", "pose:w")):
            array[-1] = 0
    return made


@pytest.fixture
def mirror(model: BodyModel) -> Mirror:
    return Mirror(width=WIDTH, body_model=None, model_id=model.model_id)


def track(arrays: dict[str, npt.NDArray[Any]], betas: npt.NDArray[np.float32], model: BodyModel) -> BodyTrack:
    fit = {"betas": betas, "focal_length_px": 500.0, "model_id": model.model_id}
    return BodyTrack.from_sample(arrays, fit, 25.0, WIDTH, 240)


def test_the_mesh_of_mirrored_parameters_is_the_mirrored_mesh(
    model: BodyModel, arrays: dict[str, npt.NDArray[Any]], mirror: Mirror
) -> None:
    betas = np.linspace(-2, 2, 10).astype(np.float32)
    turned = mirrored_arrays(arrays, EVERY, mirror)
    meshes: list[npt.NDArray[np.float32]] = []
    for body in (track(arrays, betas, model), track(turned, mirrored_betas(betas, mirror), model)):
        meshes.append(skin(model, body.full_pose(), body.betas, body.expression, body.transl)[0])
    away = np.linalg.norm(mirrored_points(meshes[0]) - meshes[1][:, vertex_partners(model)], axis=-1)
    # The template is symmetric to the bit; ten of the forty expression components nearly are.
    assert away.max() < 0.2e-3 and away.mean() < 0.01e-3
    assert np.linalg.norm(meshes[0] - meshes[1], axis=-1).mean() > 0.05


def test_the_template_is_symmetric_and_expressions_nearly(model: BodyModel) -> None:
    partners, turn = vertex_partners(model), coefficient_mirror(model)
    assert np.array_equal(model.points.template[partners], mirrored_points(model.points.template))
    assert np.array_equal(partners[partners], np.arange(model.num_vertices))
    assert np.allclose(turn.shape @ turn.shape, np.eye(10), atol=1e-4)
    assert np.allclose(turn.expression @ turn.expression, np.eye(10), atol=1e-2)


def test_an_asymmetric_face_turns_over_where_the_model_has_the_components() -> None:
    whole = load_body_model(num_expression=40)
    assert whole.arkit is not None
    turn, names = coefficient_mirror(whole), list(whole.arkit.names)
    partners = [
        names.index(name.replace("Left", "*").replace("Right", "Left").replace("*", "Right"))
        for name in names
    ]
    for unit in ("mouthSmileLeft", "eyeBlinkRight", "browInnerUp"):
        z = whole.arkit.to_expression[names.index(unit)]
        activations = (z @ turn.expression) @ whole.arkit.from_expression
        assert int(np.argmax(activations)) == partners[names.index(unit)]
        assert activations.max() == pytest.approx(1, abs=0.05)


def test_mirroring_twice_gives_back_every_array(arrays: dict[str, npt.NDArray[Any]], mirror: Mirror) -> None:
    once = mirrored_arrays(arrays, EVERY, mirror)
    twice = mirrored_arrays(once, EVERY, mirror)
    for name in EVERY:
        assert once[name].dtype == arrays[name].dtype and once[name].shape == arrays[name].shape
        assert np.allclose(twice[name].astype(float), arrays[name].astype(float), atol=1e-2), name


def test_every_array_that_has_sides_changes_them(arrays: dict[str, npt.NDArray[Any]], mirror: Mirror) -> None:
    turned = mirrored_arrays(arrays, EVERY, mirror)
    for name in EVERY:
        if (other_side(name) != name and name.startswith("valid:")) or name.endswith("_error_px"):
            assert np.array_equal(turned[name], arrays[other_side(name)]), name
    for side in ("left", "right"):
        points, other = turned[f"hand:{side}_landmarks"], arrays[f"hand:{other_side(side)}_landmarks"]
        assert np.array_equal(points[:-1, :, 0], WIDTH * 16 - other[:-1, :, 0])
        assert np.array_equal(points[..., 1:], other[..., 1:]) and not points[-1].any()
        hand = turned[f"smplx:{side}_hand"].reshape(6, 15, 3)
        assert np.array_equal(hand * [1, -1, -1], arrays[f"smplx:{other_side(side)}_hand"].reshape(6, 15, 3))
    box = turned["box:face"]
    assert np.allclose(box[:, [0, 2]], WIDTH - arrays["box:face"][:, [2, 0]])
    assert np.array_equal(turned["pose:visibility"][:, 15], arrays["pose:visibility"][:, 16])
    assert np.array_equal(turned["pose:world"][:, 15, 0], -arrays["pose:world"][:, 16, 0])


def test_points_of_the_face_have_their_partners_on_the_other_side(model: BodyModel) -> None:
    assert np.array_equal(PARTNERS[PARTNERS], np.arange(NUM_POINTS))
    places = landmark_points(model, range(NUM_POINTS)).template
    assert np.linalg.norm(places[PARTNERS] - mirrored_points(places), axis=1).max() < 0.3e-3
    for left, right in (
        *((LEFT_LOWER_LID, RIGHT_LOWER_LID), (LEFT_UPPER_BROW, RIGHT_UPPER_BROW)),
        ((MOUTH_CORNERS[1],), (MOUTH_CORNERS[0],)),
    ):
        assert PARTNERS[list(left)].tolist() == list(right)
    assert {*PARTNERS[list(LEFT_EYE)]} == {*RIGHT_EYE}
    for whole in (FACE_OVAL, INNER_LIPS):
        assert {*PARTNERS[list(whole)]} == {*whole}
    edges = {frozenset(edge) for edge in FACEMESH_TESSELATION}
    turned = {frozenset(int(PARTNERS[point]) for point in edge) for edge in edges}
    assert len(turned - edges) <= 6  # diagonals of three quadrangles that the mesh cuts otherwise
    assert [POSE_PARTNERS[p] for p in (0, 1, 3, 7, 9, 11, 31)] == [0, 4, 6, 8, 10, 12, 32]


def test_what_cannot_be_mirrored_says_so(arrays: dict[str, npt.NDArray[Any]], mirror: Mirror) -> None:
    other = Mirror(width=WIDTH, body_model=None, model_id="another")
    assert mirrored_arrays(arrays, ("smplx:jaw",), other)["smplx:jaw"].shape == (6, 3)
    with pytest.raises(BadInputError, match=r"another.*cannot mirror.*body_model"):
        mirrored_arrays(arrays, ("smplx:expression",), other)
    with pytest.raises(BadInputError, match=r"array made:up.*mirror_probability"):
        mirrored_arrays(arrays | {"made:up": np.zeros(6)}, ("made:up",), mirror)
    assert sources_of(("hand:left_landmarks",)) == (
        *("hand:left_landmarks", "hand:right_landmarks", "valid:left_hand", "valid:right_hand"),
    )
