"""Which names of one result stand for which of another: made-up names may differ, what they stand for not."""

from collections import Counter
from collections.abc import Iterable


def matched_names(pairs: Iterable[tuple[str | None, str | None]]) -> dict[str, str]:
    """Return by name of the first result that of the second: those with the most things in common first.

    Args:
        pairs: of each thing that is in both results its name in the first and in the second; None where it
            has none.
    """
    common = Counter((one, other) for one, other in pairs if one and other)
    matched: dict[str, str] = {}
    taken: set[str] = set()
    for (one, other), _ in sorted(common.items(), key=lambda item: (-item[1], item[0])):
        if one not in matched and other not in taken:
            matched[one] = other
            taken.add(other)
    return matched
