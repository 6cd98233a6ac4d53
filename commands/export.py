"""The command line of export: the fitted body of one clip for other programs."""

import argparse
from collections.abc import Callable

from rich.console import Console


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("export", help="the fitted body of one clip for other programs")
    parser.add_argument("output", help="output folder of a run")
    parser.add_argument("key", help="key of a clip (or the beginning of one)")
    parser.add_argument(
        "--format",
        required=True,
        choices=("glb", "amass", "arkit", "bvh"),
        help="glb: skinned, animated mesh (Blender, three.js); amass: SMPL-X parameters (.npz); "
        "arkit: 52 coefficients a frame (.csv); bvh: skeleton",
    )
    parser.add_argument("--to", help="file to write; default: OUT/export/KEY with the format's ending")
    parser.add_argument("--body-model", help="the SMPLX_*.npz that the run was fitted with")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Export the clip and print the path of what was written; returns the exit code."""
    from commands.export_clip import export_clip

    path = export_clip(options.output, options.key, options.format, options.to, options.body_model)
    console.out(str(path), highlight=False)
    return 0
