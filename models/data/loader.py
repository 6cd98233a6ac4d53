"""Batches of windows, read by other processes, with a state that a checkpoint can hold."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from torch.utils.data import DataLoader, IterableDataset

from models.data.collate import collate
from models.data.processes import Readers, begin_reading
from models.data.reader import check_skipped
from models.data.records import Place, Skipped, Window
from models.data.windows import ShardWindows

_LOG = logging.getLogger(__name__)


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
T = TypeVar("T")


class WindowLoader(Generic[B]):
    """Iterates batches; the same ones in the same order whatever `num_workers` is.

    `make` turns the windows of a batch into it where they are read: `collate`, or a program's own.

    `skipped` holds the bad samples met so far, by name, and `ended` those left out because their consent
    holds no more. The state is that of the last batch that was taken, whatever workers have prepared beyond
    it.
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
        self.ended: dict[str, Skipped] = dict(windows.ended)

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
        readers = Readers() if self._num_workers else None
        loader = DataLoader(
            _Batches(self._windows, self._make),
            batch_size=None,
            num_workers=self._num_workers,
            prefetch_factor=self._prefetch_factor if self._num_workers else None,
            pin_memory=self._pin_memory,
            worker_init_fn=begin_reading,
            multiprocessing_context=readers,
        )
        end = self._windows.end
        for batch, keys in _read(loader, readers):
            if any(map(self._windows.forbids, keys)):  # it was read before one of them was withdrawn
                batch, _ = next(iter(_Batches(self._windows, self._make)))
            for found in batch.skipped:
                self._note(found)
            check_skipped(self.skipped, self._windows.config.max_bad_samples)
            self._windows.go_to(batch.after)
            yield batch
        if end is not None:
            self._windows.go_to(Place(draw=end))

    def _note(self, found: Skipped) -> None:
        name = f"{found.shard}: {found.key}"
        known = self.ended if found.ended else self.skipped
        if self._num_workers and name not in known:
            _LOG.warning("sample %s: %s: %s", "left out" if found.ended else "skipped", name, found.reason)
        known[name] = found


class _Batches(IterableDataset[tuple[B, list[str]]]):
    """The windows of a data set, collated where they are read, with the keys of their clips."""

    def __init__(self, windows: ShardWindows, make: Callable[[Sequence[Window]], B]) -> None:
        super().__init__()
        self._windows, self._make = windows, make

    def __iter__(self) -> Iterator[tuple[B, list[str]]]:
        windows: list[Window] = []
        for window in self._windows:
            windows.append(window)
            if not window.after.taken:
                yield self._make(windows), [window.key for window in windows]
                windows = []


def _read(loader: DataLoader[T], readers: Readers | None) -> Iterator[T]:
    reading = _started(loader)
    try:
        yield from reading
    except (RuntimeError, OSError, EOFError) as error:  # as torch and its queues say it
        death = None if readers is None else readers.death()
        if death is None:
            raise
        raise death from error


def _started(loader: DataLoader[T]) -> Iterator[T]:
    """Return the batches to come; processes that read are started here.

    Raises:
        TypeError: if `make` cannot be sent to them.
    """
    try:
        return iter(loader)
    except (OSError, MemoryError, RuntimeError, AssertionError):  # of the system, and of multiprocessing
        raise
    except Exception as error:
        raise TypeError(
            f"make cannot be sent to processes that read ({error}): give a function of a module, or an "
            "object of such a class, without locks and open files; or take num_workers=0"
        ) from error
