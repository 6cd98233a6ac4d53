"""Gathers, while a pipeline is built, what goes to which table and what adds up to which stage."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import apache_beam as beam

from pipelines.steps import RunStep, Step, summary
from schemas.outcomes import Failure
from schemas.records.clip import Clip
from transforms.estimate_attributes import complete_attributes

# What the chain writes itself; the tables of the bias report are made from these.
TABLES = ("videos", "shots", "face_tracks", "clips", "rejections", "failures", "unused_declarations")


class Ledger:
    """Where records and summaries go; `merged` brings each kind together at the end."""

    def __init__(self) -> None:
        self._tables: dict[str, list[Any]] = {name: [] for name in TABLES}
        self._summaries: list[Any] = []

    def add(self, table: str, records: Any) -> None:
        """Let records go to a table."""
        self._tables[table].append(records)

    def count(self, summaries: Any) -> None:
        """Let keyed summaries be added up."""
        self._summaries.append(summaries)

    def run(self, elements: Any, step: Step, tally: Any, of: str = "", judge: Any = None) -> Any:
        """Run a step; its rejections and failures go to the tables, its costs to the summaries.

        `of` tells the elements from others that the same step sees; `judge` turns results into those that
        count, by settings that the step does not read.
        """
        name = f"{step.name}{of}"
        results, failures, failed = elements | name >> RunStep(step)
        results = results if judge is None else judge(results)
        if step.level == "clip":
            self.add("clips", failed | f"Failed_{name}" >> beam.Map(lambda t: ended(t.clip, "failed")))
        self.add("rejections", results | f"Rejections_{name}" >> beam.FlatMap(lambda r: r.rejections))
        self.add("failures", failures)
        self.count(failures | f"CountFailures_{name}" >> beam.Map(failure_summary))
        if tally is not None:
            self.count(results | f"CountResults_{name}" >> beam.Map(tally, step.name, step.level))
        return results

    def merged(self) -> dict[str, Any]:
        """Return one PCollection a table, and the summaries as `summaries`."""
        parts: dict[str, Sequence[Any]] = {**self._tables, "summaries": self._summaries}
        return {name: pcolls | f"Merge_{name}" >> beam.Flatten() for name, pcolls in parts.items() if pcolls}


def ended(clip: Clip, status: Any) -> Clip:
    """Return a clip that ended (accepted, rejected or failed) with all attributes that can be told."""
    return dataclasses.replace(complete_attributes(clip), status=status)


def failure_summary(failure: Failure) -> Any:
    """Return a failure's part in its stage's summary."""
    return summary(failure.stage, failure.level, num_failed=1)
