"""Does the person of a picture look like a child?"""

from backends.select import attribute_estimator
from pipelines.photo import Reference
from transforms.collect_faces import CollectConfig, cut_view

_ADULT_YEARS = 18
# Faces of people of 13 to 29 are taken for five years older or younger on average (docs/people.md), so that
# far above 18 an estimate does not say that somebody is an adult.
_ERROR_YEARS = 5


def age_warning(reference: Reference) -> str | None:
    """Return a warning if the person of a picture may be a child; None is no proof of the contrary."""
    view = cut_view(reference.picture, reference.face_points, CollectConfig())
    years = attribute_estimator("faceres").estimate([view])[0].age_years
    if years >= _ADULT_YEARS + _ERROR_YEARS:
        return None
    return (
        f"the person looks {years:.0f} years old (give or take {_ERROR_YEARS}), perhaps a child: "
        "a child's guardian must agree, and laws on pictures of children are stricter"
    )
