"""Which groups may be shown at which step, so that no small group is published or follows from others.

Take an attribute's groups as rows and the steps at which clips end as columns. What the report says of
the attribute are sums of cells of that table: how many are left at a step or in a scope, and how many a
step takes, which is what is left before it less what is left after. A group is small at a step if what is
left of it there shows fewer than `min_people` people, but some. Complementary cell suppression with a bound
on how near one can come (Willenborg & de Waal 2001, chapter 4; Hundepool et al. 2012, section 4.3):

- a group that is small from the start is merged with others into one, wherever the report speaks of the
  attribute (global recoding). Nothing published depends on who of them is in which.
- a group that is small at a step is hidden there, and others with it until they are not small together and
  could exchange so many clips, with all totals and all that is shown of them before and after unchanged, that
  the hidden number may lie in an interval of `min_people` clips at least.
- if there is no such choice, the attribute is not shown at that step at all.

What is hidden at a step is shown together, and what the report computes, it computes of the groups as they
are shown. Tests solve for the hidden numbers by integer programmes.
"""

from dataclasses import dataclass

import numpy as np

from transforms.summarise_bias.columns import Bools, Column, Ints, Steps, num_people

Hidden = frozenset[int]
NOTHING: Hidden = frozenset()


def is_small(num_people: Ints, min_people: int) -> Bools:
    """Return which numbers of people are too small to be published."""
    return np.asarray((num_people > 0) & (num_people < min_people), bool)


def people_by_span(people: Ints, groups: Ints, steps: Ints, shape: tuple[int, int]) -> Ints:
    """Return how many people of each of k groups have clips that end in steps [i, j): (k, f + 1, f + 1).

    Args:
        people, groups, steps: of each clip (n); a group below 0 is left out.
        shape: numbers k of groups and f of steps.
    """
    num_groups, num_steps = shape
    known = groups >= 0
    pairs, place = np.unique(people[known] * num_groups + groups[known], return_inverse=True)
    ends = np.zeros(len(pairs), np.int64)  # one bit a step
    np.bitwise_or.at(ends, place, np.left_shift(1, steps[known]))
    kinds, amounts = np.unique((pairs % num_groups) << num_steps | ends, return_counts=True)
    found = np.zeros((num_groups, num_steps + 1, num_steps + 1), np.int64)
    for start in range(num_steps):
        for end in range(start + 1, num_steps + 1):
            there = (kinds & ((1 << end) - (1 << start))) > 0
            counted = np.bincount(kinds[there] >> num_steps, amounts[there], num_groups)
            found[:, start, end] = np.round(counted).astype(np.int64)
    return found


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown of one attribute.

    `together` holds for each step the groups (numbers of a column) that are counted as one among what is left
    there, None where the attribute is not shown; `merged` those that are one everywhere. `by_source` tells
    whether declared and estimated labels may be counted apart.
    """

    together: tuple[Hidden | None, ...]
    merged: Hidden
    by_source: bool


def plan(people: Ints, column: Column, steps: Steps, min_people: int) -> Shown:
    """Return what may be shown of an attribute.

    Args:
        people: whom each clip (n) shows.
        column: the attribute of the clips (n).
        steps: where the clips (n) end.
    """
    num_steps, num_groups = len(steps.names), len(column.groups)
    every = (NOTHING,) * num_steps
    if not min_people or not num_groups:
        return Shown(every, NOTHING, True)

    def counted(groups: Ints) -> Ints:
        return people_by_span(people, groups, steps.codes, (num_groups, num_steps))

    whole = counted(column.codes)
    merged = _merged(people, column, whole[:, 0, num_steps], min_people)
    if merged is None:
        return Shown((None,) * num_steps, frozenset(range(num_groups)), False)
    codes = _as_one(column.codes, merged)
    whole = counted(codes) if merged else whole
    search = _Search(whole, merged, steps, min_people, _one_group_each(people, codes))
    chosen = search.run()
    declared = counted(np.where(column.declared, codes, -1))
    parts = np.stack([declared, counted(np.where(column.declared, -1, codes))])
    by_source = not (declared.any() and is_small(parts[:, :, :num_steps, num_steps], min_people).any())
    return Shown(tuple(chosen.get(step) for step in range(num_steps)), merged, by_source)


def _one_group_each(people: Ints, codes: Ints) -> bool:
    """Return whether nobody is in two groups."""
    known = codes >= 0
    pairs = np.unique(people[known] * (int(codes.max()) + 1) + codes[known])
    return len(pairs) == num_people(people[known])


def _as_one(codes: Ints, merged: Hidden) -> Ints:
    """Return codes (n) in which merged groups have the lowest one's."""
    return np.where(np.isin(codes, list(merged)), min(merged), codes) if merged else codes


