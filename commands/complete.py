"""The end that every run has: its summary, its report, and its result made the current one."""

import json

from rich.console import Console

from commands.erase_page import refresh_page
from commands.print_summary import print_summary
from commands.thumbnails import thumbnails
from commands.write_pages import write_pages
from pipelines.places import Places
from pipelines.run_folder import RunFolder
from pipelines.summarise import Ended, summarise
from schemas.layout import PEOPLE_JSON, STAGES_JSON
from schemas.run import ERASE, PeopleSummary, RunSummary, StageSummary
from transforms.storage import read_bytes


def complete(
    run: Ended, folder: RunFolder, places: Places, console: Console, people: PeopleSummary | None = None
) -> RunSummary:
    """Write run.json and the report of a result whose tables are written, publish it, print the summary.

    Args:
        people: what comparing people found; None if this run noted it.
    """
    result = places.result
    stages = [StageSummary(**s) for s in json.loads(read_bytes(places.note(STAGES_JSON)))]
    if people is None:
        people = PeopleSummary(**json.loads(read_bytes(places.note(PEOPLE_JSON))))
    summary = summarise(run, result, stages, people)
    result.write_summary(summary)
    write_pages(result, thumbnails(places, run.config))
    folder.publish(result)
    if run.command != ERASE:  # an erasure tells of itself when it has a receipt
        refresh_page(folder)
    print_summary(summary, folder.shown_page("index.html"), console)
    folder.remove_old_results()
    return summary
