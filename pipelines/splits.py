"""Splits of all clips of a collection: everybody's by a hash, but for those who must be trained on."""

from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsDict

from transforms.assign_split import SplitConfig, assign_split, kept_in_train


class AssignSplits(beam.PTransform):
    """Clips in; the clips with their splits out."""

    def __init__(self, config: SplitConfig) -> None:
        super().__init__("AssignSplits")
        self._config = config

    def expand(self, pcoll: Any) -> Any:
        """Return the PCollection of clips."""
        if not self._config.keep_in_train:
            return pcoll | "Assign" >> beam.Map(assign_split, self._config)
        named = pcoll | "KeptInTrain" >> beam.FlatMap(kept_in_train, self._config) | beam.Distinct()
        kept = AsDict(named | "Keyed" >> beam.Map(lambda group: (group, True)))
        return pcoll | "Assign" >> beam.Map(assign_split, self._config, kept)
