"""Settings of the bias report."""

from dataclasses import dataclass

from schemas.bounds import Chance
from schemas.outcomes import BadInputError

STAGE = "summarise_bias"


@dataclass(frozen=True, kw_only=True, slots=True)
class Population:
    """Whom the data set is measured against: an attribute's shares in a population, and where they are from.

    Groups are compared with `reference`, or with the one of most people in the data set.
    """

    attribute: str
    shares: dict[str, float]
    source: str
    reference: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no population."""
        name = f"bias.populations {self.attribute}"
        if len(self.shares) < 2 or any(not share > 0 for share in self.shares.values()):
            raise BadInputError(f"{name}: give positive shares of two groups or more")
        if not self.source.strip():
            raise BadInputError(f"{name}: say in `source` where the shares are from")
        if self.reference is not None and self.reference not in self.shares:
            raise BadInputError(f"{name}: the reference {self.reference} is none of {', '.join(self.shares)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class BiasConfig:
    """What the bias report counts and what it keeps to itself.

    `attributes` empty means all that occur; `pairs` are the intersections that are tabulated. No number
    about fewer than `min_people` people is published or follows from others; 0 shows all, for your own eyes.
    Associations need `min_people_associated` people: in a table of two by two groups so many can be expected
    five times each, below which chi-square is not to be trusted (Cochran 1954). `alpha` is the chance of
    flagging any filter in a run in which no filter treats groups differently. `scores` are the measurements
    compared between groups. Every attribute is compared with `associated` others: those that `pairs` names,
    the perceived ones, then those known of most clips; beyond that, pairs would grow with the square of a
    manifest's columns. `confusion` is a file of an estimator's measured confusion (transforms/data has
    the embedded estimator's). `populations` are whom groups are
    measured against. `frames` puts a few pictures of accepted clips on the page.
    """

    attributes: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = (
        ("gender", "age_group"),
        ("gender", "skin_tone"),
        ("age_group", "skin_tone"),
    )
    associated: int = 12
    min_people: int = 5
    min_people_associated: int = 20
    alpha: Chance = 0.05
    scores: tuple[str, ...] = (
        "face_height_px",
        "audio.snr_db",
        "quality.sharpness",
        "quality.face_luma",
        "landmarks.any_hand_ratio",
        "transcript.mean_log_probability",
    )
    confusion: str | None = None
    populations: tuple[Population, ...] = ()
    frames: bool = False
