"""Curate: run the chain on its runner, then write what the run says about itself and publish it."""

import dataclasses
import datetime
import json
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apache_beam as beam
from rich.console import Console

from commands.complete import complete
from commands.follow_job import Made, job_to_take_up, run_to_end, take_up
from commands.lost_workers import again_if_lost
from commands.own_models import check_confusion, check_own_models
from commands.print_summary import print_summary
from media.source import is_remote, local_path
from pipelines import progress
from pipelines.config import SECRET, CurateConfig, config_from_dict, without_secrets
from pipelines.curate import Curate, sources_collection
from pipelines.discover import Inputs
from pipelines.embedded_server import embedded_server
from pipelines.erased import read_erased, without_erased
from pipelines.forget import forget_sources
from pipelines.isolation import close_pools
from pipelines.pseudonyms import with_pseudonyms
from pipelines.recipes import inputs_hash, recipes_of, stage_recipes
from pipelines.run_folder import RunFolder
from pipelines.runner import job_shape, runner_options
from pipelines.sender import told_of_other_mentor
from pipelines.sent_job import SentJob, refuse_if_running
from pipelines.settle_consent import settle_consent
from pipelines.steps import OutputError
from pipelines.summarise import Ended
from schemas.consent import refusal
from schemas.days import utc_today
from schemas.outcomes import BadInputError
from schemas.plain import from_plain, to_plain
from schemas.records.source import Source
from schemas.run import CURATE, IgnoredInput, RunSummary
from transforms.cloud_access import check_some_access
from transforms.storage import FULL


def curate(
    inputs: Inputs,
    output: str,
    config: CurateConfig,
    beam_flags: list[str],
    console: Console,
    *,
    fresh: bool = False,
    today: datetime.date | None = None,
) -> RunSummary:
    """Run what is not done yet, publish the result, print the summary.

    Args:
        fresh: forget what earlier runs made.
        today: the day on which consents must hold; None for the one it is. A run has one day to its end.

    Raises:
        BadInputError: if the output folder cannot be used, no store of the inputs lets us in, or a model
            of the configuration is not there.
    """
    _refuse_overlap(inputs, output)
    check_some_access(openable(inputs.sources))
    folder, today = RunFolder(output), today or utc_today()
    with folder.writing(CURATE):
        if fresh:
            refuse_if_running(folder.root)
        known = without_erased(inputs.sources, read_erased(folder), config.media)
        inputs = _settled(folder, dataclasses.replace(inputs, sources=known), config, today, fresh=fresh)
        _tell_refused(inputs.sources, console)
        recipes = recipes_of(config)
        check_confusion(config)
        check_own_models(config)
        whole = inputs_hash(inputs.sources, config, recipes)
        done = _unchanged(folder, whole)
        if done is not None:
            console.print("Nothing to do: inputs, settings and models are as they were.")
            print_summary(done, folder.shown_page("index.html"), console)
            return done
        job = job_to_take_up(folder, whole)
        if job is not None:
            today = datetime.date.fromisoformat(job.day)
        return again_if_lost(
            lambda: _run(folder, inputs, config, beam_flags, console, whole, today, job), console
        )


def retry(output: str, config: CurateConfig | None, beam_flags: list[str], console: Console) -> RunSummary:
    """Run what failed, or was not reached, in the last run of a folder; all else stays as it is.

    Args:
        config: None for the last run's.

    Raises:
        BadInputError: if this machine does not know of a run there.
    """
    folder = RunFolder(output)
    if (current := folder.current()) is not None:
        current.read_summary()  # what failed is told by a result that is whole
    last = folder.last_run()
    if last is None:
        raise BadInputError(f"{output}: no run of this machine to try again; run curate")
    try:
        inputs = Inputs(
            [from_plain(Source, source) for source in last["sources"]],
            [from_plain(IgnoredInput, ignored) for ignored in last["ignored"]],
        )
        if config is None and SECRET in json.dumps(last["config"]):
            raise BadInputError(f"{output}: the run's salt is not written down: give its --config again")
        config = config or config_from_dict(last["config"], output)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInputError(f"{output}: the last run is of another version; run curate") from error
    return curate(inputs, output, config, beam_flags, console)


