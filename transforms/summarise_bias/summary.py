"""All tables of the bias report from the light rows of clips and videos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.attributes import CATEGORIES
from schemas.bias import BiasCell, BiasMetric, FunnelRow
from transforms.summarise_bias import metrics
from transforms.summarise_bias.associations import associated_pairs, column_of, people_of
from transforms.summarise_bias.cells import (
    ScopedRows,
    attributes_in,
    joint_cells,
    marginal_cells,
)
from transforms.summarise_bias.config import BiasConfig
from transforms.summarise_bias.confusion import Confusion
from transforms.summarise_bias.funnel import compare_groups, judge
from transforms.summarise_bias.rows import Row
from transforms.summarise_bias.suppress import suppress_cells

VIDEO_STAGES = ("survey",)


@dataclass(frozen=True, slots=True)
class BiasTables:
    """The three tables of the report."""

    cells: tuple[BiasCell, ...]
    metrics: tuple[BiasMetric, ...]
    funnel: tuple[FunnelRow, ...]


def summarise(
    rows: Sequence[Row],
    stages: Sequence[str],
    config: BiasConfig,
    targets: Mapping[str, Mapping[str, float]],
    confusions: Mapping[str, Confusion],
) -> BiasTables:
    """Return the tables.

    Args:
        rows: of clips and videos, in any order.
        stages: of clips, in the order in which they are passed; the last two are balancing and writing.
        targets: wanted shares by attribute (empty: all groups equal), as far as balancing has them.
    """
    rows = sorted(rows, key=lambda row: (row.level, row.row_id))
    clips = [row for row in rows if row.level == "clip"]
    videos = [row for row in rows if row.level == "video"]
    attributes = attributes_in(rows, config.attributes)
    scopes = _scopes(clips, stages)
    columns = {attribute: column_of(clips, attribute) for attribute in attributes}
    compared = associated_pairs(attributes, columns, config)
    wanted = {name: _wanted(name, columns[name].groups, targets) for name in attributes}
    cells: list[BiasCell] = []
    found: list[BiasMetric] = []
    for scoped in scopes:
        for attribute in attributes:
            marginal = marginal_cells(scoped, attribute, confusions)
            cells += suppress_cells(marginal, config.min_people)
        for pair in _pairs(config, attributes):
            cells += suppress_cells(joint_cells(scoped, pair, confusions), config.min_people)
        found += _metrics(scoped, wanted, compared, config)
    tested = compare_groups("video", videos, VIDEO_STAGES, attributes)
    tested += compare_groups("clip", clips, stages, attributes)
    return BiasTables(tuple(cells), tuple(found), tuple(judge(tested, config.alpha, config.min_people)))


def _scopes(clips: Sequence[Row], stages: Sequence[str]) -> list[ScopedRows]:
    passed = {"", *stages[-2:]}
    accepted = [row for row in clips if row.stage in passed]
    selected = [row for row in clips if not row.stage]
    return [
        ScopedRows("candidates", clips, False),
        ScopedRows("accepted", accepted, False),
        ScopedRows("selected", selected, False),
        ScopedRows("weighted", selected, True),
    ]


def _pairs(config: BiasConfig, attributes: Sequence[str]) -> list[tuple[str, str]]:
    return [(pair[0], pair[1]) for pair in config.pairs if set(pair) <= set(attributes)]


def _metrics(
    scoped: ScopedRows,
    wanted: Mapping[str, tuple[str, Mapping[str, float]]],
    pairs: Sequence[tuple[str, str]],
    config: BiasConfig,
) -> list[BiasMetric]:
    found = metrics.size_metrics(scoped)
    columns = {attribute: column_of(scoped.rows, attribute) for attribute in wanted}
    people = people_of(scoped.rows)
    scores = [np.array([row.scores[i] for row in scoped.rows], float) for i in range(len(config.scores))]
    for attribute, (name, shares) in wanted.items():
        found += metrics.attribute_metrics(scoped, attribute, shares, name)
        named = attribute, columns[attribute]
        for score in zip(config.scores, scores, strict=True):
            found += metrics.score_metrics(scoped, people, named, score, config.min_people)
    for pair in pairs:
        found += metrics.association_metrics(scoped, people, columns, pair)
    return found


def _wanted(
    attribute: str, occurring: Sequence[str], targets: Mapping[str, Mapping[str, float]]
) -> tuple[str, Mapping[str, float]]:
    """Return what an attribute's groups are measured against: the target, else equal shares.

    Equal shares are of all groups that can be, or else of all that occur.
    """
    equal = dict.fromkeys(CATEGORIES.get(attribute) or occurring, 1.0)
    return "target" if attribute in targets else "uniform", targets.get(attribute) or equal
