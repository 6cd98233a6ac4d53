"""Selecting: which clips stay under caps and quotas, and the largest set that meets targets.

Where some of a group's clips must go, those go first that show someone, or come from a video, that
is in the group often already; between equals a hash decides. Order of input plays no part.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from schemas.groups import UNKNOWN
from transforms.balance.candidates import Candidate, Cell, Cells, Floats, share_of
from transforms.balance.config import BalanceConfig, Target
from transforms.balance.margins import Margins
from transforms.balance.rake import TOLERANCE, least_entropy

# How much of the largest possible set is taken, so that there is room to choose its mixture.
PART_OF_LARGEST = 0.98


@dataclass(frozen=True, slots=True)
class Excess:
    """Why a clip is not selected: the rule, how much came before and with the clip, and the bound."""

    reason: str
    score: float
    threshold: float


Decisions = dict[str, Excess]


def in_order(candidates: Sequence[Candidate], salt: str) -> list[Candidate]:
    """Return candidates in the order in which they are kept: round by round over people and videos."""
    shuffled = sorted(
        candidates, key=lambda c: (hashlib.sha256(f"{salt}:{c.clip_id}".encode()).digest(), c.clip_id)
    )
    people: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    ranked: list[tuple[int, int, int, Candidate]] = []
    for number, candidate in enumerate(shuffled):
        ranked.append((people[candidate.person], sources[candidate.source], number, candidate))
        people[candidate.person] += 1
        sources[candidate.source] += 1
    return [row[3] for row in sorted(ranked, key=lambda row: row[:3])]


def cap(
    ordered: Sequence[Candidate],
    key: Callable[[Candidate], str],
    max_clips: int | None,
    max_seconds: float | None,
    reason: str,
    share: Callable[[Candidate], float] = lambda c: 1.0,
) -> Decisions:
    """Return what is above a bound on each group's clips or seconds, in the order given.

    A clip that does not fit into the seconds left is passed over; a shorter one after it may fit.

    Args:
        share: how much of a clip counts.
    """
    clips: dict[str, float] = defaultdict(float)
    seconds: dict[str, float] = defaultdict(float)
    gone: Decisions = {}
    for candidate in ordered:
        group = key(candidate)
        more_clips = clips[group] + share(candidate)
        more_seconds = seconds[group] + share(candidate) * candidate.seconds
        if max_clips is not None and more_clips > max_clips + 1e-9:
            gone[candidate.clip_id] = Excess(reason, more_clips, float(max_clips))
        elif max_seconds is not None and more_seconds > max_seconds + 1e-9:
            gone[candidate.clip_id] = Excess(reason, more_seconds, max_seconds)
        else:
            clips[group], seconds[group] = more_clips, more_seconds
    return gone


def outside_targets(candidates: Sequence[Candidate], config: BalanceConfig) -> Decisions:
    """Return what targets drop: clips of groups that they do not name. Of unknown groups nobody says that."""
    gone: Decisions = {}
    for target in config.targets:
        if target.others == "drop" and target.shares:
            cells = Cells.count(candidates, config)
            inside = cells.shares(target.attributes, sorted(target.shares)).sum(axis=0)
            known = [_is_known(cell, cells, target) for cell in cells.values]
            places = zip(cells.values, inside, known, strict=True)
            dropped = {cell for cell, part, is_known in places if is_known and part <= 1e-9}
            gone |= {c.clip_id: Excess("not_in_target", 1.0, 0.0) for c in candidates if c.values in dropped}
    return gone


def _is_known(cell: Cell, cells: Cells, target: Target) -> bool:
    return UNKNOWN not in [cell[cells.names.index(name)] for name in target.attributes]


def apply_caps(candidates: Sequence[Candidate], names: Sequence[str], config: BalanceConfig) -> Decisions:
    """Return what targets drop and caps and quotas reject: per person, per source, the quotas as written."""
    gone = outside_targets(candidates, config)

    def left() -> list[Candidate]:
        return in_order([c for c in candidates if c.clip_id not in gone], config.salt)

    if config.max_clips_per_person is not None or config.max_seconds_per_person is not None:
        bounds = config.max_clips_per_person, config.max_seconds_per_person
        gone |= cap(left(), lambda c: c.person, *bounds, "person_cap")
    if config.max_clips_per_source is not None or config.max_seconds_per_source is not None:
        bounds = config.max_clips_per_source, config.max_seconds_per_source
        gone |= cap(left(), lambda c: c.source, *bounds, "source_cap")
    for quota in config.quotas:
        if quota.max_clips is not None or quota.max_seconds is not None:
            parts = {c.clip_id: share_of(c, names, quota.where) for c in left()}
            members = in_order([c for c in left() if parts[c.clip_id] > 0], config.salt)
            bounds = quota.max_clips, quota.max_seconds
            gone |= cap(members, lambda c: "", *bounds, "over_quota", lambda c, p=parts: p[c.clip_id])
    return gone


def largest_balanced(cells: Cells, margins: Margins) -> tuple[Floats, tuple[int, ...]]:
    """Return how many clips of each cell (k) the largest set that meets the margins has.

    A linear programme (HiGHS) gives its size, and by their shadow prices the cells that keep it from
    being larger: the second result. The largest set lies in a corner where whole
    combinations of groups may be missing for no reason, so of the sets of 98 % of that size the one
    nearest to the present mixture is taken; then whole clips by largest remainder. All zero if no
    set of clips meets the margins.
    """
    # An equation on the weights, which a cell's clips share, as one on their number.
    per_clip = 1.0 / cells.num_clips
    found = linprog(
        -np.ones(len(cells.values)),
        A_eq=margins.named * per_clip,
        b_eq=np.zeros(len(margins.groups)),
        bounds=np.column_stack([np.zeros_like(cells.num_clips), cells.num_clips]),
        method="highs",
    )
    if found.status != 0:
        raise RuntimeError(f"the linear programme of the selection failed: {found.message}")
    limits = tuple(np.flatnonzero(found.upper.marginals < -1e-9).tolist())
    sizes = _spread(found.x, cells, margins)
    whole = np.floor(sizes + 1e-9)
    missing = round(float(sizes.sum())) - int(whole.sum())
    largest = sorted(range(len(whole)), key=lambda i: (whole[i] - sizes[i], i))
    whole[largest[: max(missing, 0)]] += 1
    return np.minimum(whole, cells.num_clips), limits


def _spread(sizes: Floats, cells: Cells, margins: Margins) -> Floats:
    """Return a slightly smaller set, whose cells are nearest to the present mixture."""
    if not sizes.any():
        return sizes
    rows = margins.named
    base = cells.num_clips / cells.num_clips.sum()
    taken = PART_OF_LARGEST * sizes.sum() / cells.num_clips.sum()
    weights = least_entropy(rows, np.zeros(len(rows)), base, 0.0, 1 / taken)
    met = np.max(np.abs(rows @ weights)) <= 10 * TOLERANCE
    return weights * taken * cells.num_clips if met else sizes


def apply_sizes(
    candidates: Sequence[Candidate], sizes: dict[Cell, int], available: dict[Cell, int], salt: str
) -> Decisions:
    """Return what is above each cell's number of clips."""
    taken: Counter[Cell] = Counter()
    gone: Decisions = {}
    for candidate in in_order(candidates, salt):
        cell = candidate.values
        taken[cell] += 1
        if taken[cell] > sizes[cell]:
            gone[candidate.clip_id] = Excess("over_target", float(available[cell]), float(sizes[cell]))
    return gone