def _run(
    folder: RunFolder,
    inputs: Inputs,
    config: CurateConfig,
    beam_flags: list[str],
    console: Console,
    whole: str,
    today: datetime.date,
    job: SentJob | None,
) -> RunSummary:
    started, before = time.monotonic(), 0.0 if job is None else time.time() - job.sent_at
    places = folder.places(folder.new_result() if job is None else folder.result(job.result))
    options = runner_options(beam_flags)
    with running(folder, console, elsewhere=job_shape(options).elsewhere):
        if job is not None:
            take_up(job, folder, console)
        else:
            pipeline = beam.Pipeline(options=options)
            chain = Curate(config, places, folder.log_folder, job_shape(options), read_erased(folder))
            _ = sources_collection(pipeline, inputs.sources) | chain
            made = Made(command=CURATE, result=places.result.name, inputs_hash=whole, day=today.isoformat())
            run_to_end(pipeline, options, made, folder, console)
    ended = Ended(
        command=CURATE,
        config=config,
        ignored=inputs.ignored,
        wall_seconds=before + time.monotonic() - started,
        inputs_hash=whole,
        today=today,
        recipes=stage_recipes(config),
    )
    return complete(ended, folder, places, console)


@contextmanager
def running(folder: RunFolder, console: Console, *, elsewhere: bool = False) -> Iterator[None]:
    """Show progress while a pipeline runs, here or elsewhere; end its workers when it ends.

    Raises:
        BadInputError: if the output folder cannot be written any more, or workers have another Mentor.
        WorkerLostError: if a worker died.
    """
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    try:
        with embedded_server(), progress.display(console, elsewhere=elsewhere):
            yield
    except Exception as error:
        # What a worker raised comes as it was or, by way of another process of Beam's, in words.
        if isinstance(error, OutputError) or any(f"[Errno {number}]" in str(error) for number in FULL):
            raise BadInputError(
                f"--output {folder.root}: cannot be written any more (no space left?); what is finished is "
                "kept: mend that and run the same command again"
            ) from error
        if told := told_of_other_mentor(error):
            raise BadInputError(told) from error
        raise
    finally:
        close_pools()


def _unchanged(folder: RunFolder, whole: str) -> RunSummary | None:
    """Return the current result's summary if nothing that it was made from has changed and nothing failed."""
    current = folder.current()
    if current is None:
        return None
    try:
        summary = current.read_summary()
    except BadInputError:
        return None
    return summary if summary.inputs_hash == whole and not summary.failed_by_stage else None


def openable(sources: Sequence[Source]) -> list[str]:
    """Return where the files are that may be opened."""
    return [source.uri for source in sources if not refusal(source)]


def _tell_refused(sources: Sequence[Source], console: Console) -> None:
    """Say of how many sources the files are not opened, and why."""
    reasons = Counter(refusal(source)[0] for source in sources if refusal(source))
    if reasons:
        told = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items()))
        console.out(f"Never opened: {told}", highlight=False)


def _settled(
    folder: RunFolder, inputs: Inputs, config: CurateConfig, today: datetime.date, *, fresh: bool
) -> Inputs:
    """Return the inputs as the chain sees them: who refused is forgotten, people have pseudonyms."""
    before = folder.last_run() or {}
    withdrawn = before.get("withdrawn", {})
    known = {} if fresh else before.get("pseudonyms", {})
    sources, known = with_pseudonyms(inputs.sources, config.publish, config.identities.salt, known)
    asked = {
        "sources": [to_plain(source) for source in inputs.sources],
        "ignored": [to_plain(ignored) for ignored in inputs.ignored],
        "config": without_secrets(config),
        "pseudonyms": known,
    }
    # First of all: a consent that was withdrawn must hold for `retry` too, whatever ends this run.
    folder.remember({**asked, "withdrawn": withdrawn})
    settled = settle_consent(sources, config.consent, withdrawn, folder.store, config.media, today)
    folder.remember({**asked, "withdrawn": settled.withdrawn})
    if fresh:
        folder.forget_artefacts()
    forget_sources(folder, filter(refusal, settled.sources), settled.video_ids)
    return dataclasses.replace(inputs, sources=settled.sources)


def _refuse_overlap(inputs: Inputs, output: str) -> None:
    """Refuse an output folder inside the inputs' or around an input: a run would read what it writes."""
    if is_remote(output):
        return
    place = _real(output)
    if inputs.folder is not None and place.is_relative_to(_real(str(inputs.folder))):
        raise BadInputError(f"--output {output}: lies in the input folder {inputs.folder}; choose another")
    for source in inputs.sources:
        if not is_remote(source.uri) and _real(source.uri).is_relative_to(place):
            raise BadInputError(f"--output {output}: holds the input {source.name}; choose another folder")


def _real(uri: str) -> Path:
    """Return a local path without links; links that lead in a circle stay."""
    return Path(os.path.realpath(local_path(uri)))
