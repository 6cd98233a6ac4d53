"""Beam's own job server (`--job_endpoint=embed`), with as many workers as asked for, notices their loss.

Left to itself it takes one worker whatever `--direct_num_workers` says, and where that is lost waits for ever
for what it asked it. Job servers of clusters have their own ways.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from apache_beam.options.pipeline_options import DirectOptions
from apache_beam.portability.api import beam_fn_api_pb2, beam_job_api_pb2
from apache_beam.runners.portability import local_job_service
from apache_beam.runners.portability.fn_api_runner import fn_runner, worker_handlers

# From the request for a worker until it calls back: on a cold disk importing Beam and models takes a minute.
PATIENCE_SECONDS = 300.0
GONE = "a worker is gone"
# As Beam's data plane says it, where that notices first.
_CLOSED = "Channel closed prematurely"
SILENT = "a worker was asked for and did not call back"


class WorkerLostError(RuntimeError):
    """A worker died, or never came, while a job ran."""


class _Watched(worker_handlers.ControlConnection):
    """A connection to a worker whose open requests end in an error when the worker is gone."""

    lost: ClassVar[list[str]]
    patience_seconds: ClassVar[float]

    def __init__(self) -> None:
        self._why: str | None = None
        super().__init__()

    def _read(self) -> None:
        """Hand on the worker's answers until it ends; Beam's thread for that."""
        try:
            super()._read()
        except Exception:  # of gRPC: the same end as one without
            pass
        finally:
            self._end(GONE)

    def push(self, req: Any) -> Any:
        """Send a request; returns its answer to be, an error if nobody is there to answer."""
        future = super().push(req)
        if future is None:
            return None
        if self._why is not None:
            self._refuse(req.instruction_id, self._why)
        elif self._input is None:
            timer = threading.Timer(self.patience_seconds, self._look)
            timer.daemon = True
            timer.start()
        return future

    def _look(self) -> None:
        if self._input is None:
            self._end(SILENT)

    def _end(self, why: str) -> None:
        self._why = why
        for instruction_id in list(self._futures_by_id):
            self._refuse(instruction_id, why)

    def _refuse(self, instruction_id: str, why: str) -> None:
        future = self._futures_by_id.pop(instruction_id, None)
        if future is not None:
            self.lost.append(why)
            future.set(beam_fn_api_pb2.InstructionResponse(instruction_id=instruction_id, error=why))


class _Job(local_job_service.BeamJob):
    """A job on as many workers as its options say."""

    def _invoke_runner(self) -> Any:
        self.set_state(beam_job_api_pb2.JobState.RUNNING)
        options = self.pipeline_options()
        runner = fn_runner.FnApiRunner(provision_info=self._provision_info)
        # Options come as text by way of the job service.
        runner._num_workers = int(options.view_as(DirectOptions).direct_num_workers) or 1
        return runner.run_via_runner_api(self._pipeline_proto, options)


@contextmanager
def embedded_server(patience_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """While the block runs, Beam's own job server is as said above: a job fails if a worker of it is lost.

    Raises:
        WorkerLostError: instead of what the block raises, if a worker was lost.
    """
    lost: list[str] = []
    watched = type("Watched", (_Watched,), {"lost": lost, "patience_seconds": patience_seconds})
    # The server makes what it needs by these names.
    before = worker_handlers.ControlConnection, local_job_service.BeamJob
    worker_handlers.ControlConnection, local_job_service.BeamJob = watched, _Job
    try:
        yield
    except Exception as error:
        if lost or _CLOSED in str(error):
            raise WorkerLostError(lost[0] if lost else GONE) from error
        raise
    finally:
        worker_handlers.ControlConnection, local_job_service.BeamJob = before
