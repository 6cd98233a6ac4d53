"""What became of targets and quotas, without what would tell about groups that are too small to be shown."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

import numpy as np

from schemas.bias import TOGETHER, BalanceSplit, BalanceTarget
from transforms.summarise_bias.cells import Attribute, Scoped, joined_codes
from transforms.summarise_bias.columns import Clips, num_people

HIDDEN_BINDING = "a group that is too small to be shown has a part in it"


def published_targets(
    targets: Sequence[BalanceTarget],
    attributes: Mapping[str, Attribute],
    clips: Clips,
    min_people: int,
    telling: Set[str],
) -> tuple[BalanceTarget, ...]:
    """Return targets and quotas; those that name a hidden group have no numbers but what was wanted.

    Args:
        telling: attributes whose hidden groups' weights would tell how large they are.
    """
    values: dict[tuple[str, str], set[str]] = {}
    for row in targets:
        if row.kind == "target":
            values.setdefault((row.kind, row.name), set()).add(row.value)
    return tuple(
        _published(
            row, attributes, clips, min_people, telling, frozenset(values.get((row.kind, row.name), ()))
        )
        for row in targets
    )


def published_splits(splits: Sequence[BalanceSplit], telling: Set[str]) -> tuple[BalanceSplit, ...]:
    """Return what splits are worth; without what weights tell where they would tell of hidden groups."""
    if not telling:
        return tuple(splits)
    return tuple(
        replace(
            row, effective_clips=None, effective_people=None, design_effect=None, smallest_weight=None,
            largest_weight=None, num_at_floor=None, distance=None, distance_without_floor=None,
        )
        for row in splits
    )  # fmt: skip


def _published(
    row: BalanceTarget,
    attributes: Mapping[str, Attribute],
    clips: Clips,
    min_people: int,
    telling: Set[str],
    rivals: frozenset[str],
) -> BalanceTarget:
    if not min_people:
        return row
    steps = clips.steps
    group = _group_of(row)
    if len(group) > 1:
        there = _is_shown_together(group, attributes, clips, min_people)
        before, selected, drawn = False, there, there and not telling & set(group)
    else:
        ((name, value),) = group.items()
        last = len(steps.names) - 1
        of_group = (attributes.get(name), value, rivals)
        asked = steps.accepted, steps.selected, last
        before, selected, drawn = (_is_shown(*of_group, step) for step in asked)
        drawn = drawn and name not in telling
        if name in attributes and _few_in_split(attributes[name], clips, row.split, min_people):
            before = selected = drawn = False
    if row.kind == "quota":
        drawn = selected
    if before and selected and drawn:
        return row
    return replace(
        row,
        before=row.before if before else None,
        selected=row.selected if selected else None,
        achieved=row.achieved if drawn else None,
        without_floor=row.without_floor if drawn else None,
        others=None,
        others_achieved=None,
        binding=row.binding and HIDDEN_BINDING,
        suppressed=True,
    )


def _group_of(row: BalanceTarget) -> dict[str, str]:
    """Return the group that a row speaks of, as values by attribute."""
    if row.kind == "quota":
        parts = [part.partition("=") for part in row.name.split("|")]
        return {name: value for name, _, value in parts}
    return dict(zip(row.name.split("|"), row.value.split("|"), strict=False))


def _is_shown(attribute: Attribute | None, value: str, rivals: frozenset[str], step: int) -> bool:
    """Return whether a group's share may be shown at a step.

    Shares are of the target's groups. If some of those that are counted as one are among these and others are
    not, the shares would tell them apart.
    """
    if attribute is None:  # no clip has the attribute
        return True
    hidden = attribute.hidden_at(step)
    if hidden is None:
        return value not in attribute.column.groups
    names = {attribute.column.groups[i] for i in hidden}
    return value not in names and (not rivals or names <= rivals or not names & rivals)


def _few_in_split(attribute: Attribute, clips: Clips, split: str | None, min_people: int) -> bool:
    """Return whether few people of some group are in a split of the data set: its shares would tell."""
    if split is None:
        return False
    there = clips.steps.is_selected & np.array([name == split for name in clips.splits], bool)
    codes, people = attribute.column.codes[there], clips.people[there]
    sizes = [num_people(people[codes == group]) for group in np.unique(codes[codes >= 0])]
    return any(0 < size < min_people for size in sizes)


def _is_shown_together(
    group: Mapping[str, str], attributes: Mapping[str, Attribute], clips: Clips, min_people: int
) -> bool:
    """Return whether an intersection's number may be shown in the data set."""
    if len(group) > 2 or not set(group) <= set(attributes):
        return False
    selected = Scoped("selected", clips.steps.selected, np.flatnonzero(clips.steps.is_selected), False)
    first, second = (attributes[name] for name in group)
    joined = joined_codes(clips, selected, (first, second), min_people)
    if joined is None:
        return False
    # What is joined may be in the target in part, see `_is_shown`.
    return all(TOGETHER not in shown for shown in joined[0])
