"""Which comparisons of the funnel are flagged: tests corrected for their number; what accounts for what."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import fisher_exact

from schemas.bias import TOGETHER, FunnelRow
from transforms.summarise_bias.clusters import compare, holm
from transforms.summarise_bias.columns import num_people
from transforms.summarise_bias.funnel import Compared


def judge(compared: Sequence[Compared], alpha: float, min_people: int) -> list[FunnelRow]:
    """Return the rows with Holm's adjusted p over all tests, and flags.

    A group is flagged if it loses more than the others; that it loses less is the others' flag.
    """
    compared = _with_nearly_gone(compared, min_people)
    tested = [i for i, pair in enumerate(compared) if pair.row.p_value is not None]
    adjusted = dict(
        zip(tested, holm(np.array([compared[i].row.p_value for i in tested], float)), strict=True)
    )
    judged: list[Compared] = []
    for i, pair in enumerate(compared):
        row, p = pair.row, float(adjusted[i]) if i in adjusted else None
        more = row.rate is not None and row.rest_rate is not None and row.rate > row.rest_rate
        flag = p is not None and p <= alpha and (more or pair.nearly_gone)
        judged.append(replace(pair, row=replace(row, p_adjusted=p, flagged=flag)))
    return _explain(_named(judged), alpha)


def _named(judged: Sequence[Compared]) -> list[Compared]:
    """Return the comparisons without flags of what is counted together where one of it is flagged itself."""
    names = {_place(pair): pair.row for pair in judged if pair.nearly_gone and pair.row.flagged}
    found: list[Compared] = []
    for pair in judged:
        named = names.get(_place(pair)) if pair.row.value == TOGETHER and pair.row.flagged else None
        if named is not None:
            cause = f"{named.attribute}={named.value}"
            pair = replace(pair, row=replace(pair.row, flagged=False, explained_by=cause))
        found.append(pair)
    return found


def _with_nearly_gone(compared: Sequence[Compared], min_people: int) -> list[Compared]:
    """Return the comparisons, with a test of groups of which too few people to be shown are left.

    It is made at the filter of the stage that takes most of what is counted together there.
    """
    together = {_place(pair): pair.row for pair in compared if pair.row.value == TOGETHER}
    most: dict[tuple[str, ...], tuple[float, str]] = {}
    for (*stage, name), row in together.items():
        most[tuple(stage)] = max(most.get(tuple(stage), (0.0, "")), (row.rate or 0.0, name))
    found: list[Compared] = []
    for pair in compared:
        *stage, name = _place(pair)
        if pair.nearly_gone and most.get(tuple(stage), (0.0, ""))[1] == name:
            p = _chance_of_leaving(pair, min_people)
            pair = replace(pair, row=replace(pair.row, test="people_left", p_value=p))
        found.append(pair)
    return found


def _place(pair: Compared) -> tuple[str, ...]:
    row = pair.row
    return row.level, row.stage, row.attribute, row.filter


def _chance_of_leaving(pair: Compared, min_people: int) -> float:
    """Return Fisher's exact p that so few people of a group are left after a stage, by chance.

    As many are taken to be left as are too few to be shown, whatever the number: it tells nothing more.
    """
    found, known, member = pair.found, pair.codes >= 0, pair.codes == pair.place
    own = num_people(found.people[member])
    all_in, all_left = (num_people(found.people[known & there]) for there in (known, ~found.ended))
    left = min(min_people - 1, all_left)
    table = [[left, own - left], [all_left - left, max(all_in - all_left - own + left, 0)]]
    return float(fisher_exact(table, alternative="less").pvalue)


def _explain(judged: Sequence[Compared], alpha: float) -> list[FunnelRow]:
    """Return the rows; of flags of one filter only those stay that stronger ones do not account for.

    Groups of different attributes overlap, by chance or because they go together. A weaker flag stays
    if the group loses more also among those who are in none of the stronger flagged groups.
    """
    rows = [pair.row for pair in judged]
    flags = [i for i, row in enumerate(rows) if row.flagged]
    flags.sort(key=lambda i: (rows[i].p_value, -(rows[i].ratio or np.inf), rows[i].attribute, rows[i].value))
    kept: dict[tuple[str, str, str], list[int]] = {}
    for i in flags:
        row = rows[i]
        stronger = kept.setdefault((row.level, row.stage, row.filter), [])
        others = [judged[k] for k in stronger if rows[k].attribute != row.attribute]
        if others and not _stands_alone(judged[i], others, alpha):
            first = others[0].row
            rows[i] = replace(row, flagged=False, explained_by=f"{first.attribute}={first.value}")
        else:
            stronger.append(i)
    return rows


def _stands_alone(pair: Compared, others: Sequence[Compared], alpha: float) -> bool:
    """Return whether a group loses more among those who are in none of the other groups."""
    left = (pair.codes >= 0) & ~np.logical_or.reduce([other.member for other in others])
    member, dropped = pair.member[left], pair.found.dropped[left]
    if not member.any() or member.all() or dropped[member].mean() <= dropped[~member].mean():
        return False
    tested = compare(pair.found.people[left], dropped, member)
    return tested is not None and tested[1] <= alpha
