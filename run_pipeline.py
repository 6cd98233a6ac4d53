"""The command line of Mentor.

    python run_pipeline.py curate --input DIR|GLOB|MANIFEST --output OUT [--config FILE] [Beam flags]
    python run_pipeline.py package OUT [--config FILE] [Beam flags]
    python run_pipeline.py inspect OUT KEY
    python run_pipeline.py export OUT KEY --format glb|amass|arkit|bvh [--to FILE] [--body-model FILE]
    python run_pipeline.py doctor

Exit codes: 0 the run is complete (whatever was rejected), 1 an unexpected error, 2 the command,
the input or the configuration is not usable, 3 the run is complete but not to be trusted (too
many failures; the summary says which).
"""

import argparse
import logging
import sys
import warnings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run_pipeline.py", description="Curate talking videos.")
    commands = parser.add_subparsers(dest="command", required=True)
    curate = commands.add_parser(
        "curate", help="raw videos in, training shards and a report out", allow_abbrev=False
    )
    curate.add_argument("--input", required=True, help="folder, glob, video, or manifest (.csv, .parquet)")
    curate.add_argument("--output", required=True, help="folder for shards, tables and the report")
    curate.add_argument("--config", help="YAML file with changes to the defaults")
    package = commands.add_parser(
        "package", help="select, balance and shard a run anew, without decoding video", allow_abbrev=False
    )
    package.add_argument("output", help="output folder of a run")
    package.add_argument("--config", help="YAML file as for curate; what needs decoding must be as it was")
    inspect = commands.add_parser("inspect", help="contact sheet and overlay video of one clip")
    inspect.add_argument("output", help="output folder of a run")
    inspect.add_argument("key", help="key of a clip (or the beginning of one)")
    export = commands.add_parser("export", help="the fitted body of one clip for other programs")
    export.add_argument("output", help="output folder of a run")
    export.add_argument("key", help="key of a clip (or the beginning of one)")
    export.add_argument(
        "--format",
        required=True,
        choices=("glb", "amass", "arkit", "bvh"),
        help="glb: skinned, animated mesh (Blender, three.js); amass: SMPL-X parameters (.npz); "
        "arkit: 52 coefficients a frame (.csv); bvh: skeleton",
    )
    export.add_argument("--to", help="file to write; default: OUT/export/KEY with the format's ending")
    export.add_argument("--body-model", help="the SMPLX_*.npz that the run was fitted with")
    commands.add_parser("doctor", help="which models and tools are present, and what a missing one costs")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    # Beam and its cloud clients warn at import about what local runs do not use.
    warnings.filterwarnings("ignore", category=FutureWarning)
    logging.getLogger().setLevel(logging.ERROR)
    from pipelines.isolation import limit_threads

    limit_threads()
    options, others = _parser().parse_known_args(arguments)
    if others and options.command not in ("curate", "package"):
        _parser().error(f"unknown arguments: {' '.join(others)}")
    from rich.console import Console

    from schemas.outcomes import BadInputError

    console = Console(stderr=False)
    try:
        return _COMMANDS[options.command](options, others, console)
    except BadInputError as error:
        Console(stderr=True).print(f"error: {error}", markup=False, soft_wrap=True)
        return 2


def _curate(options: argparse.Namespace, beam_flags: list[str], console) -> int:
    from commands.curate import curate
    from pipelines.config import load_config
    from pipelines.discover import discover

    config = load_config(options.config)
    summary = curate(discover(options.input), options.output, config, beam_flags, console)
    return 3 if summary.problems else 0


def _package(options: argparse.Namespace, beam_flags: list[str], console) -> int:
    from commands.package import package

    summary = package(options.output, options.config, beam_flags, console)
    return 3 if summary.problems else 0


def _inspect(options: argparse.Namespace, _: list[str], console) -> int:
    from commands.inspect_clip import inspect_clip

    for path in inspect_clip(options.output, options.key):
        console.print(str(path), soft_wrap=True, markup=False)
    return 0


def _export(options: argparse.Namespace, _: list[str], console) -> int:
    from commands.export_clip import export_clip

    path = export_clip(options.output, options.key, options.format, options.to, options.body_model)
    console.print(str(path), soft_wrap=True, markup=False)
    return 0


def _doctor(options: argparse.Namespace, _: list[str], console) -> int:
    from commands.doctor import print_doctor

    return print_doctor(console)


_COMMANDS = {
    "curate": _curate,
    "package": _package,
    "inspect": _inspect,
    "export": _export,
    "doctor": _doctor,
}

if __name__ == "__main__":
    sys.exit(main())
