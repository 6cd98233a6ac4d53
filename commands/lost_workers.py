"""A job that lost a worker is sent again: what is finished is found, so it goes on where it was."""

from collections.abc import Callable
from typing import TypeVar

from rich.console import Console

from pipelines.embedded_server import WorkerLostError
from schemas.outcomes import BadInputError

# Losses of one command; an element that kills the worker, not its own process, would do so for ever.
MOST_LOSSES = 3

T = TypeVar("T")


def again_if_lost(run: Callable[[], T], console: Console) -> T:
    """Return what `run` gives; it is called again after a worker was lost.

    Raises:
        BadInputError: after `MOST_LOSSES` of them.
    """
    for left in reversed(range(MOST_LOSSES)):
        try:
            return run()
        except WorkerLostError as error:
            if not left:
                raise BadInputError(
                    f"{error}, {MOST_LOSSES} times now; what is finished is kept: see what ends the workers "
                    "and run the same command again"
                ) from error
            console.out(f"Note: {error}; going on with what is finished", highlight=False)
    raise AssertionError
