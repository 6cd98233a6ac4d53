"""Rows of the bias report: who is in the data, who is lost at which filter, what balancing did.

Every table has a fixed schema derived from these records (schemas.tables), with its version in the
metadata. `scope` says of which clips a row speaks: `candidates` (all that were cut), `accepted` (left
by the filters), `selected` (left by balancing), `weighted` (those of train, drawn by their sampling weights).
Groups too small to be shown are suppressed, their numbers null, and counted together in a row whose value
is `small_groups`.
"""

from dataclasses import dataclass
from typing import Literal

# The value of the row in which groups are counted together that are too small to be shown.
TOGETHER = "small_groups"
Scope = Literal["candidates", "accepted", "selected", "weighted"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BiasCell:
    """How much there is of one group, or of one combination of two attributes' groups.

    A marginal cell has no `attribute_2`. `num_people` counts identities, or declared speakers, or
    videos where nothing better is known. `raw` is the number of clips as labelled (in scope
    `weighted` the sum of weights); `adjusted` corrects estimated labels for the estimator's measured
    confusion, with a 95 % interval; null where the confusion was not measured. `share` is `raw` over
    the clips with a known value; `value` 'unknown' means that nobody could tell, 'not_measured' that
    nobody asked.
    """

    scope: Scope
    attribute: str
    value: str
    attribute_2: str | None
    value_2: str | None
    num_clips: int | None
    num_seconds: float | None
    num_people: int | None
    num_declared: int | None
    raw: float | None
    share: float | None
    adjusted: float | None
    adjusted_low: float | None
    adjusted_high: float | None
    suppressed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class BiasMetric:
    """One number about a scope: of an attribute, a pair, an attribute and a score, or all clips.

    `metric`: num_groups, evenness, hill_1, hill_2, kl_divergence, js_divergence, total_variation (all
    against the target, `other` says which), cramers_v (with attribute or score `other`), mean_score (of
    score `other` in group `value`), effective_sample_size (clips of equal weight worth as much),
    effective_people (likewise), design_effect; the last three of all clips, or with attribute `split` and a
    split as value. `low` and `high` are a 95 % interval with people as units, of cramers_v and mean_score.
    """

    scope: Scope
    metric: str
    attribute: str | None
    value: str | None
    other: str | None
    result: float | None
    low: float | None
    high: float | None
    num_clips: int | None
    num_people: int | None
    suppressed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class FunnelRow:
    """What one filter does to one group, compared with everybody else whose group is known.

    `level` is what is counted: clips, or whole videos of which no clip came. `num_in` reached the
    filter, `num_dropped` were turned down by it, alone or with others of its stage. Intervals are of 95 %
    and, like `p_value`, allow for clips of one person not being independent. `p_adjusted` is Holm's, over all
    tests of the run. `flagged`: the group loses more than the others, at the level of the run's
    configuration; if that is so only because many of it are in another flagged group as well,
    `explained_by` names that one and the group itself is not flagged. A suppressed group
    with `test` `people_left` is one of which fewer people are left after the stage than may be shown. `basis`
    says which labels could be used: `declared` where those who were turned down had not been estimated yet.
    """

    level: Literal["clip", "video"]
    stage: str
    filter: str
    attribute: str
    value: str
    basis: Literal["declared", "all"]
    num_in: int | None
    num_dropped: int | None
    num_people: int | None
    rate: float | None
    rate_low: float | None
    rate_high: float | None
    rest_rate: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    test: str | None
    p_value: float | None
    p_adjusted: float | None
    flagged: bool
    explained_by: str | None
    suppressed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Representation:
    """How well a group is represented in the data set, or in a part of it, beside a reference group.

    `by` says what the parts are, `part` which it is. `unit`: clips, people (each once), hours, or clips as
    drawn by their weights. `share` is of what is known in the part; `population` is the group's share in the
    population that the configuration gives, from `source`. `represented` is share over population, 1 where
    both agree. `ratio` and `difference` compare the group with the `reference` group: its `represented`, or
    where there is no population its share. Intervals are of 95 % with people as units.
    """

    by: Literal["all", "split", "licence", "consent"]
    part: str
    attribute: str
    value: str
    unit: Literal["clips", "people", "hours", "drawn"]
    amount: float
    share: float
    share_low: float
    share_high: float
    num_people: int
    population: float | None
    source: str | None
    represented: float | None
    reference: str | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class YoungAdults:
    """What the rule `may_be_minor` takes of a group's young adults.

    These are people of 18 to 29, as declared, else as perceived. `attribute` and `value` are `all` in the
    row of all of them. `num_lost` of their `num_clips` clips were turned down; the interval of `rate` is of
    95 % with people as units.
    """

    attribute: str
    value: str
    num_people: int | None
    num_clips: int | None
    num_lost: int | None
    rate: float | None
    rate_low: float | None
    rate_high: float | None
    suppressed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class BalanceTarget:
    """What was asked of one group in one split, and what became of it.

    `kind`: `target` (shares) or `quota` (`wanted` and `achieved` in the quota's unit; of all splits, `split`
    is ''). `asked` is what the configuration says and `wanted` what it was scaled to, which `note` explains.
    `before` is among the clips that came to balancing, `selected` among those kept, `achieved` with sampling
    weights, `without_floor` what that would be if weights could be as small as they like. `others` is the
    share of all that no group of the target has, which it keeps, `others_achieved` what it has. A target is
    `feasible` in a split if every group that it names is drawn as asked; if not, `binding` says what is in
    the way. Numbers that would tell about small groups are null.
    """

    kind: Literal["target", "quota"]
    split: str
    name: str
    value: str
    unit: Literal["clips", "seconds"]
    asked: float | None
    wanted: float
    before: float | None
    selected: float | None
    achieved: float | None
    without_floor: float | None
    others: float | None
    others_achieved: float | None
    feasible: bool
    binding: str | None
    note: str | None
    suppressed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class BalanceSplit:
    """What the clips of a split weigh, and how many equal ones they are worth.

    `effective_clips` and `effective_people` are Kish's effective sample sizes of the clips' weights and of
    the sums of each person's; `design_effect` is clips over effective clips. `num_at_floor` clips weigh no
    more than `balance.min_weight`. `distance` is the largest share by which a target's groups together miss
    what was asked (total variation), `distance_without_floor` the same if weights had no floor. All of these
    are null where they would tell how large a small group is.
    """

    split: str
    num_clips: int
    num_people: int
    num_seconds: float
    effective_clips: float | None
    effective_people: float | None
    design_effect: float | None
    smallest_weight: float | None
    largest_weight: float | None
    num_at_floor: int | None
    distance: float | None
    distance_without_floor: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BalanceWarning:
    """A group that is nearly or wholly missing from what a split draws; without numbers, as it may be small.

    `problem`: `absent` (in the collection, nobody in the split), `near_zero` (hardly ever drawn).
    """

    split: str
    attribute: str
    value: str
    problem: Literal["absent", "near_zero"]
    advice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UnusedDeclaration:
    """A cell of the manifest about a person that could not be used, where it is and why.

    `row` is the place in the manifest, as 'line 3'.
    """

    source_name: str
    row: str | None
    attribute: str
    declared: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredPerceived:
    """How many clips and people are declared to be of one group and perceived as of another, or the same.

    The declaration counts; the estimate is only compared. Small cells are suppressed.
    """

    attribute: str
    declared: str
    perceived: str
    num_clips: int | None
    num_people: int | None
    suppressed: bool
