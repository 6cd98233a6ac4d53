"""Settings of balancing: caps, quotas, and the margins that the data set should have."""

from dataclasses import dataclass, field
from typing import Literal

from schemas.bounds import Count, Factor, Positive, Share
from schemas.outcomes import BadInputError

STAGE = "balance"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Which share each group of an attribute should have; several attributes make a joint target.

    `shares` maps a value (joint: values joined by '|', in the order of `attributes`) to its share;
    they are scaled to add up to 1. Without it all values that occur get the same share. A range of ages
    counts in each group by the years that lie in it. All groups that are not named, and clips whose value is
    unknown, keep together the share that they have; with `others: drop` clips of groups that are not named
    are rejected.
    """

    attributes: tuple[str, ...]
    shares: dict[str, Positive] = field(default_factory=dict)
    others: Literal["keep", "drop"] = "keep"

    def __post_init__(self) -> None:
        """Refuse what cannot be a target."""
        if not self.attributes:
            raise BadInputError("balance.targets: a target needs attributes")
        if any(not share > 0 for share in self.shares.values()):
            raise BadInputError(
                f"balance.targets {self.name}: shares are positive; leave out what is unwanted"
            )

    @property
    def name(self) -> str:
        """The attributes, as one word."""
        return "|".join(self.attributes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """Bounds on how much there is of one group, named by the values it has.

    What is above a maximum is rejected; a minimum that is not reached is reported as infeasible. A range of
    ages counts by the years that lie in the group.
    """

    where: dict[str, str]
    # 0 takes the whole group.
    max_clips: int | None = None
    max_seconds: float | None = None
    min_clips: int | None = None
    min_seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuse a quota on nothing."""
        if not self.where:
            raise BadInputError("balance.quotas: say which group, e.g. where: {gender: feminine}")
        bounds = (self.max_clips, self.max_seconds, self.min_clips, self.min_seconds)
        if any(bound is not None and not bound >= 0 for bound in bounds):
            raise BadInputError(f"balance.quotas {self.name}: bounds are 0 or more")

    @property
    def name(self) -> str:
        """The group, as one word."""
        return "|".join(f"{name}={value}" for name, value in self.where.items())


@dataclass(frozen=True, kw_only=True, slots=True)
class BalanceConfig:
    """Who may be in the data set how much, and what it should add up to.

    What a target drops goes first, then what is above caps and quotas, in this order: person, source,
    quotas. Then, with `method: subsample`, the largest set of clips that meets the targets is chosen in each
    split; with `weight` all are kept. At last each split's sampling weights are raked to the targets, none
    above `max_weight` times the average: beyond about 5 a few clips dominate an epoch (Kish's design effect
    grows with the square). None is below `min_weight` times the average: a tenth of it is still drawn in
    every tenth epoch, and nobody who was kept is left out in silence. `unit` says whether shares are of clips
    or of seconds. Of a group that a split draws less often than `warn_below`, or a tenth of an equal share if
    that is less, the report warns.
    """

    targets: tuple[Target, ...] = ()
    quotas: tuple[Quota, ...] = ()
    max_clips_per_person: Count | None = None
    max_seconds_per_person: Positive | None = None
    max_clips_per_source: Count | None = None
    max_seconds_per_source: Positive | None = None
    method: Literal["weight", "subsample"] = "weight"
    unit: Literal["clips", "seconds"] = "clips"
    max_weight: Factor = 5.0
    min_weight: Positive = 0.1
    warn_below: Share = 0.01
    salt: str = ""

    def __post_init__(self) -> None:
        """Refuse bounds on the wrong side of the average."""
        if not self.max_weight >= 1:
            raise BadInputError("balance.max_weight is relative to the average weight: 1 or more")
        if not 0 < self.min_weight <= 1:
            raise BadInputError(
                "balance.min_weight is relative to the average weight: above 0, 1 at most; "
                "to leave a group out, drop it by name (others: drop, or a quota of 0)"
            )
        if not 0 <= self.warn_below < 1:
            raise BadInputError("balance.warn_below is a share: 0 or more, below 1")
        names = [target.name for target in self.targets]
        if len(set(names)) < len(names):
            raise BadInputError("balance.targets: two targets are of the same attributes; make them one")
