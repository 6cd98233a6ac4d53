"""Several worker pools behind one address: workers are asked for of each in turn.

    python -m pipelines.worker_pools --service_port=50000 HOST:PORT [HOST:PORT ...]

`--environment_config` names one address, and gRPC keeps to one connection, so a balancer of connections would
send all workers to one pool. A pool that does not answer is passed over.
"""

import argparse
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

_ANSWER_SECONDS = 20.0


class PoolsInTurn(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Beam's service of a worker pool, by way of others."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._pools = [
            (a, beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(grpc.insecure_channel(a)))
            for a in addresses
        ]
        self._next, self._lock = 0, threading.Lock()
        self._pool_of: dict[str, Any] = {}

    def StartWorker(self, request: Any, context: Any) -> Any:
        """Ask the next pool that answers for a worker."""
        with self._lock:
            first, self._next = self._next, self._next + 1
        silent: list[str] = []
        for number in range(len(self._pools)):
            address, pool = self._pools[(first + number) % len(self._pools)]
            try:
                answer = pool.StartWorker(request, timeout=_ANSWER_SECONDS)
            except grpc.RpcError:
                silent.append(address)
                continue
            self._pool_of[request.worker_id] = pool
            return answer
        return beam_fn_api_pb2.StartWorkerResponse(error=f"no worker pool answers: {', '.join(silent)}")

    def StopWorker(self, request: Any, context: Any) -> Any:
        """Let a worker end where it was started."""
        pool = self._pool_of.pop(request.worker_id, None)
        if pool is not None:
            try:
                return pool.StopWorker(request, timeout=_ANSWER_SECONDS)
            except grpc.RpcError as error:
                return beam_fn_api_pb2.StopWorkerResponse(error=str(error))
        return beam_fn_api_pb2.StopWorkerResponse()


def serve(addresses: Sequence[str], port: int) -> tuple[Any, int]:
    """Begin to serve; returns the server and its port, a free one if 0 was asked for.

    Raises:
        RuntimeError: if the port is taken.
    """
    # Else a second one at the same port would take every other request, without a word.
    server = grpc.server(ThreadPoolExecutor(), options=[("grpc.so_reuseport", 0)])
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(PoolsInTurn(addresses), server)
    port = server.add_insecure_port(f"[::]:{port}")
    server.start()
    return server, port


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: should be HOST:PORT")
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--service_port", type=int, required=True)
    parser.add_argument("pool", nargs="+", type=_address, help="HOST:PORT of a worker pool")
    options = parser.parse_args(arguments)
    try:
        server, port = serve(options.pool, options.service_port)
    except RuntimeError:
        parser.error(f"--service_port {options.service_port}: is taken, or not ours to take; choose another")
    print(f"worker pools in turn at port {port}: {', '.join(options.pool)}", flush=True)
    server.wait_for_termination()
    return 0


if __name__ == "__main__":
    sys.exit(main())