def _merged(people: Ints, column: Column, sizes: Ints, min_people: int) -> Hidden | None:
    """Return the groups that are small from the start and what it takes to hide them; None if nothing does.

    Args:
        sizes: how many people each group (k) has.
    """
    order = sorted(range(len(sizes)), key=lambda g: (sizes[g], g))
    merged = [g for g in order if is_small(sizes, min_people)[g]]
    if not merged:
        return NOTHING
    rest = [g for g in order if g not in merged]
    while len(merged) < 2 or num_people(people[np.isin(column.codes, merged)]) < min_people:
        if not rest:
            return None
        merged.append(rest.pop(0))
    return frozenset(merged)


class _Search:
    """Looks for the groups to hide at every step, one step after the other.

    Args:
        people: by group and span (k, f + 1, f + 1).
        merged: the groups that are one everywhere, counted under the lowest of their numbers.
        one_each: whether nobody is in two groups.
    """

    def __init__(self, people: Ints, merged: Hidden, steps: Steps, min_people: int, one_each: bool) -> None:
        self._people, self._steps, self._min_people, self._one_each = people, steps, min_people, one_each
        self._merged = merged
        self._always = frozenset([min(merged)]) if merged else NOTHING
        self._end = people.shape[1] - 1
        self._groups = [g for g in range(len(people)) if g not in merged or g in self._always]
        self._small = is_small(people, min_people)
        # That nobody is left would tell of the step before, at which hardly anybody was.
        passes_few = np.any(self._small[:, :, self._end], axis=1, keepdims=True)
        self._small[:, :, self._end] |= (people[:, :, self._end] == 0) & passes_few

    def run(self) -> dict[int, Hidden]:
        """Return the groups counted as one by step; steps at which nothing may be shown are left out."""
        chosen: dict[int, Hidden] = {}
        first = [self._steps.selected, self._end - 1, 0, self._steps.accepted]
        for step in dict.fromkeys([*first, *range(self._end)]):
            hidden = self._hidden_at(step, chosen)
            if hidden is not None:
                chosen[step] = hidden
        return {step: hidden | self._merged if hidden else hidden for step, hidden in chosen.items()}

    def _spans(self, step: int) -> list[tuple[int, int]]:
        """Return the spans whose numbers must not be small if a group is shown at a step.

        What is left there; and of the data set what is not for training, which follows from what is.
        """
        held_out = self._steps.selected, self._end - 1
        return [(step, self._end), *([held_out] if held_out[0] < held_out[1] and step in held_out else [])]

    def _hidden_at(self, step: int, chosen: dict[int, Hidden]) -> Hidden | None:
        bad = {g for g in self._groups for start, end in self._spans(step) if self._small[g, start, end]}
        hidden = self._always | bad
        size = self._people[:, step, self._end]
        rest = sorted(set(self._groups) - hidden, key=lambda g: (size[g], g))
        while not self._is_safe({**chosen, step: hidden, self._end: NOTHING}, step):
            if not rest:
                return None
            hidden |= {rest.pop(0)}
        return frozenset(hidden)

    def _is_safe(self, chosen: dict[int, Hidden], step: int) -> bool:
        """Return whether no small group follows if these groups are counted as one at these steps."""
        if len(chosen[step]) == 1 and chosen[step] != self._always:
            return False
        for start, end in self._spans(step):
            if start in chosen and end in chosen and self._few(chosen[start] | chosen[end], start, end):
                return False
        return all(self._is_open(g, s, chosen) for s, hidden in chosen.items() for g in hidden)

    def _few(self, groups: Hidden, start: int, end: int) -> bool:
        """Return whether groups together have few people who end in [start, end)."""
        of_each = self._people[list(groups), start, end]
        # Where somebody may be in two of the groups the largest stands for all.
        together = of_each.sum() if self._one_each else of_each.max(initial=0)
        return bool(of_each.any()) and together < self._min_people

    def _is_open(self, group: int, step: int, chosen: dict[int, Hidden]) -> bool:
        """Return whether a hidden group's number at a step could be others in `min_people` ways.

        Clips count as many as people at least. Between the nearest steps at which it is shown, a group may
        have lost more or fewer of its clips before the step, if the others lost as many fewer or more.
        """
        if group in self._always or not any(self._small[group, a, b] for a, b in self._spans(step)):
            return True
        before, after = self._alone(group, step, chosen)
        lost, left = self._people[group, before or 0, step], self._people[group, step, after]
        others_lost = others_left = 0
        for other in chosen[step] - {group}:
            start, end = self._alone(other, step, chosen)
            first = max((s for s in (before, start) if s is not None), default=0)
            others_lost += int(self._people[other, first, step])
            others_left += int(self._people[other, step, min(after, end)])
        if before is None:
            return left + others_left >= self._min_people
        return min(lost, others_left) + min(left, others_lost) >= self._min_people

    def _alone(self, group: int, step: int, chosen: dict[int, Hidden]) -> tuple[int | None, int]:
        """Return the nearest steps before and after at which a group is shown by itself."""
        known = [s for s, hidden in chosen.items() if group not in hidden or hidden == {group}]
        before = [s for s in known if s < step]
        return max(before) if before else None, min(s for s in known if s > step)
