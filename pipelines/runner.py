"""Which runner of Beam's a command uses; what the user gave Beam is known to it and enough to begin."""

import contextlib
import difflib
import io
from argparse import ArgumentParser
from collections.abc import Sequence

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
from apache_beam.runners.runner import create_runner

from pipelines.job_options import JobShape, shape_of, with_defaults
from pipelines.runner_needs import missing_for
from schemas.outcomes import BadInputError

LOCAL = "FnApiRunner"
# Beam's DirectRunner looks for another runner over the network first.
_NAMES_OF_LOCAL = ("directrunner", "switchingdirectrunner", "fnapirunner")


def runner_options(
    beam_flags: Sequence[str], own_flags: Sequence[str] = (), command: str = "curate"
) -> PipelineOptions:
    """Return Beam options: what the user gives, else one Beam worker in this process.

    That worker queues a whole stage for the pool of isolated processes, which keeps every core busy
    (`pipelines.steps.VisitBundle`).

    Args:
        own_flags: the command's own flags, one of which may be meant by an unknown one.
        command: the command that sends the job.

    Raises:
        BadInputError: if Beam does not know a flag, or the runner lacks what it cannot begin without.
    """
    flags = list(beam_flags)
    _refuse_unknown(flags, own_flags)
    named = PipelineOptions(flags).view_as(StandardOptions).runner
    runner = LOCAL if named is None else _known_name(named)
    options = PipelineOptions([*with_defaults(runner, flags, command), f"--runner={runner}"])
    standard = options.view_as(StandardOptions)
    hints = job_shape(options).of_all()
    standard.resource_hints = standard.resource_hints or [f"{name}={value}" for name, value in hints.items()]
    if runner == LOCAL:
        return options
    if missing := missing_for(runner, options):
        raise BadInputError(f"--runner={named}: needs {'; '.join(missing)}")
    try:
        wrong = PipelineOptionsValidator(options, create_runner(runner)).validate()
    except (ImportError, ValueError, AttributeError) as error:
        raise BadInputError(f"--runner={named}: {error}") from error
    if wrong:
        raise BadInputError(f"--runner={named}: {' '.join(' '.join(wrong).split())}")
    return options


def job_shape(options: PipelineOptions) -> JobShape:
    """Return how the job of these options is spread."""
    return shape_of(options, LOCAL)


def _known_name(named: str) -> str:
    """Return a runner's name as Beam spells it; a dotted name of one's own class stays.

    Raises:
        BadInputError: if Beam has no such runner.
    """
    names = {name.lower(): name for name in StandardOptions.KNOWN_RUNNER_NAMES}
    lower = named.lower()
    lower = lower if lower in names or "." in lower else f"{lower}runner"
    if lower in _NAMES_OF_LOCAL:
        return LOCAL
    if lower in names or "." in lower:
        return names.get(lower, named)
    near = difflib.get_close_matches(lower, names, n=1)
    meant = f"did you mean {names[near[0]]}?" if near else f"there are {', '.join(sorted(names.values()))}"
    raise BadInputError(f"--runner={named}: Beam has no such runner; {meant}")


def _refuse_unknown(flags: list[str], own_flags: Sequence[str]) -> None:
    parsers: list[ArgumentParser] = []
    PipelineOptions([]).get_all_options(add_extra_args_fn=parsers.append)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            _, unknown = parsers[0].parse_known_args(flags)
    except SystemExit as error:  # a value that Beam cannot read
        why = said.getvalue().strip().rpartition("error: ")[2]
        raise BadInputError(f"{' '.join(why.split())}") from error
    if not unknown:
        return
    # Of `--flag value` both are unknown, and the flag is what is wrong.
    wrong = [a for before, a in zip(["", *unknown], unknown, strict=False) if not _is_value(before, a)]
    known = [name for name in parsers[0].format_usage().replace("[", " ").split() if name.startswith("--")]
    raise BadInputError("; ".join(_told(argument, [*own_flags, *known]) for argument in wrong))


def _is_value(before: str, argument: str) -> bool:
    return before.startswith("-") and "=" not in before and not argument.startswith("-")


def _told(argument: str, known: Sequence[str]) -> str:
    """Return what is wrong with an argument, on one line."""
    name = argument.partition("=")[0]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7) if name.startswith("-") else []
    return f"unknown argument {argument!r}" + (f"; did you mean {near[0]}?" if near else "")
