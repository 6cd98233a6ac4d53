"""Settings of balancing: caps, quotas, and the margins that the data set should have."""

from dataclasses import dataclass, field
from typing import Literal

from schemas.bounds import Count, Factor, Positive
from schemas.outcomes import BadInputError

STAGE = "balance"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Which share each group of an attribute should have; several attributes make a joint target.

    `shares` maps a value (joint: values joined by '|', in the order of `attributes`) to its share;
    they are scaled to add up to 1. Without it all values that occur get the same share. Clips whose
    value is unknown, or not among the shares, are outside the target and keep an average weight.
    """

    attributes: tuple[str, ...]
    shares: dict[str, Positive] = field(default_factory=dict)

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

    What is above a maximum is rejected; a minimum that is not reached is reported as infeasible.
    """

    where: dict[str, str]
    max_clips: Count | None = None
    max_seconds: Positive | None = None
    min_clips: int | None = None
    min_seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuse a quota on nothing."""
        if not self.where:
            raise BadInputError("balance.quotas: say which group, e.g. where: {gender: feminine}")

    @property
    def name(self) -> str:
        """The group, as one word."""
        return "|".join(f"{name}={value}" for name, value in self.where.items())


@dataclass(frozen=True, kw_only=True, slots=True)
class BalanceConfig:
    """Who may be in the data set how much, and what it should add up to.

    Caps and quotas come first, in this order: person, source, quotas. Then, with `method: subsample`,
    the largest set of clips that meets the targets is chosen; with `weight` all are kept. At last
    sampling weights are raked to the targets, none above `max_weight` times the average: beyond about
    5 a few clips dominate an epoch (Kish's design effect grows with the square). `unit` says whether
    shares are of clips or of seconds.
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
    salt: str = ""

    def __post_init__(self) -> None:
        """Refuse a bound below the average."""
        if not self.max_weight >= 1:
            raise BadInputError("balance.max_weight is relative to the average weight: 1 or more")
