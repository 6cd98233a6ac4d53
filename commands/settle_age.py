"""Is this person an adult? Nobody who may be under age is made to move unless somebody answers for it."""

from pathlib import Path

from rich.console import Console

from backends.select import attribute_estimator
from pipelines.photo import Reference
from schemas.adults import ADULT_YEARS
from schemas.outcomes import BadInputError
from transforms.collect_faces import CollectConfig, cut_view
from transforms.find_minors import MinorConfig, may_be_minor


def settle_age(
    path: Path, reference: Reference, adult: bool, guardian: str | None, console: Console
) -> float:
    """Return how many years old the person of a picture or video looks, to a tenth.

    Args:
        path: of the picture, for the error.
        adult: whether they are declared to be an adult, which counts before what they look like.
        guardian: who agreed for a child, None if nobody did.

    Raises:
        BadInputError: if they may be under age, as `transforms.find_minors` says, and neither is so.
    """
    years = perceived_years(reference)
    if adult or guardian:
        if adult and years < ADULT_YEARS:
            console.out(f"note: declared an adult, the person looks {years:.0f} years old", highlight=False)
        return years
    config = MinorConfig()
    if may_be_minor(years, config):
        raise BadInputError(
            f"{path}: the person looks {years:.0f} years old and may be under {ADULT_YEARS:.0f}, as whoever "
            f"looks younger than {ADULT_YEARS + config.margin_years:.0f}: nothing is made of them. Of an "
            "adult say so: `adult: true` in the file of --consent, or --person-is-adult; for a child a "
            "guardian must agree, whom the file names (`guardian`)"
        )
    return years


def perceived_years(reference: Reference) -> float:
    """Return how many years old the person of a picture looks, to a tenth."""
    view = cut_view(reference.picture, reference.face_points, CollectConfig())
    return round(attribute_estimator("faceres").estimate([view])[0].age_years, 1)
