"""Batches of windows, read by other processes, with a state that a checkpoint can hold."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import cv2
from threadpoolctl import threadpool_limits
from torch.utils.data import DataLoader, IterableDataset

from models.data.collate import collate
from models.data.reader import check_skipped
from models.data.records import Place, Skipped, Window
from models.data.windows import ShardWindows


class Made(Protocol):
    """A batch: what a loader must know of it."""

    @property
    def after(self) -> Place:
        """Where a reader goes on that has taken it."""
        ...

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Bad samples that were met."""
        ...


B = TypeVar("B", bound=Made)


class WindowLoader(Generic[B]):
    """Iterates batches; the same ones in the same order whatever `num_workers` is.

    `make` turns the windows of a batch into it where they are read: `collate`, or a program's own.

    `skipped` holds the bad samples met so far, by name. The state is that of the last batch that was taken,
    whatever workers have prepared beyond it.
    """

    def __init__(
        self,
        windows: ShardWindows,
        *,
        make: Callable[[Sequence[Window]], B] = collate,
        num_workers: int = 0,
        prefetch_factor: int = 2,
        pin_memory: bool = False,
    ) -> None:
        self._windows, self._make, self._num_workers = windows, make, num_workers
        self._prefetch_factor, self._pin_memory = prefetch_factor, pin_memory
        self.skipped: dict[str, Skipped] = {}

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch."""
        self._windows.set_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return where reading is, as JSON holds it."""
        return self._windows.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where a state was taken; see `ShardWindows.load_state_dict`."""
        self._windows.load_state_dict(state)

    def __iter__(self) -> Iterator[B]:
        loader = DataLoader(
            _Batches(self._windows, self._make),
            batch_size=None,
            num_workers=self._num_workers,
            prefetch_factor=self._prefetch_factor if self._num_workers else None,
            pin_memory=self._pin_memory,
            worker_init_fn=_begin_reading,
        )
        end = self._windows.end
        # OpenCV's threads don't survive a fork, and a process that would end them then waits for ever.
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        reading = iter(loader)
        cv2.setNumThreads(threads)
        for batch in reading:
            for found in batch.skipped:
                self.skipped[f"{found.shard}: {found.key}"] = found
            check_skipped(self.skipped, self._windows.config.max_bad_samples)
            self._windows.go_to(batch.after)
            yield batch
        if end is not None:
            self._windows.go_to(Place(draw=end))


def _begin_reading(_worker: int) -> None:
    """Keep this process to one thread, and let it end by SIGTERM.

    There are as many as there are cores for them: threads of theirs would wait for each other. And masks and
    handlers of signals come along when a process is forked, whatever they were for.
    """
    cv2.setNumThreads(1)
    threadpool_limits(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


class _Batches(IterableDataset[B]):
    """The windows of a data set, collated where they are read."""

    def __init__(self, windows: ShardWindows, make: Callable[[Sequence[Window]], B]) -> None:
        super().__init__()
        self._windows, self._make = windows, make

    def __iter__(self) -> Iterator[B]:
        windows: list[Window] = []
        for window in self._windows:
            windows.append(window)
            if not window.after.taken:
                yield self._make(windows)
                windows = []
