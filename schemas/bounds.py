"""What numbers in a configuration may be: a setting names its bounds by its type.

A plain `int` or `float` of a setting is finite and not negative, which is right for most of them;
`pipelines.settings` sees to it, and docs/configuration.md shows the bounds of each.
"""

from typing import Annotated

from annotated_types import Ge, Gt, Interval

Share = Annotated[float, Interval(ge=0.0, le=1.0)]
"""A share, a ratio, a chance."""
Positive = Annotated[float, Gt(0.0)]
"""A length or a rate that cannot be zero."""
Factor = Annotated[float, Ge(1.0)]
"""How many times as much."""
Count = Annotated[int, Ge(1)]
"""How many, at least one."""
CountOrNone = Annotated[int, Ge(0)]
"""How many there are, or 0."""
Level = Annotated[int, Interval(ge=0, le=255)]
"""A brightness of 8 bits."""
Signed = Annotated[float, Interval(ge=-1e12, le=1e12)]
"""A score, which may be negative."""
Chance = Annotated[float, Interval(gt=0.0, lt=1.0)]
"""A chance that is neither never nor always."""
FrameRate = Annotated[float, Interval(ge=1.0, le=240.0)]
"""Frames a second: a slide show at one end, what cameras give at the other."""
