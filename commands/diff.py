"""The command line of diff: what changed between two results, and why."""

import argparse
from collections.abc import Callable

from rich.console import Console


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("diff", help="what changed between two results, clip by clip, and why")
    parser.add_argument("first", help="output folder of a run: what was")
    parser.add_argument("second", help="output folder of another: what is")
    parser.add_argument("--table", metavar="FILE", help="write the changes as a table, .parquet or .csv")
    parser.add_argument("--page", metavar="FILE", help="write a page for people, HTML")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Print the changelog; returns the exit code."""
    from commands.diff_runs import compared_runs, write_table
    from commands.write_pages import write_page_file
    from reports.change_lines import change_lines
    from reports.change_page import change_page

    compared = compared_runs(options.first, options.second)
    if options.table:
        write_table(compared.changes(), options.table)
    if options.page:
        write_page_file(options.page, change_page(compared))
    for line in change_lines(compared):
        console.out(line, highlight=False)
    return 0
