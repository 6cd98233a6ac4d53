"""Summarise bias: who is in the data, who is lost at which filter, what balancing changed.

Clips, rejections, failures and videos come in; rows of the tables bias_cells, bias_metrics and funnel
go out, and what became of targets, without what would tell about few people (schemas.bias). What the
numbers need of a clip (some hundred bytes) is gathered on one worker.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsList
from apache_beam.typehints.decorators import no_annotations

from schemas.bias import BalanceSplit, BalanceTarget
from schemas.outcomes import Failure, Rejection
from schemas.records.clip import Clip
from schemas.records.video import Video
from transforms.summarise_bias.config import STAGE, BiasConfig, Population
from transforms.summarise_bias.confusion import shipped_confusion
from transforms.summarise_bias.rows import Row, clip_row, ended, video_row
from transforms.summarise_bias.summary import BiasTables, summarise

__all__ = ["STAGE", "BiasConfig", "BiasTables", "Population", "SummariseBias", "summarise"]

EMBEDDED_CONFUSION = Path(__file__).parents[1] / "data" / "attribute_confusion.json"


class SummariseBias(beam.PTransform):
    """A dict of PCollections in, of four kinds of records and two tables of balancing; rows of tables out.

    Args:
        stages: of clips, in the order in which they are passed; the last two are balancing and writing.
        targets: wanted shares by attribute, empty for equal ones.
    """

    TABLES = (
        *("bias_cells", "bias_metrics", "funnel", "representation", "balance_targets", "balance_splits"),
        "young_adults",
    )

    def __init__(
        self, config: BiasConfig, stages: Sequence[str], targets: Mapping[str, Mapping[str, float]]
    ) -> None:
        super().__init__("SummariseBias")
        self._config, self._stages, self._targets = config, stages, targets

    @no_annotations  # Beam warns of types of several inputs
    def expand(self, pcolls: Mapping[str, beam.PCollection[Any]]) -> dict[str, beam.PCollection[Any]]:
        """Return the PCollections of rows by table."""
        levels = ("clips", "rejections", "failures", "videos")
        ends = {name: pcolls[name] | f"Key_{name}" >> beam.FlatMap(_keyed) for name in levels}
        by_clip = {name: ends[name] for name in ("clips", "rejections", "failures")}
        clips = by_clip | "ByClip" >> beam.CoGroupByKey() | beam.FlatMap(_clip_rows, self._config.scores)
        lost = pcolls["rejections"] | "Lost" >> beam.FlatMap(_lost_in_video)
        cut = pcolls["clips"] | "Cut" >> beam.Map(lambda clip: (clip.video_id, 1))
        by_video = {"videos": ends["videos"], "lost": lost, "cut": cut}
        videos = by_video | "ByVideo" >> beam.CoGroupByKey() | beam.FlatMap(_video_rows)
        rows = (clips, videos) | "Rows" >> beam.Flatten() | beam.combiners.ToList()
        targets = AsList(pcolls["balance_targets"])
        tables = rows | "Summarise" >> beam.Map(self._summarise, targets, AsList(pcolls["balance_splits"]))
        return {
            "bias_cells": tables | "Cells" >> beam.FlatMap(lambda t: t.cells),
            "bias_metrics": tables | "Metrics" >> beam.FlatMap(lambda t: t.metrics),
            "funnel": tables | "Funnel" >> beam.FlatMap(lambda t: t.funnel),
            "representation": tables | "Representation" >> beam.FlatMap(lambda t: t.representation),
            "balance_targets": tables | "Targets" >> beam.FlatMap(lambda t: t.targets),
            "balance_splits": tables | "Splits" >> beam.FlatMap(lambda t: t.splits),
            "young_adults": tables | "Young" >> beam.FlatMap(lambda t: t.young_adults),
        }

    def _summarise(
        self, rows: Sequence[Row], balanced: Sequence[BalanceTarget], splits: Sequence[BalanceSplit]
    ) -> BiasTables:
        confusions = shipped_confusion(self._config.confusion, EMBEDDED_CONFUSION)
        return summarise(rows, self._stages, self._config, self._targets, confusions, balanced, splits)


def _keyed(record: Clip | Rejection | Failure | Video) -> Iterator[tuple[str, Any]]:
    """Yield a record with the id of the clip or video it belongs to; outcomes of other levels are left."""
    if isinstance(record, Clip):
        yield record.clip_id, record
    elif isinstance(record, Video):
        yield record.video_id, record
    elif record.level == "clip":
        yield record.subject_id, record


def _lost_in_video(rejection: Rejection) -> Iterator[tuple[str, Rejection]]:
    if rejection.level == "span" and rejection.video_id is not None:
        yield rejection.video_id, rejection


def _clip_rows(grouped: tuple[str, Mapping[str, Any]], scores: Sequence[str]) -> Iterator[Row]:
    found = grouped[1]
    for clip in found["clips"]:
        yield ended(clip_row(clip, scores), found["rejections"], found["failures"])


def _video_rows(grouped: tuple[str, Mapping[str, Any]]) -> Iterator[Row]:
    found = grouped[1]
    for video in found["videos"]:
        yield video_row(video, len(list(found["cut"])), found["lost"])
