"""All tables of the bias report from the light rows of clips and videos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from schemas.attributes import CATEGORIES
from schemas.bias import (
    BalanceSplit,
    BalanceTarget,
    BiasCell,
    BiasMetric,
    FunnelRow,
    Representation,
    Scope,
    YoungAdults,
)
from transforms.summarise_bias import metrics
from transforms.summarise_bias.associations import associated_pairs
from transforms.summarise_bias.cells import (
    Attribute,
    Scoped,
    attributes_in,
    joint_cells,
    marginal_cells,
)
from transforms.summarise_bias.columns import Clips, clips_of, column_of
from transforms.summarise_bias.config import BiasConfig
from transforms.summarise_bias.confusion import Confusion
from transforms.summarise_bias.disclosure import plan
from transforms.summarise_bias.flags import judge
from transforms.summarise_bias.funnel import compare_attributes
from transforms.summarise_bias.representation import represented
from transforms.summarise_bias.rows import Row, linked
from transforms.summarise_bias.targets import published_splits, published_targets
from transforms.summarise_bias.young_adults import young_adults

VIDEO_STAGES = ("survey",)


@dataclass(frozen=True, slots=True)
class BiasTables:
    """The tables of the report."""

    cells: tuple[BiasCell, ...]
    metrics: tuple[BiasMetric, ...]
    funnel: tuple[FunnelRow, ...]
    representation: tuple[Representation, ...]
    targets: tuple[BalanceTarget, ...]
    splits: tuple[BalanceSplit, ...]
    young_adults: tuple[YoungAdults, ...]


def summarise(
    rows: Sequence[Row],
    stages: Sequence[str],
    config: BiasConfig,
    targets: Mapping[str, Mapping[str, float]],
    confusions: Mapping[str, Confusion],
    balanced: Sequence[BalanceTarget] = (),
    splits: Sequence[BalanceSplit] = (),
) -> BiasTables:
    """Return the tables.

    Args:
        rows: of clips and videos, in any order.
        stages: of clips, in the order in which they are passed; the last two are balancing and writing.
        targets: wanted shares by attribute (empty: all groups equal), as far as balancing has them.
        balanced: what became of targets and quotas, with nothing hidden.
        splits: what they are worth, with nothing hidden.
    """
    rows = sorted(linked(rows), key=lambda row: (row.level, row.row_id))
    names = attributes_in(rows, config.attributes)
    clips = clips_of([row for row in rows if row.level == "clip"], stages)
    videos = clips_of([row for row in rows if row.level == "video"], VIDEO_STAGES)
    attributes = _planned(clips, names, config)
    compared = compare_attributes("video", videos, _planned(videos, names, config), config.min_people)
    compared += compare_attributes("clip", clips, attributes, config.min_people)
    scopes = _scopes(clips)
    weighed = {*targets, *(n for row in balanced if row.kind == "target" for n in row.name.split("|"))}
    telling = {n for n in weighed & set(attributes) if _tells(clips, attributes[n], scopes[-1], config)}
    cells: list[BiasCell] = []
    found: list[BiasMetric] = []
    for scoped in scopes:
        of_scope = _without(attributes, telling, scoped.step) if scoped.weighted else attributes
        cells += _cells(clips, scoped, of_scope, config, confusions)
        found += _metrics(clips, scoped, of_scope, targets, config, may_show_sizes=not telling)
    return BiasTables(
        cells=tuple(cells),
        metrics=tuple(found),
        funnel=tuple(judge(compared, config.alpha, config.min_people)),
        representation=tuple(represented(clips, scopes[2], attributes, telling, config)),
        targets=published_targets(balanced, attributes, clips, config.min_people, telling),
        splits=published_splits(splits, telling),
        young_adults=tuple(young_adults(clips, attributes, config.min_people)),
    )


def _planned(clips: Clips, names: Sequence[str], config: BiasConfig) -> dict[str, Attribute]:
    columns = {name: column_of(clips.rows, name) for name in names}
    return {
        name: Attribute(column, plan(clips.people, column, clips.steps, config.min_people))
        for name, column in columns.items()
    }


def _scopes(clips: Clips) -> list[Scoped]:
    steps = clips.steps
    trained = np.array([split == "train" for split in clips.splits], bool)
    last = len(steps.names) - 1
    scopes: list[tuple[Scope, int]] = [
        ("candidates", 0), ("accepted", steps.accepted), ("selected", steps.selected), ("weighted", last)
    ]  # fmt: skip
    return [
        Scoped(
            scope,
            step,
            np.flatnonzero((steps.codes >= step) & (trained if scope == "weighted" else True)),
            scope == "weighted",
        )
        for scope, step in scopes
    ]


def _tells(clips: Clips, attribute: Attribute, scoped: Scoped, config: BiasConfig) -> bool:
    return bool(config.min_people) and metrics.weights_tell(clips, attribute, scoped.step)


def _without(attributes: Mapping[str, Attribute], names: set[str], step: int) -> dict[str, Attribute]:
    """Return attributes of which some are not shown at a step."""
    found = dict(attributes)
    for name in names:
        shown = attributes[name].shown
        together = tuple(None if i == step else hidden for i, hidden in enumerate(shown.together))
        found[name] = replace(attributes[name], shown=replace(shown, together=together))
    return found


def _cells(
    clips: Clips,
    scoped: Scoped,
    attributes: Mapping[str, Attribute],
    config: BiasConfig,
    confusions: Mapping[str, Confusion],
) -> list[BiasCell]:
    """Return the cells of a scope; intersections of the data set alone.

    At several steps they would follow from each other, as groups do.
    """
    found = [
        cell
        for attribute in attributes.values()
        for cell in marginal_cells(clips, scoped, attribute, confusions)
    ]
    if scoped.scope in ("selected", "weighted"):
        for pair in config.pairs:
            if set(pair) <= set(attributes):
                both = attributes[pair[0]], attributes[pair[1]]
                found += joint_cells(clips, scoped, both, confusions, config.min_people)
    return found


def _metrics(
    clips: Clips,
    scoped: Scoped,
    attributes: Mapping[str, Attribute],
    targets: Mapping[str, Mapping[str, float]],
    config: BiasConfig,
    *,
    may_show_sizes: bool,
) -> list[BiasMetric]:
    found = metrics.size_metrics(clips, scoped, None, may_show_sizes or not scoped.weighted)
    if scoped.scope == "selected":
        for split in sorted(set(compress(clips.splits, clips.steps.is_selected.tolist()))):
            found += metrics.size_metrics(clips, scoped, split, True)
    columns = {name: attribute.column for name, attribute in attributes.items()}
    for name, attribute in attributes.items():
        kind, shares = _wanted(name, columns[name].groups, targets)
        found += metrics.attribute_metrics(clips, scoped, attribute, shares, kind)
    if scoped.scope in ("candidates", "selected"):
        for number, score in enumerate(config.scores):
            values = np.array([row.scores[number] for row in clips.rows], float)
            for attribute in attributes.values():
                found += metrics.score_metrics(clips, scoped, attribute, (score, values), config)
    if scoped.scope == "selected":
        for first, second in associated_pairs(list(attributes), columns, config):
            pair = attributes[first], attributes[second]
            found += metrics.association_metrics(clips, scoped, pair, config)
    return found


def _wanted(
    attribute: str, occurring: Sequence[str], targets: Mapping[str, Mapping[str, float]]
) -> tuple[str, Mapping[str, float]]:
    """Return what an attribute's groups are measured against: the target, else equal shares.

    Equal shares are of all groups that can be, or else of all that occur.
    """
    equal = dict.fromkeys(CATEGORIES.get(attribute) or occurring, 1.0)
    return "target" if attribute in targets else "uniform", targets.get(attribute) or equal
