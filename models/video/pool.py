"""Examples used more than once: a graphics card learns faster than processors decode (data echoing, Choi et
al. 2019, arXiv 1907.05550, with the shuffle buffer of its section 2).

A step's batch is what was read for it, and windows of batches read before, from memory. Each is used `reuse`
times in the mean, with other noise, colours and places to look at each time.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import torch

from models.data.loader import WindowLoader
from models.device import moved
from models.ranks import rank_and_world
from models.video.controls import Frames, VideoBatch


class ExamplePool:
    """Batches without end of windows that were read just now and of windows that were read before.

    The windows of a clip stay next to each other. What is drawn follows from the seed and from how many
    batches were made, and a place in a batch draws from the same place of others: so ranks that share a batch
    get what one process would. The state tells where the oldest batch that is held was read, and going on
    reads from there: what is held is in no checkpoint.
    """

    def __init__(
        self,
        batches: WindowLoader[VideoBatch],
        *,
        reuse: int,
        frames_a_clip: int,
        pool_batches: int,
        seed: int,
        device: torch.device,
    ) -> None:
        """Prepare.

        Args:
            batches: each of one part in `reuse` of what a step learns from.
            frames_a_clip: how many windows of a clip lie next to each other.
            pool_batches: so many of `batches` are held on `device`; at least `reuse`.
        """
        if not 1 <= reuse <= pool_batches:
            raise ValueError(f"pool of {pool_batches} batches for {reuse} uses of each")
        self._batches, self._reuse, self._frames, self._seed = batches, reuse, frames_a_clip, seed
        self._device = device
        self._held: deque[tuple[dict[str, Any], VideoBatch]] = deque(maxlen=pool_batches)
        self._made, self._to_hold = 0, reuse - 1

    def state_dict(self) -> dict[str, Any]:
        """Return the place after the batches that were yielded, as JSON holds it."""
        begin = self._held[0][0] if self._held else self._batches.state_dict()
        return {"reading": begin, "held": len(self._held), "made": self._made}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a place; see `ShardWindows.load_state_dict`."""
        self._batches.load_state_dict(state["reading"])
        self._held.clear()
        self._made, self._to_hold = int(state["made"]), max(int(state["held"]), self._reuse - 1)

    def __iter__(self) -> Iterator[VideoBatch]:
        begin, to_hold = self._batches.state_dict(), self._to_hold
        for number, batch in enumerate(self._batches):
            self._held.append((begin, moved(batch, self._device)))
            begin = self._batches.state_dict()
            if number >= to_hold:
                yield self._drawn(batch)

    def _drawn(self, newest: VideoBatch) -> VideoBatch:
        """Return each clip of the newest batch, followed by clips of others at its place."""
        rank, world = rank_and_world()
        clips, others = len(newest.counts) // self._frames, self._reuse - 1
        draw = torch.Generator().manual_seed((self._seed << 32) + self._made)
        age = torch.randint(len(self._held), (clips * world, others), generator=draw)
        last = torch.full((clips, 1), len(self._held) - 1)
        chosen = torch.cat([last, age[rank * clips :][:clips]], 1).tolist()
        self._made += 1
        held = [batch for _, batch in self._held]
        rows = [(held[index], slice(clip * self._frames, (clip + 1) * self._frames))
                for clip, indices in enumerate(chosen) for index in indices]  # fmt: skip
        frames = {
            one.name: torch.cat([getattr(batch.frames, one.name)[where] for batch, where in rows])
            for one in fields(Frames)
        }
        return replace(
            newest,
            frames=Frames(**frames),
            target=torch.cat([batch.target[where] for batch, where in rows]),
            counts=torch.cat([batch.counts[where] for batch, where in rows]),
        )
