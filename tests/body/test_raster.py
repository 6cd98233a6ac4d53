"""The rasteriser against a slow one that tests every pixel, and against geometry done by hand."""

import numpy as np
import pytest

from body.raster import Pinhole, interpolate, part_mask, rasterise, vertex_normals
from body.shading import facing_camera, shade

SQUARE = np.array([[-1.0, -1, 4], [1, -1, 4], [1, 1, 4], [-1, 1, 4]], np.float32)
SQUARE_FACES = np.array([[0, 1, 2], [0, 2, 3]])


def _brute_force(vertices, faces, camera):
    """Return depth, face and barycentric coordinates by intersecting the ray of every pixel."""
    size = (camera.height_px, camera.width_px)
    depth, face, shares = np.full(size, np.inf), np.full(size, -1), np.zeros((*size, 3))
    rows, columns = np.indices(size)
    rays = np.stack(
        [
            (columns + 0.5 - camera.centre_x_px) / camera.focal_px,
            (rows + 0.5 - camera.centre_y_px) / camera.focal_px,
            np.ones(size),
        ],
        axis=-1,
    )
    for index, (a, b, c) in enumerate(vertices[faces].astype(np.float64)):
        if min(a[2], b[2], c[2]) <= 0.01:
            continue
        # Solve s (a, b, c) = ray for each pixel: shares along the ray, in proportion to barycentric ones.
        matrix = np.stack([a, b, c], axis=1)
        if abs(np.linalg.det(matrix)) < 1e-12:
            continue
        solved = rays @ np.linalg.inv(matrix).T
        total = solved.sum(-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            parts, z = solved / total[..., None], 1 / total
        hit = (parts >= 0).all(-1) & (z > 0) & (z < depth)
        depth[hit], face[hit], shares[hit] = z[hit], index, parts[hit]
    return depth, face, shares


@pytest.mark.parametrize("seed", range(6))
def test_equals_brute_force_on_random_triangles(seed):
    rng = np.random.default_rng(seed)
    vertices = rng.uniform([-1.5, -1.5, 0.5], [1.5, 1.5, 4.0], (60, 3)).astype(np.float32)
    vertices[:3, 2] = -1.0  # one triangle behind the camera
    faces = rng.permutation(60).reshape(20, 3)
    camera = Pinhole(focal_px=40.0, centre_x_px=33.3, centre_y_px=22.1, width_px=64, height_px=48)

    raster = rasterise(vertices, faces, camera, cull=False)

    depth, face, shares = _brute_force(vertices, faces, camera)
    same = raster.face == face
    assert same.mean() > 0.995  # pixels on an edge, or where triangles cross, may go either way
    seen = same & (face >= 0)
    assert seen.sum() > 500
    np.testing.assert_allclose(raster.depth[seen], depth[seen], rtol=1e-3)
    np.testing.assert_allclose(raster.barycentric[seen], shares[seen][:, :2], atol=5e-3)


def test_no_pixel_falls_between_triangles_and_centres_are_at_one_half():
    camera = Pinhole(focal_px=40.0, centre_x_px=16.0, centre_y_px=16.0, width_px=32, height_px=32)

    raster = rasterise(SQUARE, SQUARE_FACES, camera, cull=False)

    covered = raster.face >= 0  # the square reaches from 6.0 to 26.0 px
    assert covered[6:26, 6:26].all() and covered.sum() == 400
    np.testing.assert_allclose(raster.depth[covered], 4.0, rtol=1e-6)
    positions = interpolate(raster, SQUARE_FACES, SQUARE)
    columns = (np.arange(6, 26) + 0.5 - 16) / 40 * 4
    np.testing.assert_allclose(positions[10, 6:26, 0], columns, atol=1e-5)
    assert np.isnan(positions[0, 0]).all()


def test_interpolation_is_correct_in_perspective():
    slanted = np.array([[-1.0, -1, 2], [1, -1, 8], [1, 1, 8], [-1, 1, 2]], np.float32)
    camera = Pinhole.for_picture(80, 60, 50.0)

    raster = rasterise(slanted, SQUARE_FACES, camera, cull=False)
    positions = interpolate(raster, SQUARE_FACES, slanted)

    rows, columns = np.nonzero(raster.face >= 0)
    back = camera.project(positions[rows, columns])
    np.testing.assert_allclose(back, np.stack([columns, rows], 1) + 0.5, atol=2e-3)
    np.testing.assert_allclose(positions[rows, columns, 2], raster.depth[rows, columns], rtol=1e-4)


def test_culling_leaves_out_what_is_seen_from_behind():
    camera = Pinhole.for_picture(32, 32, 40.0)
    turned = SQUARE_FACES[:, ::-1]

    towards, away = rasterise(SQUARE, turned, camera), rasterise(SQUARE, SQUARE_FACES, camera)

    # A surface whose corners run clockwise in the picture (y down) has its outside to the camera's back.
    assert {(towards.face >= 0).any(), (away.face >= 0).any()} == {True, False}
    outside = SQUARE_FACES if (away.face >= 0).any() else turned
    normals = vertex_normals(SQUARE, outside)
    np.testing.assert_allclose(normals, np.tile([0, 0, -1.0], (4, 1)), atol=1e-6)


def test_parts_and_background():
    camera = Pinhole.for_picture(32, 32, 40.0)
    raster = rasterise(SQUARE, SQUARE_FACES, camera, cull=False)

    mask = part_mask(raster, np.array([3, 7], np.uint8))

    assert set(np.unique(mask)) == {0, 3, 7}
    np.testing.assert_array_equal(mask == 0, raster.face < 0)


def test_a_finer_camera_sees_the_same_view():
    camera = Pinhole(focal_px=100.0, centre_x_px=30.0, centre_y_px=20.0, width_px=64, height_px=48)
    fine = camera.scaled(3)
    assert (fine.width_px, fine.height_px) == (192, 144)
    assert fine.project(SQUARE) == pytest.approx(3 * camera.project(SQUARE))


def test_normals_are_the_triangles_weighted_by_area():
    points = np.array([[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 1], [9, 9, 9]], np.float32)
    found = vertex_normals(points, np.array([[0, 1, 2], [0, 3, 1]]))
    # Twice the areas: 4 towards z, 2 towards y; the first two corners are of both.
    both = np.array([0, 2, 4]) / np.sqrt(20)
    assert found == pytest.approx(np.array([both, both, [0, 0, 1], [0, 1, 0], [0, 0, 0]]), abs=1e-6)


def test_triangles_out_of_sight_draw_nothing():
    camera = Pinhole.for_picture(32, 32, 40.0)
    behind = SQUARE * [1, 1, -1]
    aside = SQUARE + np.array([100, 0, 0], np.float32)
    flat = np.zeros((4, 3), np.float32) + np.array([0, 0, 2], np.float32)

    for vertices in (behind, aside, flat):
        assert (rasterise(vertices, SQUARE_FACES, camera, cull=False).face == -1).all()


def test_an_overlay_changes_only_covered_pixels_and_opacity_blends():
    camera = Pinhole.for_picture(32, 32, 40.0)
    image = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    raster = rasterise(SQUARE, SQUARE_FACES, camera, cull=False)
    normals, colours = np.tile(np.array([0, 0, -1], np.float32), (4, 1)), np.ones((2, 3), np.float32)

    full = shade(raster, SQUARE_FACES, normals, colours, image, 1.0)
    half = shade(raster, SQUARE_FACES, normals, colours, image, 0.5)
    none = shade(raster, SQUARE_FACES, normals, colours, image, 0.0)

    covered = raster.face >= 0
    np.testing.assert_array_equal(full[~covered], image[~covered])
    np.testing.assert_array_equal(none, image)
    mean = (full[covered].astype(float) + image[covered]) / 2
    assert np.abs(half[covered] - mean).max() <= 1.0
    assert full[covered].std() == 0


def test_a_camera_facing_the_body_sees_its_left_at_the_pictures_right():
    points = facing_camera(np.array([[0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.1]]), np.zeros(3), 2.0)
    np.testing.assert_allclose(points, [[0.1, 0, 2], [0, -0.1, 2], [0, 0, 1.9]], atol=1e-6)
    nose = facing_camera(np.array([[0, 0, 0.1]]), np.zeros(3), 2.0, yaw=0.5)
    assert nose[0, 0] > 0  # turned to its own left
    nod = facing_camera(np.array([[0, 0, 0.1]]), np.zeros(3), 2.0, pitch=0.5)
    assert nod[0, 1] > 0  # down
