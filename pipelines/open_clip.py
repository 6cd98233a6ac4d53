"""A clip of a finished run for whoever draws, exports or learns from it: only if it may still be used.

Consents end and sources are withdrawn after a run. Its tables keep what they said; nothing is made of the
clip any more, by the same days as in loaders (`schemas.terms`) and by the same list (`schemas.exclusions`).
"""

import datetime
from collections.abc import Collection, Mapping
from typing import Any

from pipelines.results import Result
from pipelines.run_folder import RunFolder
from pipelines.stored_clip import ClipMedia, StoredClip, find_clip, read_media
from schemas.exclusions import veiled_key
from schemas.outcomes import BadInputError
from schemas.terms import last_day, no_longer

_ENDS = ("source_terms_expires_on", "source_terms_withdrawn_on")


def open_clip(folder: RunFolder, key: str, today: datetime.date) -> tuple[StoredClip, ClipMedia]:
    """Return the clip of a finished run with this key, or the only one that begins with it, and its parts.

    Raises:
        BadInputError: if there is no finished run or no such clip, it may not be used on that day, or its
            parts are gone or damaged.
    """
    result = folder.finished()
    clip = usable_clip(folder, result, key, today)
    return clip, read_media(folder.places(result), clip)


def usable_clip(folder: RunFolder, result: Result, key: str, today: datetime.date) -> StoredClip:
    """Return the clip with this key, or the only one whose key begins with it, if it may be used on a day.

    Raises:
        BadInputError: if none or several clips fit, its consent holds no more, or it is withdrawn or erased.
    """
    clip = find_clip(result, key)
    excluded = folder.exclusions.read()
    why = _why_not(clip, excluded, today)
    if why is None:
        return clip
    gone, total = _count(result, excluded, today, [name for name in _ENDS if name in clip.row])
    raise BadInputError(
        f"{clip.key}: {why}, so nothing is made of it. That is so of {gone:,} of the {total:,} clips of this "
        "run: `package` makes shards without them, `curate` deletes what was made of them"
    )


def _why_not(clip: StoredClip, excluded: Collection[str], today: datetime.date) -> str | None:
    if veiled_key(clip.key) in excluded:
        return "it was withdrawn or erased (exclusions.json)"
    ends = _ends_of(clip.row)
    reason = no_longer(*ends, today)
    return None if reason is None else f"its consent held until {last_day(*ends)} ({reason})"


def _ends_of(row: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return until when a consent holds and when it was withdrawn; tables of earlier versions do not say."""
    return row.get(_ENDS[0]), row.get(_ENDS[1])


def _count(
    result: Result, excluded: Collection[str], today: datetime.date, there: list[str]
) -> tuple[int, int]:
    """Return how many clips of a result may not be used, and how many there are.

    Args:
        there: which columns of the ends of consents its table of clips has.
    """
    rows = result.read_table("clips", ["clip_id", *there]).to_pylist()
    gone = [
        veiled_key(row["clip_id"]) in excluded or no_longer(*_ends_of(row), today) is not None for row in rows
    ]
    return sum(gone), len(rows)
