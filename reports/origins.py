"""Where a sample lies, where it comes from, and with what it was made, in plain words."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.fates import time_of, wrapped
from reports.formats import count, number, printable, prose
from schemas.run import StageRecipe

_SHOWN_DIGITS = 12


def origin_lines(lineage: Mapping[str, Any] | None, recipes: Sequence[StageRecipe]) -> list[str]:
    """Return lines about a sample: its place in a shard, its span of the source, the stages' recipes.

    Args:
        lineage: its row of the table; None for a clip that is no sample, of which recipes are told alone.
        recipes: the run's (`RunSummary.recipes`).
    """
    lines = (
        [] if lineage is None else ["", *wrapped("Where it lies and where it comes from"), *_place(lineage)]
    )
    if recipes:
        lines += ["", *wrapped("With what the stages worked (run.json has all digits)")]
        lines += [line for recipe in recipes for line in wrapped(_recipe(recipe), 2)]
    return lines


def _place(row: Mapping[str, Any]) -> list[str]:
    end = row["sample_offset"] + row["sample_bytes"]
    shift = row["sound_shift_seconds"]
    sound = (
        "" if not shift else f"; its sound from {number(abs(shift))} s {'later' if shift > 0 else 'earlier'}"
    )
    piece = row["piece_of_clip_id"]
    part = (
        "" if piece is None else f"; a piece of clip {printable(piece, 40)}, which was divided at a jump cut"
    )
    return [
        *wrapped(
            f"shards/{printable(row['shard'], 60)}, bytes {count(row['sample_offset'])} to {count(end)}", 2
        ),
        *wrapped(
            f"{prose(row['source_name'])} (SHA-256 {printable(row['video_id'], 40)}...), {time_of(row)}, "
            f"{row['num_frames']} frames at {number(row['fps'])} a second{sound}",
            2,
        ),
        *wrapped(f"shot {row['shot_id']}, face track {row['track_id']}{part}", 2),
    ]


def _recipe(recipe: StageRecipe) -> str:
    told = [f"code {recipe.code_version}"]
    if recipe.sections:
        told.append(f"settings {recipe.settings_sha256[:_SHOWN_DIGITS]} of {', '.join(recipe.sections)}")
    told += [f"{job}: {_short(made)}" for job, made in sorted(recipe.models.items())]
    return f"{printable(recipe.stage, 40)}: {'; '.join(told)}"


def _short(made: str) -> str:
    """Return who did a job with hashes cut short."""
    words = [w[:_SHOWN_DIGITS] if len(w) == 64 else w for w in made.replace(";", " and ").split()]
    return printable(" ".join(word for word in words if word != "None"), 300)
