"""Balance: caps, quotas and targets; gives a selection of clips and sampling weights.

A source's clips, the people in them and their attributes come in; out go clips with a weight, and
Rejections that say which bound a clip is above. What was asked for and cannot be had is named, with
what is in the way.
"""

from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from schemas.outcomes import Rejection
from transforms.balance.candidates import attribute_names, candidate_of
from transforms.balance.config import STAGE, BalanceConfig, Quota, Target
from transforms.balance.plan import BalancePlan, make_plan

__all__ = ["STAGE", "Balance", "BalanceConfig", "BalancePlan", "Quota", "Target", "make_plan"]


class Balance(beam.PTransform):
    """Clips in; selected clips with weights, (clip, Rejection) of the others, and the BalancePlan out.

    What balancing needs of a clip (some hundred bytes) is gathered on one worker, which decides on all.
    """

    def __init__(self, config: BalanceConfig) -> None:
        super().__init__("Balance")
        self._config = config

    def expand(self, pcoll: Any) -> Any:
        """Return the three PCollections."""
        names = attribute_names(self._config)
        rows = pcoll | "Candidates" >> beam.Map(candidate_of, names) | beam.combiners.ToList()
        plan = rows | "Plan" >> beam.Map(make_plan, self._config)
        judged = pcoll | "Judge" >> beam.Map(lambda clip, plan: (clip, plan.judge(clip)), AsSingleton(plan))
        kept = judged | "Selected" >> beam.FlatMapTuple(
            lambda clip, found: [] if isinstance(found, Rejection) else [found]
        )
        gone = judged | "Others" >> beam.Filter(lambda pair: isinstance(pair[1], Rejection))
        return kept, gone, plan
