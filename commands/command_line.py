"""The command line of Mentor: `mentor` where it is installed, `python run_pipeline.py` in its checkout.

    mentor curate --input DIR|GLOB|MANIFEST --output OUT [--config FILE] [--fresh] [Beam ...]
    mentor retry OUT [--config FILE] [Beam ...]
    mentor package OUT [--config FILE] [Beam ...]
    mentor explain OUT NAME|KEY
    mentor inspect OUT KEY
    mentor export OUT KEY --format glb|amass|arkit|bvh [--to FILE] [--body-model FILE]
    mentor train motion OUT [--config NAME|FILE] [--to FOLDER] [--from MODEL]
    mentor animate --audio VOICE --reference PHOTO|VIDEO --out motion.npz [--model MODEL]
    mentor train video OUT [--config NAME|FILE] [--to FOLDER] [--from MODEL]
    mentor evaluate OUT [--model MODEL] [--split test] [--output FOLDER]
    mentor generate --image PHOTO --audio VOICE --out talk.mp4 --consent FILE
    mentor dub --video VIDEO --audio VOICE --out dubbed.mp4 --consent FILE
    mentor track --video VIDEO --out motion.npz
    mentor edit --video VIDEO --motion motion.npz --parts gaze --out edited.mp4 --consent FILE
    mentor consent [--picture FILE] [--voice FILE]
    mentor verify FILE [--key FILE] [--trust PEM] [--json]
    mentor diff OUT1 OUT2 [--table FILE]
    mentor lint OUT [--json] [--page FILE]
    mentor find-person OUT --photo FILE [--json]
    mentor erase OUT --source NAME | --speaker ID | --identity ID | --clip KEY [--reason WHY]
    mentor erase OUT --verify RECEIPT [--with FILE]
    mentor clean OUT [--yes]
    mentor doctor

Exit codes: 0 the run is complete (whatever was rejected), 1 an unexpected error, 2 the command,
the input or the configuration is not usable, 3 the run is complete but not to be trusted (something
failed and nothing was accepted, or too much failed; the summary says which), 130 stopped by Ctrl-C,
143 stopped by SIGTERM; curate, retry, package, erase and train go on when run again. `lint` has 3 where a
run does not hold what it promises; `verify` has 3 and 4 of its own (--help).
"""

import argparse
import sys
from typing import NoReturn

from commands import (
    animate,
    clean,
    consent,
    curate,
    diff,
    doctor,
    dub,
    edit,
    erase,
    evaluate,
    explain,
    export,
    find_person,
    generate,
    inspect,
    lint,
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
    *(diff, lint, find_person, erase, clean, doctor),
)
_STORES = ("gs://", "s3://")
# Stopped and run again, they go on from what was finished.
_GO_ON = {"curate", "retry", "package", "erase", "train"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Curate talking videos.")
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
        _check_access([str(value) for value in vars(options).values()] + beam_flags)
        return options.run(options, beam_flags, Terminal())
    except BadInputError as error:
        Terminal(stderr=True).print(f"error: {error}", markup=False, soft_wrap=True)
        return 2


def _check_access(arguments: list[str]) -> None:
    """Look into the buckets that arguments name, before a client of theirs is silent for minutes."""
    named = [(argument, store) for argument in arguments for store in _STORES if store in argument]
    if found := [argument[argument.index(store) :] for argument, store in named]:
        from transforms.cloud_access import check_access

        check_access(found)


def run() -> NoReturn:
    """Run the command that the process was started with, and end with its exit code."""
    with stop_on_signals():
        use_own_temporary_folder()
        code = main()
    sys.exit(code)
