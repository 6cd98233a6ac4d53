"""The end that every run has: its summary, its report, and its result made the current one."""

import datetime
import json
from collections.abc import Sequence

from rich.console import Console

from commands.erase_page import refresh_page
from commands.print_summary import print_summary
from commands.thumbnails import thumbnails
from commands.write_pages import write_pages
from pipelines.config import CurateConfig
from pipelines.places import Places
from pipelines.run_folder import RunFolder
from pipelines.summarise import summarise
from schemas.layout import PEOPLE_JSON, STAGES_JSON
from schemas.run import ERASE, IgnoredInput, PeopleSummary, RunSummary, StageRecipe, StageSummary
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
    recipes: Sequence[StageRecipe],
    people: PeopleSummary | None = None,
) -> RunSummary:
    """Write run.json and the report of a result whose tables are written, publish it, print the summary.

    Args:
        today: the day on which consents were judged.
        recipes: with what each stage made what the result holds.
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
        recipes=recipes,
    )
    result.write_summary(summary)
    write_pages(result, thumbnails(places, config))
    folder.publish(result)
    if command != ERASE:  # an erasure tells of itself when it has a receipt
        refresh_page(folder)
    print_summary(summary, folder.shown_page("index.html"), console)
    folder.remove_old_results()
    return summary
