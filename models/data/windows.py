"""Windows of clips out of shards, endlessly or an epoch at a time, in an order that follows from a seed."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch.utils.data import IterableDataset, get_worker_info

from models.data.catalogue import Catalogue, of_split, read_catalogue
from models.data.config import WindowConfig
from models.data.draws import Choice, Order, epoch_draws, other_clip, window_choice
from models.data.exclude import Exclusions
from models.data.places import find_shards
from models.data.reader import Clock, SampleReader
from models.data.records import Place, Reference, Skipped, Window
from schemas.days import utc_today
from schemas.outcomes import BadInputError


class ShardWindows(IterableDataset[Window]):
    """Windows of the clips of some shards, for any PyTorch program.

    Clips whose consent has ended keep their place in the order, so that a state holds across that day; when
    one is drawn it is not read, and the next draw takes its place.

    The order of draws follows from the seed. Batch by batch, ranks and then DataLoader workers take their
    turns in it, so that none sees what another one sees and the windows of a batch do not depend on how many
    workers there are. Samples are read where they lie: several readers of one shard do no harm.

    Iterating goes on from where the last iteration or `load_state_dict` ended, to the end of the epoch or for
    `epochs`. With workers, the state of the process that trains is `state_dict(after=window or batch)`.

    Args:
        shards: a run folder, its folder of shards, a pattern, a list of .tar files; local or remote.
        split: which shards by the beginning of their names; None for all.
        batch_size: how many windows a batch of one rank will have.
        epochs: how many epochs one iteration gives; None for no end, with batches across epochs.
        clock: tells the day, which is looked at whenever a sample is to be read.

    Raises:
        BadInputError: if there are no samples to draw, or fewer than one batch of all ranks.
    """

    def __init__(
        self,
        shards: str | Path | Iterable[str | Path],
        config: WindowConfig,
        *,
        seed: int,
        split: str | None = "train",
        rank: int = 0,
        world_size: int = 1,
        batch_size: int = 1,
        epochs: int | None = 1,
        drop_last: bool = True,
        clock: Clock = utc_today,
    ) -> None:
        super().__init__()
        if not 0 <= rank < world_size or batch_size < 1 or seed < 0:
            raise ValueError(f"rank {rank} of {world_size}, batch_size {batch_size}, seed {seed}")
        self.config, self.batch_size = config, batch_size
        self._seed, self._rank, self._world_size = seed, rank, world_size
        self._epochs, self._drop_last = epochs, drop_last
        names = of_split(find_shards(shards), split)
        exclusions = Exclusions(names)
        there = read_catalogue(names, exclusions.veiled, config.limits)
        self._catalogue = _drawable(there, config, names)
        self._reader = SampleReader(self._catalogue, exclusions, config, clock)
        if len(self._reader.ended) == self.num_samples:
            raise BadInputError(f"{names[0]}: all consents have ended ({self.num_samples} samples)")
        self._print = _fingerprint(self._catalogue, config)
        self._place = Place(draw=0)
        self._drawn: tuple[int, npt.NDArray[np.int64]] | None = None  # the draws of one epoch
        self._check_sizes()

    @property
    def num_samples(self) -> int:
        """How many clips there are to draw from, which is the number of draws of an epoch."""
        return len(self._catalogue.keys)

    @property
    def keys(self) -> Sequence[str]:
        """The keys of the clips that are drawn from."""
        return self._catalogue.keys

    def forbids(self, key: str) -> bool:
        """Return whether a clip must not be read any more, as the lists of exclusions say now.

        Raises:
            BadInputError: if a list cannot be read.
        """
        return self._reader.forbids(key)

    @property
    def fingerprint(self) -> str:
        """A hash of what the order of draws follows from, besides the seed."""
        return self._print

    @property
    def epoch(self) -> int:
        """The epoch that comes next, or in which the reader is."""
        return self._place.draw // self.num_samples

    @property
    def skipped(self) -> Mapping[str, Skipped]:
        """The bad samples that this very object met, by shard and key."""
        return self._reader.skipped

    @property
    def ended(self) -> Mapping[str, Skipped]:
        """The samples whose consent held no more when this object was made, or when it came to read them."""
        return self._reader.ended

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch."""
        self._place = Place(draw=epoch * self.num_samples)

    def go_to(self, place: Place) -> None:
        """Go on after what was taken elsewhere: the `after` of a window or a batch."""
        self._place = place

    @property
    def end(self) -> int | None:
        """The draw before which an iteration that begins now ends; None if it does not."""
        return None if self._epochs is None else (self.epoch + self._epochs) * self.num_samples

    def state_dict(self, after: Any = None) -> dict[str, Any]:
        """Return where reading is, as JSON holds it.

        Args:
            after: the last window or batch that was taken, where workers read; None: as far as this very
                object was iterated.
        """
        place: Place = self._place if after is None else after.after
        return {
            "draw": place.draw,
            "taken": place.taken,
            "seed": self._seed,
            "num_samples": self.num_samples,
            "samples": self._print,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where a state was taken: the next window is the one that came next then.

        Raises:
            BadInputError: if the state is of another seed or of other samples.
        """
        for name, mine in (("seed", self._seed), ("num_samples", self.num_samples), ("samples", self._print)):
            if state[name] != mine:
                epoch = int(state["draw"]) // max(int(state["num_samples"]), 1)
                raise BadInputError(
                    f"the state was saved with {name} {state[name]}, and this is {mine}: what is drawn has "
                    f"changed, and the order with it; begin epoch {epoch} anew with set_epoch({epoch})"
                )
        self._place = Place(draw=int(state["draw"]), taken=int(state["taken"]))

    def __iter__(self) -> Iterator[Window]:
        worker = get_worker_info()
        number, of = (0, 1) if worker is None else (worker.id, worker.num_workers)
        for index, (batch, end) in enumerate(self._runs()):
            if index % of != number:
                continue
            taken = self._place.taken if index == 0 else 0
            for nth in range(taken, len(batch)):
                last = nth == len(batch) - 1
                after = Place(draw=end) if last else Place(draw=self._start_of(batch), taken=nth + 1)
                window = replace(self._window(int(batch[nth])), after=after)
                self._place = after
                yield window

    def _start_of(self, batch: npt.NDArray[np.int64]) -> int:
        return int(batch[0]) - self._rank * self.batch_size

    def _runs(self) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
        """Yield the draws of this rank's batches, and where each batch of all ranks ends."""
        run = self.batch_size * self._world_size
        draw, last = self._place.draw, self.end
        while last is None or draw < last:
            end = draw + run if last is None else min(draw + run, last)
            if end - draw < run and self._drop_last:
                self._place = Place(draw=end)
                return
            mine = np.arange(draw, end)[self._rank * self.batch_size :][: self.batch_size]
            if len(mine):
                yield mine, end
            draw = end

    def _window(self, draw: int) -> Window:
        """Return the window of a draw; where its sample cannot be used, of the next draw's that can."""
        config, skipped = self.config, list[Skipped]()

        def choose(num_frames: int) -> Choice:
            return window_choice(num_frames, config.num_frames, config.mirror_probability, self._seed, draw)

        for row in self._rows_from(draw):
            found = self._reader.read(row, choose)
            if isinstance(found, Window):
                other = self._elsewhere(found, row, draw)
                if isinstance(other, Skipped):
                    skipped.append(other)
                    other = None
                return replace(found, elsewhere=other, skipped=tuple(skipped))
            if found is not None:
                skipped.append(found)
        raise BadInputError(
            f"{self._catalogue.shards[0]}: none of the {self.num_samples} samples can be used"
        )

    def _elsewhere(self, window: Window, row: int, draw: int) -> Reference | Skipped | None:
        """Return a frame of another clip of a window's person, if one is wanted, and there is one that the
        same camera took; or why it cannot be used.
        """
        if not self.config.elsewhere:
            return None
        mates = np.flatnonzero(self._catalogue.person == self._catalogue.person[row])
        chosen = other_clip(mates[mates != row], self.config.elsewhere, self._seed, draw)
        if chosen is None:
            return None
        found = self._reader.read(chosen.row, lambda frames: chosen.frame(frames, window.mirrored))
        if not isinstance(found, Window):
            return found
        return _alone(found) if _camera(found) == _camera(window) else None

    def _rows_from(self, draw: int) -> Iterator[int]:
        epoch, first = divmod(draw, self.num_samples)
        order = self._draws_of(epoch)
        for step in range(self.num_samples):
            yield int(order[(first + step) % self.num_samples])

    def _draws_of(self, epoch: int) -> npt.NDArray[np.int64]:
        if self._drawn is None or self._drawn[0] != epoch:
            order = Order(
                shuffle_samples=self.config.shuffle_samples,
                bucket_batches=self.config.bucket_batches,
                run=self.batch_size * self._world_size,
            )
            known, weights = self._catalogue, _weights(self._catalogue, self.config)
            drawn = epoch_draws(known.shard, known.num_frames, weights, order, self._seed, epoch)
            self._drawn = (epoch, drawn)
        return self._drawn[1]

    def _check_sizes(self) -> None:
        run = self.batch_size * self._world_size
        if self._drop_last and self._epochs is not None and self.num_samples < run:
            raise BadInputError(
                f"{self._catalogue.shards[0]}: {self.num_samples} samples are no batch of {self.batch_size} "
                f"for each of {self._world_size} ranks; take fewer ranks, a smaller batch_size, or "
                "epochs=None, with which batches go on across epochs"
            )


def _drawable(catalogue: Catalogue, config: WindowConfig, shards: list[str]) -> Catalogue:
    """Return the samples that can be drawn."""
    kept = np.ones(len(catalogue.keys), bool)
    if config.num_frames is not None and config.short_clips == "leave_out":
        kept &= (catalogue.num_frames < 0) | (catalogue.num_frames >= config.num_frames)
    if kept.any() and config.weighted:
        if not (catalogue.weight[kept] > 0).any():
            raise BadInputError(
                f"{shards[0]}: every sampling_weight is 0; set weighted=False to draw all alike"
            )
        kept &= catalogue.weight > 0
    if not kept.any():
        raise BadInputError(
            f"{shards[0]}: no sample to draw; {len(catalogue.keys)} are there, and windows have "
            f"{config.num_frames} frames (short_clips={config.short_clips!r})"
        )
    return catalogue.take(kept)


def _weights(catalogue: Catalogue, config: WindowConfig) -> npt.NDArray[np.float64] | None:
    """Return how often each sample is drawn, None for once each."""
    if not config.weighted and not config.person_power:
        return None
    _, row, count = np.unique(catalogue.person, return_inverse=True, return_counts=True)
    weights = catalogue.weight if config.weighted else np.ones(len(row))
    return weights / count[row] ** config.person_power


def _alone(window: Window) -> Reference:
    """Return the only frame of a window as a reference of another one."""
    picture = None if window.frames is None else window.frames[0]
    return Reference(frame=window.start_frame, arrays=window.arrays, picture=picture, betas=window.betas)


def _camera(window: Window) -> tuple[Any, ...]:
    """Return what two clips of one camera have alike, as their fits tell."""
    fit = window.about.get("body_fit") or {}
    return (window.about["width"], window.about["height"], fit.get("focal_length_px"), fit.get("model_id"))


def _fingerprint(catalogue: Catalogue, config: WindowConfig) -> str:
    """Return a hash of what the order of draws follows from, besides the seed."""
    weights = _weights(catalogue, config)
    digest = hashlib.sha256("\n".join(catalogue.keys).encode())
    for values in (catalogue.shard, catalogue.num_frames, [] if weights is None else weights):
        digest.update(np.asarray(values).tobytes())
    digest.update(repr((config.shuffle_samples, config.bucket_batches)).encode())
    return digest.hexdigest()[:20]
