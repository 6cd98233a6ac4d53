"""Days as people declare them and as files keep them: YYYY-MM-DD, in UTC."""

import datetime
import re

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day_of(text: str) -> datetime.date | None:
    """Return the day that ISO 8601's extended calendar format names; None for anything else.

    Other forms of that standard (20260131, 2026-W05-6, times of day) are left out: tables write none of them
    on purpose, and a number of eight digits may be anything.
    """
    if not _DAY.fullmatch(text):
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def utc_today() -> datetime.date:
    """Return the day it is in UTC, the same one on every machine. For the edges of a program alone."""
    return datetime.datetime.now(datetime.UTC).date()
