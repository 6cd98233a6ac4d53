"""The command line of Mentor.

    python run_pipeline.py curate --input DIR|GLOB|MANIFEST --output OUT [--config FILE] [--fresh] [Beam ...]
    python run_pipeline.py retry OUT [--config FILE] [Beam ...]
    python run_pipeline.py package OUT [--config FILE] [Beam ...]
    python run_pipeline.py explain OUT NAME|KEY
    python run_pipeline.py inspect OUT KEY
    python run_pipeline.py export OUT KEY --format glb|amass|arkit|bvh [--to FILE] [--body-model FILE]
    python run_pipeline.py train motion OUT [--config NAME|FILE] [--to FOLDER] [--from MODEL]
    python run_pipeline.py animate --audio VOICE --reference PHOTO|VIDEO --out motion.npz [--model MODEL]
    python run_pipeline.py train video OUT [--config NAME|FILE] [--to FOLDER] [--from MODEL]
    python run_pipeline.py evaluate OUT [--model MODEL] [--split test] [--output FOLDER]
    python run_pipeline.py generate --image PHOTO --audio VOICE --out talk.mp4 --consent FILE
    python run_pipeline.py dub --video VIDEO --audio VOICE --out dubbed.mp4 --consent FILE
    python run_pipeline.py track --video VIDEO --out motion.npz
    python run_pipeline.py edit --video VIDEO --motion motion.npz --parts gaze --out edited.mp4 --consent FILE
    python run_pipeline.py consent [--picture FILE] [--voice FILE]
    python run_pipeline.py verify FILE [--key FILE] [--trust PEM] [--json]
    python run_pipeline.py clean OUT [--yes]
    python run_pipeline.py doctor

Exit codes: 0 the run is complete (whatever was rejected), 1 an unexpected error, 2 the command,
the input or the configuration is not usable, 3 the run is complete but not to be trusted (something
failed and nothing was accepted, or too much failed; the summary says which), 130 stopped by Ctrl-C,
143 stopped by SIGTERM; curate, retry, package and train go on when run again. `verify` has 3 and 4 of
its own (--help).
"""

import argparse
import sys

from commands import (
    animate,
    clean,
    consent,
    curate,
    doctor,
    dub,
    edit,
    evaluate,
    explain,
    export,
    generate,
    inspect,
    package,
    retry,
    track,
    train,
    verify,
)
from commands.process import prepare_process, stop_on_signals
from commands.temporary_folder import use_own_temporary_folder
from commands.terminal import Terminal
from schemas.outcomes import BadInputError

COMMANDS = (
    *(curate, retry, package, explain, inspect, export),
    *(train, evaluate, animate, generate, dub, track, edit, consent, verify),
    *(clean, doctor),
)
# Stopped and run again, they go on from what was finished.
_GO_ON = {"curate", "retry", "package", "train"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run_pipeline.py", description="Curate talking videos.")
    subparsers = parser.add_subparsers(dest="command", required=True)
    for command in COMMANDS:
        command.register(subparsers.add_parser)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parser = _parser()
    options, beam_flags = parser.parse_known_args(arguments)
    if beam_flags and not hasattr(options, "flags"):  # only commands that run a pipeline pass others on
        parser.error(f"unknown arguments: {' '.join(beam_flags)}")
    prepare_process(goes_on=options.command in _GO_ON)
    try:
        return options.run(options, beam_flags, Terminal())
    except BadInputError as error:
        Terminal(stderr=True).print(f"error: {error}", markup=False, soft_wrap=True)
        return 2


if __name__ == "__main__":
    with stop_on_signals():
        use_own_temporary_folder()
        code = main()
    sys.exit(code)
