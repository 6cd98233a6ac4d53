"""Groups of people: which there are, and how much of a value lies in which.

A value lies in one group or, as a range of ages does ('46-60'), in several by the years that it shares with
each. Shares of a value over groups that do not overlap add up to at most 1.
"""

import math
import re
from collections.abc import Mapping
from functools import cache

UNKNOWN = "unknown"  # asked, but nobody could tell
NOT_MEASURED = "not_measured"  # nobody asked
AGE_GROUPS = ("0-12", "13-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+")
# First year of each age group but the first.
AGE_STARTS = (13, 20, 30, 40, 50, 60, 70)
GENDERS = ("feminine", "masculine")
CATEGORIES: dict[str, tuple[str, ...]] = {
    "age_group": AGE_GROUPS,
    "gender": GENDERS,
    "skin_tone": tuple(f"monk_{tone}" for tone in range(1, 11)),
}

Years = tuple[float, float]  # [start, end)
NO_END = math.inf
# A range without an end counts as if it ended here, or ten years on: of all people of 60 and more about half
# are 70 or older (United Nations, World Population Prospects 2022).
_OPEN_END = 80.0


def age_group(years: float) -> str:
    """Return the age group of an age in years."""
    return AGE_GROUPS[sum(years >= bound for bound in AGE_STARTS)]


def age_value(span: Years) -> str:
    """Return what years [start, end) are called: their group, or the range itself if it is in several."""
    start, end = span
    last = start if end == NO_END else end - 1
    inside = age_group(start) if end != NO_END or start >= AGE_STARTS[-1] else None
    if inside is not None and inside == age_group(last):
        return inside
    return f"{start:g}+" if end == NO_END else f"{start:g}-{last:g}"


@cache
def years_of(value: str) -> Years | None:
    """Return the years [start, end) of an age group or range, None if it is none."""
    found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3})|(\+))", value)
    if not found:
        return None
    return int(found[1]), (NO_END if found[3] else int(found[2]) + 1)


def share_in(attribute: str, value: str, group: str) -> float:
    """Return how much of a value of an attribute lies in a group, 0 to 1."""
    if value == group:
        return 1.0
    if attribute == "age_group":
        own, other = years_of(value), years_of(group)
        return 0.0 if own is None or other is None else _overlap(own, other)
    if attribute == "skin_tone":
        return _tones_of(value).get(group, 0.0)
    return 0.0


def _overlap(own: Years, other: Years) -> float:
    start, end = own
    if end == NO_END:
        end = max(_OPEN_END, start + 10)
    return max(0.0, min(end, other[1]) - max(start, other[0])) / max(end - start, 1.0)


@cache
def groups_of(attribute: str, value: str) -> Mapping[str, float]:
    """Return the groups in which a known value lies, with its share in each; itself if it has no others."""
    shares = {g: share_in(attribute, value, g) for g in CATEGORIES.get(attribute, ())}
    found = {group: share for group, share in shares.items() if share > 0}
    return found or {value: 1.0}


@cache
def _tones_of(value: str) -> Mapping[str, float]:
    """Return the tones of a range of the Monk or the Fitzpatrick scale, each with its share.

    A Fitzpatrick type says how skin takes the sun: no measurement tells which Monk tones it has, so its types
    are groups of their own.
    """
    found = re.fullmatch(r"(monk|fitzpatrick)_(\d{1,2})-(\d{1,2})", value)
    if not found:
        return {}
    numbers = range(int(found[2]), int(found[3]) + 1)
    return {f"{found[1]}_{number}": 1.0 / len(numbers) for number in numbers}
