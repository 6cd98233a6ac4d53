"""Examples that serve in several steps: what is drawn, by how many ranks, and going on in the middle."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
import torch

from models.data.records import Place
from models.video import pool
from models.video.controls import Frames, VideoBatch
from models.video.pool import ExamplePool

FRAMES, CLIPS = 2, 4


class Numbered:
    """Batches of `clips` clips whose windows hold the batch's number, and where they were read."""

    def __init__(self, first_clip: int = 0, clips: int = CLIPS) -> None:
        self._place, self._clips = 0, range(first_clip, first_clip + clips)

    def state_dict(self) -> dict[str, Any]:
        return {"place": self._place}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._place = state["place"]

    def __iter__(self) -> Iterator[VideoBatch]:
        while True:
            at, self._place = self._place, self._place + 1
            clip = torch.tensor([c for c in self._clips for _ in range(FRAMES)])
            picture = torch.stack([torch.full_like(clip, at), clip], 1).to(torch.uint8)[:, None, None]
            mask = picture[..., 0]
            frames = Frames(
                photo=picture,
                warp=picture,
                position=picture,
                validity=mask,
                part=mask,
                alpha=mask,
                flow=picture,
            )
            counts = torch.ones(len(clip))
            yield VideoBatch(frames=frames, target=picture, counts=counts, after=Place(draw=0), skipped=())


def _pool(batches: Numbered, reuse: int = 3, pool_batches: int = 5) -> ExamplePool:
    return ExamplePool(
        batches,  # type: ignore[arg-type]
        reuse=reuse,
        frames_a_clip=FRAMES,
        pool_batches=pool_batches,
        seed=7,
        device=torch.device("cpu"),
    )


def _seen(pool: ExamplePool, number: int) -> list[torch.Tensor]:
    """Return of each batch (B, 2): when its windows were read, and of which clip they are."""
    return [batch.target[:, 0, 0] for batch in islice(pool, number)]


def test_each_example_serves_so_often_in_the_mean_and_new_ones_at_once() -> None:
    seen = _seen(_pool(Numbered()), 400)
    assert all(len(rows) == CLIPS * FRAMES * 3 for rows in seen)
    for step, rows in enumerate(seen):
        newest = step + 2  # two batches are read before the first step
        times = rows[:, 0].unflatten(0, (CLIPS, 3, FRAMES)).long()
        assert (times[:, 0] == newest % 256).all() and (times[..., 0] == times[..., 1]).all()
        assert all((newest - t) % 256 < 5 for t in times.flatten().tolist())
    uses = torch.bincount(torch.cat(seen[:200])[:, 0].long())[10:190].float() / (CLIPS * FRAMES)
    assert uses.mean().item() == pytest.approx(3, rel=0.05) and uses.min() >= 1


def test_going_on_in_the_middle_draws_what_would_have_come() -> None:
    whole = _seen(_pool(Numbered()), 12)
    for stop in (1, 3, 9):
        first = _pool(Numbered())
        assert len(_seen(first, stop)) == stop
        again = _pool(Numbered())
        again.load_state_dict(first.state_dict())
        rest = _seen(again, 12 - stop)
        assert all(torch.equal(a, b) for a, b in zip(whole[stop:], rest, strict=True))


def test_two_ranks_draw_what_one_process_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _seen(_pool(Numbered()), 6)
    halves = list[list[torch.Tensor]]()
    for rank in range(2):
        monkeypatch.setattr(pool, "rank_and_world", lambda rank=rank: (rank, 2))
        halves.append(_seen(_pool(Numbered(rank * 2, 2)), 6))
    assert all(torch.equal(a, torch.cat(b)) for a, b in zip(whole, zip(*halves, strict=True), strict=True))


def test_a_pool_holds_as_much_as_a_step_needs() -> None:
    with pytest.raises(ValueError, match="pool of 2 batches for 3 uses"):
        _pool(Numbered(), pool_batches=2)
