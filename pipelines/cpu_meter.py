"""Processor seconds of a visit, by step."""

import time


class CpuMeter:
    """Adds up processor seconds by step within one worker process.

    A pool process works on one element at a time, so its processor time is that element's,
    threads of native libraries included.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.process_time()

    def charge(self, step: str) -> None:
        """Charge the processor time since the last call to a step."""
        now = time.process_time()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._last
        self._last = now
