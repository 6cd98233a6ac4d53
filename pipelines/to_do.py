"""What a run has to do that its folder's last result has not: new sources, and stages that were changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.recipes import recipes_of
from pipelines.results import Result
from pipelines.stages import VISITS, VisitSections
from schemas.outcomes import BadInputError
from schemas.records.source import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class ToDo:
    """How many sources there are, how many of them are new, and which visits are done again for the others.

    A source is new if the last result knows no readable video of its name. `is_known` tells whether there is
    such a result at all.
    """

    num_sources: int
    num_new: int
    redone: tuple[str, ...]
    is_known: bool = True

    def share(self, stage: str) -> float:
        """Return for which share of the sources a stage works; stages that leave no artefacts do for all."""
        if not self.num_sources or stage in self.redone or stage not in VISITS:
            return 1.0
        return self.num_new / self.num_sources


def to_do(last: Result | None, sources: Sequence[Source], config: VisitSections) -> ToDo:
    """Return what a run of these sources has to do that the last result has not.

    What depends on scores is not foretold: a rule that lets more clips pass brings later stages more to do.

    Raises:
        BadInputError: if a model is not there or not the pinned one.
    """
    number = len(sources)
    try:
        before = {} if last is None else {r.stage: r.recipe for r in last.read_summary().recipes}
        parts = [] if last is None else [*last.table_parts("videos", ["source_name"])]
    except BadInputError:  # of another version: nothing of it is used
        last, before, parts = None, {}, []
    if last is None:
        return ToDo(num_sources=number, num_new=number, redone=(), is_known=False)
    known = {name for part in parts for name in part["source_name"].to_pylist()}
    now = recipes_of(config)
    redone: list[str] = []
    for stage, visit in VISITS.items():
        if before.get(stage) != now[stage] or not set(visit.inputs).isdisjoint(redone):
            redone.append(stage)
    num_new = sum(source.name not in known for source in sources)
    return ToDo(num_sources=number, num_new=num_new, redone=tuple(redone))
