"""Draw bodies of anny's that the embedded model's shape components were not learnt from.

Needs what tools/build_body_model.py needs. The file is for benchmarks/fit.py --bodies: (n, V, 3) templates in
the embedded model's vertex order, metres.

    python -m tools.draw_bodies --number 16 --to bodies.npz
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from body.embedded import load_embedded
from tools.body_model import vertices
from tools.body_model.anny_source import AnnySource
from tools.build_body_model import NUM_BODIES, learn_shape, sample_bodies

_SEED = 1  # the model is learnt from seed 0
_DRAWN_FOR_ONE_KEPT = 8


def main() -> int:
    """Write the bodies."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--number", type=int, default=16)
    parser.add_argument("--to", type=Path, required=True)
    options = parser.parse_args()
    source = AnnySource()
    mesh = source.mesh()
    shape = learn_shape(sample_bodies(source, mesh, NUM_BODIES), mesh, source.face_units())
    order = vertices.smplx_order(vertices.keypoint_vertices(mesh, shape), len(shape.mean))
    others = sample_bodies(source, mesh, _DRAWN_FOR_ONE_KEPT * options.number, _SEED).vertices
    if len(others) < options.number:
        raise SystemExit(f"only {len(others)} of the drawn bodies have a plausible stature")
    template = load_embedded().points.template
    placed = others[: options.number, order]
    placed += (template.mean(0) - placed.mean((0, 1))).astype(placed.dtype)
    np.savez_compressed(options.to, template=placed.astype(np.float32))
    return 0


if __name__ == "__main__":
    sys.exit(main())
