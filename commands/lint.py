"""The command line of lint: does a finished run hold what it promises?"""

import argparse
from collections.abc import Callable

from rich.console import Console

_EPILOG = """\
exit codes: 0 all holds; 3 something does not (each finding has a code: docs/lint.md); 2 there is no run.
Nothing in the folder is changed, and nothing that the run says of itself is believed."""


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser(
        "lint",
        help="check all that a finished run promises: samples, tables, splits, privacy",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("output", help="output folder of a run, here or remote")
    parser.add_argument("--json", action="store_true", help="the findings as JSON")
    parser.add_argument("--page", metavar="FILE", help="write a page for people, HTML")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Look, and say what was found; returns the exit code."""
    import json

    from commands.lint_run import lint_run
    from commands.write_pages import write_page_file
    from reports.lint import lint_lines, lint_page

    report = lint_run(options.output).plain()
    if options.page:
        write_page_file(options.page, lint_page(report))
    lines = [json.dumps(report, indent=1)] if options.json else lint_lines(report)
    for line in lines:
        console.out(line, highlight=False)
    return 3 if report["findings"] else 0
