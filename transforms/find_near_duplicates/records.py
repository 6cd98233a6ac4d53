"""What the search for copies is told and what it finds."""

from dataclasses import dataclass

from schemas.bounds import Share


@dataclass(frozen=True, kw_only=True, slots=True)
class DuplicateConfig:
    """When a clip counts as a copy of another.

    Sound and picture agree by correlations, -1 to 1, over the time that both show. Their mean must reach
    `min_agreement`, and each `min_each`: takes of one person reach 0.6 in one of them now and then, in
    both never. Bounds lie between the copies and the takes of benchmarks/people_copies.py and were chosen
    with all of them in view.
    """

    enabled: bool = True
    min_agreement: Share = 0.65
    min_each: Share = 0.5
    # The shorter clip must lie in the other by this share.
    min_overlap: Share = 0.5
    # Copies may be played faster or slower by this share; uploads that hide from such searches are.
    max_speed_change: Share = 0.06


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """How a clip is a copy of another: its agreement in sound and picture, -1 to 1.

    A moment t of the copy is `shift_seconds` + `speed` t of the other.
    """

    sound: float
    picture: float
    speed: float
    shift_seconds: float
    mirrored: bool

    @property
    def agreement(self) -> float:
        """How sure it is that this is a copy."""
        return (self.sound + self.picture) / 2
