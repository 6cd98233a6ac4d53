"""Connected components over a collection, by rounds of messages between ids."""

from typing import Any

import apache_beam as beam

from transforms import cluster_identities as ci

# People are in two or three blocks, which three rounds settle (100,000 faces: 4 with the last pair). What
# is left, if anything, is settled in one place, so the number is one of speed, not of correctness: a chain
# of n groups takes about 4 log n rounds.
ROUNDS = 4


class Components(beam.PTransform):
    """Messages of `ci.tie` in; for each tied id what it has been told after the rounds.

    Ask `ci.label_of` for the smallest id, and `Settle` for those that the rounds did not reach.
    """

    def expand(self, pcoll: Any) -> Any:
        """Return the PCollection of messages."""
        for number in range(1, ROUNDS + 1):
            pcoll = (
                pcoll
                | f"Tell_{number}" >> beam.GroupByKey()
                | f"PassOn_{number}" >> beam.FlatMapTuple(ci.pass_on)
            )
        return pcoll


class Settle(beam.PTransform):
    """Pairs of ids that rounds left (`ci.unsettled`) in; one dict with the labels of these ids out.

    There are none as a rule, so the one place that gathers them holds next to nothing.
    """

    def expand(self, pcoll: Any) -> Any:
        """Return the PCollection of one dict, to be a side input."""
        return pcoll | "Left" >> beam.combiners.ToList() | "Components" >> beam.Map(ci.components)
