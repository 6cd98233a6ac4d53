"""The clips that a video model learnt from, as its file lists them.

On people whom it knows, a network says nothing about others; so the list goes where the network goes.
"""

from collections.abc import Iterable

# 24 bytes each: a file's header stays small.
_MOST_LISTED = 20_000

# By `veiled_key`, in order; None where it is not known.
LearntFrom = tuple[str, ...] | None


def together(*lists: Iterable[str] | None) -> LearntFrom:
    """Return what a model learnt from that learnt from all of some lists; None if they are too many."""
    known = set[str]()
    for clips in lists:
        if clips is None:
            return None
        known.update(clips)
    return tuple(sorted(known)) if len(known) <= _MOST_LISTED else None


def as_listed(value: object) -> LearntFrom:
    """Return a file's list.

    Raises:
        TypeError: if it is none.
    """
    if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
        raise TypeError("learnt_from is no list of clips")
    return None if value is None else tuple(value)
