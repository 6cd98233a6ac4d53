"""What the rule about age costs young adults, group by group.

Young adults are people of 18 to 29, as declared, or as perceived where nothing is declared. Groups are those
of the funnel at that rule. A group is shown if neither its young adults nor its others are few: whoever knows
a group's total from the funnel would know the others too. Where only one group of an attribute would be
hidden, which would follow from the others, the smallest other one is hidden with it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from schemas.bias import YoungAdults
from transforms.summarise_bias.cells import Attribute
from transforms.summarise_bias.clusters import group_rate
from transforms.summarise_bias.columns import Bools, Clips, num_people
from transforms.summarise_bias.funnel import Arrivals, arrivals_of, shown_groups

RULE = "may_be_minor"
ALL = "all"
# Ages tell nothing of groups of young adults: they are what the rule looks at.
_NOT_ASKED = "age_group"


def young_adults(clips: Clips, attributes: Mapping[str, Attribute], min_people: int) -> list[YoungAdults]:
    """Return a row for all young adults and one for each group; none if the rule turned nobody down."""
    found = next((a for a in arrivals_of(clips) if a.filter == RULE), None)
    if found is None:
        return []
    young = clips.young[found.index]
    everybody = _row(ALL, ALL, found, young, young | ~young, min_people)
    rows = [everybody]
    for name, attribute in attributes.items():
        if name != _NOT_ASKED:
            groups = shown_groups(found, attribute)
            together = [_row(name, value, found, young, member, min_people) for value, member in groups]
            rows += _hide_more([row for row in together if row is not None], everybody)
    return [row for row in rows if row is not None]


def _row(
    attribute: str, value: str, found: Arrivals, young: Bools, member: Bools, min_people: int
) -> YoungAdults | None:
    """Return a group's row, without numbers where these tell of few people; None without young adults."""
    own = young & member
    if not own.any():
        return None
    blank = YoungAdults(
        attribute=attribute, value=value, num_people=None, num_clips=None, num_lost=None, rate=None,
        rate_low=None, rate_high=None, suppressed=True,
    )  # fmt: skip
    parts = [mask for there in (own, member & ~young) for mask in (there, there & ~found.ended)]
    if any(0 < num_people(found.people[mask]) < min_people for mask in parts):
        return blank
    rate = group_rate(found.people[own], found.dropped[own])
    return replace(
        blank, num_people=rate.num_people, num_clips=int(own.sum()), num_lost=int(found.dropped[own].sum()),
        rate=rate.value, rate_low=rate.low, rate_high=rate.high, suppressed=False,
    )  # fmt: skip


def _hide_more(rows: Sequence[YoungAdults], everybody: YoungAdults | None) -> Iterator[YoungAdults]:
    """Yield an attribute's rows; where one alone is hidden, the smallest other one is hidden with it."""
    shown = [row for row in rows if not row.suppressed]
    alone = len(rows) - len(shown) == 1 and everybody is not None and not everybody.suppressed
    smallest = min(shown, key=lambda row: (row.num_people or 0, row.value), default=None) if alone else None
    for row in rows:
        yield _hidden(row) if row is smallest else row


def _hidden(row: YoungAdults) -> YoungAdults:
    return replace(
        row, num_people=None, num_clips=None, num_lost=None, rate=None, rate_low=None, rate_high=None,
        suppressed=True,
    )  # fmt: skip
