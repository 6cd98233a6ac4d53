"""Files of the user's own are opened before a run, so that one that cannot use them ends at once."""

import dataclasses
import tempfile
from pathlib import Path

from backends.select import JOBS, open_own
from pipelines.config import CurateConfig
from pipelines.isolation import (
    WorkerDiedError,
    WorkerMemoryError,
    WorkerTimeoutError,
    close_pools,
    run_isolated,
)
from pipelines.recipes import own_models
from schemas.outcomes import BadInputError
from transforms.summarise_bias.confusion import read_confusions


def check_confusion(config: CurateConfig) -> None:
    """Raise BadInputError if the table of an estimator's confusion that is named cannot be read."""
    if config.bias.confusion is not None:
        read_confusions(Path(config.bias.confusion))


def check_own_models(config: CurateConfig) -> None:
    """Open each model that the configuration names by path, in a process of its own.

    Raises:
        BadInputError: naming the setting and the file that cannot be used.
    """
    own = own_models(config)
    if not own:
        return
    with tempfile.TemporaryDirectory() as logs:  # what native libraries say of a file is no line for the user
        isolation = dataclasses.replace(config.isolation, num_processes=1, log_folder=logs)
        try:
            for job, path in own:
                try:
                    run_isolated(open_own, job, path, config=isolation, media_seconds=0.0)
                except (WorkerDiedError, WorkerMemoryError, WorkerTimeoutError) as error:
                    raise BadInputError(f"{JOBS[job].setting}: {path}: cannot be opened: {error}") from error
        finally:
            close_pools()
