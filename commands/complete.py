"""The end that every run has: its summary, its report, and its result made the current one."""

import datetime
import json
from collections.abc import Sequence

from rich.console import Console

from commands.print_summary import print_summary
from commands.thumbnails import thumbnails
from pipelines.config import CurateConfig
from pipelines.results import Result
from pipelines.run_folder import Places, RunFolder
from pipelines.summarise import summarise
from reports.run_data import RunData, light_columns, run_data
from reports.summary import render_report
from schemas.layout import PEOPLE_JSON, STAGES_JSON
from schemas.run import IgnoredInput, PeopleSummary, RunSummary, StageSummary
from schemas.tables import TABLES
from transforms.storage import read_bytes


def complete(
    command: str,
    folder: RunFolder,
    places: Places,
    config: CurateConfig,
    console: Console,
    *,
    ignored: Sequence[IgnoredInput],
    wall_seconds: float,
    inputs_hash: str | None,
    today: datetime.date,
    people: PeopleSummary | None = None,
) -> RunSummary:
    """Write run.json and the report of a result whose tables are written, publish it, print the summary.

    Args:
        today: the day on which consents were judged.
        people: what comparing people found; None if this run noted it.
    """
    result = places.result
    stages = [StageSummary(**s) for s in json.loads(read_bytes(places.note(STAGES_JSON)))]
    if people is None:
        people = PeopleSummary(**json.loads(read_bytes(places.note(PEOPLE_JSON))))
    summary = summarise(
        command,
        result,
        config,
        stages,
        people,
        ignored=ignored,
        wall_seconds=wall_seconds,
        inputs_hash=inputs_hash,
        today=today,
    )
    result.write_summary(summary)
    pictures = thumbnails(places, config)
    for name, page in render_report(report_data(result, summary, pictures)).items():
        result.write_page(name, page)
    folder.publish(result)
    print_summary(summary, folder.shown_page("index.html"), console)
    folder.remove_old_results()
    return summary


def report_data(result: Result, summary: RunSummary, pictures: dict[str, bytes]) -> RunData:
    """Return what the report's pages are made of.

    Raises:
        BadInputError: if a table cannot be read.
    """
    tables = {name: [result.read_table(name, light_columns(name))] for name in TABLES}
    return run_data(summary, tables, pictures)
