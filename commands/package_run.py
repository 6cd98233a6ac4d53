"""Package: make a finished run's shards, tables and reports anew with other rules, balance or splits."""

import datetime
import time
from contextlib import suppress

import apache_beam as beam
from rich.console import Console

from commands.complete import complete
from commands.curate_videos import running
from commands.follow_job import Made, run_to_end
from commands.lost_workers import again_if_lost
from commands.own_models import check_confusion
from pipelines.config import CurateConfig, config_dict, config_from_dict, load_config
from pipelines.finish import Finish
from pipelines.package import package_inputs
from pipelines.places import Places
from pipelines.recipes import stage_recipes
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from pipelines.runner import job_shape, runner_options
from pipelines.summarise import Ended
from schemas.days import utc_today
from schemas.outcomes import BadInputError
from schemas.run import RunSummary
from schemas.stages import STAGE

# What may differ from the run that decoded the videos.
CHANGEABLE = ("filter", "balance", "split", "shards", "bias", "dataset", "isolation", "run")


def package(
    output: str,
    config_path: str | None,
    beam_flags: list[str],
    console: Console,
    *,
    today: datetime.date | None = None,
) -> RunSummary:
    """Make a run's shards, tables of outcomes, bias tables, run.json and report anew, in its folder.

    Args:
        today: the day on which consents must hold; None for the one it is.

    Raises:
        BadInputError: if the folder holds no run, or the configuration differs in what needs decoding.
    """
    folder, today = RunFolder(output), today or utc_today()
    earlier = folder.finished()
    with folder.writing("package"):
        summary = earlier.read_summary()
        if unknown := [s.stage for s in summary.stages if s.stage not in STAGE]:
            raise BadInputError(f"{folder.root}: run.json has a stage {unknown[0]!r:.40}; run curate again")
        config = settings_of_run(folder, summary, config_path)
        check_confusion(config)
        started = time.monotonic()
        places = again_if_lost(lambda: _run(folder, earlier, config, beam_flags, today, console), console)
        ended = Ended(
            command="package",
            config=config,
            ignored=summary.ignored_inputs,
            wall_seconds=time.monotonic() - started,
            inputs_hash=None,
            today=today,
            recipes=stage_recipes(config, summary.recipes),
        )
        return complete(ended, folder, places, console, summary.people)


def _run(
    folder: RunFolder,
    earlier: Result,
    config: CurateConfig,
    beam_flags: list[str],
    today: datetime.date,
    console: Console,
) -> Places:
    """Write the tables and shards of a new result; returns its places."""
    places = folder.places(folder.new_result())
    options = runner_options(beam_flags, command="package")
    made = Made(command="package", result=places.result.name, inputs_hash=None, day=today.isoformat())
    with running(folder, console, elsewhere=job_shape(options).elsewhere):
        pipeline = beam.Pipeline(options=options)
        _ = package_inputs(pipeline, earlier, config, today) | Finish(config, places)
        run_to_end(pipeline, options, made, folder, console)
    return places


def settings_of_run(folder: RunFolder, earlier: RunSummary, config_path: str | None = None) -> CurateConfig:
    """Return the given configuration, or the run's; only the end of the chain may differ.

    Raises:
        BadInputError: if it differs in what needs decoding.
    """
    before = config_from_dict(earlier.config, folder.root)
    last = folder.last_run()
    if last is not None:  # knows where models lie, which the published configuration does not say
        known = None
        with suppress(BadInputError):  # of another version
            known = config_from_dict(last["config"], folder.root)
        before = known if known and config_dict(known) == config_dict(before) else before
    if config_path is None:
        return before
    config = load_config(config_path)
    old, new = config_dict(before), config_dict(config)
    changed = [name for name in new if name not in CHANGEABLE and new[name] != old[name]]
    if changed:
        raise BadInputError(
            f"--config {config_path}: differs from the run in {', '.join(changed)}, which needs the videos; "
            f"package may change {', '.join(CHANGEABLE[:6])}. Run curate instead"
        )
    return config
