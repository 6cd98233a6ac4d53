"""Waiting for long work without being silent: a runner takes a worker that says nothing for a dead one."""

import logging
import time
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from apache_beam.metrics.metric import Metrics

HEARTBEAT_SECONDS = 60.0
_log = logging.getLogger("mentor")


class Watch:
    """Waits for the visits of one bundle; gives a sign of life for as long as none ends."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._last = time.monotonic()

    def ended(self, visits: Collection[Future[Any]]) -> Collection[Future[Any]]:
        """Wait until one of some visits ends, or more; return those that did.

        Each minute without one counts in the Beam counter `STAGE_heartbeats` and is a line of the log.
        """
        while not (done := wait(visits, HEARTBEAT_SECONDS, FIRST_COMPLETED).done):
            Metrics.counter("mentor", f"{self._stage}_heartbeats").inc()
            silent = time.monotonic() - self._last
            _log.info(
                "%s: %d elements at work or queued, none ended for %.0f s", self._stage, len(visits), silent
            )
        self._last = time.monotonic()
        return done
