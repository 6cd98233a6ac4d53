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
    is_known,
    joint_cells,
    marginal_cells,
    value_of,
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
    compared = associated_pairs(attributes, {a: column_of(clips, a) for a in attributes}, config)
    cells: list[BiasCell] = []
    found: list[BiasMetric] = []
    for scoped in scopes:
        for attribute in attributes:
            marginal = marginal_cells(scoped, attribute, confusions)
            cells += suppress_cells(marginal, config.min_people)
        for pair in _pairs(config, attributes):
            cells += suppress_cells(joint_cells(scoped, pair, confusions), config.min_people)
        found += _metrics(scoped, attributes, config, targets, clips, compared)
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
    attributes: Sequence[str],
    config: BiasConfig,
    targets: Mapping[str, Mapping[str, float]],
    clips: Sequence[Row],
    pairs: Sequence[tuple[str, str]],
) -> list[BiasMetric]:
    found = metrics.size_metrics(scoped)
    columns = {attribute: column_of(scoped.rows, attribute) for attribute in attributes}
    people = people_of(scoped.rows)
    scores = [np.array([row.scores[i] for row in scoped.rows], float) for i in range(len(config.scores))]
    for attribute in attributes:
        shares = targets.get(attribute) or _uniform(attribute, clips)
        name = "target" if attribute in targets else "uniform"
        found += metrics.attribute_metrics(scoped, attribute, shares, name)
        named = attribute, columns[attribute]
        for score in zip(config.scores, scores, strict=True):
            found += metrics.score_metrics(scoped, people, named, score, config.min_people)
    for pair in pairs:
        found += metrics.association_metrics(scoped, people, columns, pair)
    return found


def _uniform(attribute: str, clips: Sequence[Row]) -> dict[str, float]:
    """Return equal shares of an attribute's groups: all that can be, or else all that occur."""
    occurring = {value for row in clips if is_known(value := value_of(row, attribute))}
    return dict.fromkeys(CATEGORIES.get(attribute) or sorted(occurring), 1.0)
