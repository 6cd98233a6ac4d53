"""The pages of a result and its croissant.json, made anew from what lies in its folder."""

from collections.abc import Mapping

from pipelines.result_files import published_files
from pipelines.results import Result
from reports.account import account_of
from reports.croissant import croissant
from reports.pages import render_pages
from reports.run_data import RunData, light_columns, run_data
from schemas.outcomes import BadInputError
from schemas.run import RunSummary
from schemas.tables import TABLES
from transforms.storage import write_bytes
from transforms.write_shards import INDEX_SCHEMA


def write_pages(result: Result, pictures: Mapping[str, bytes]) -> None:
    """Write all that a result says of itself; shards, indices, tables and run.json must be written.

    Args:
        pictures: small JPEG files of accepted clips, by key; pages do without those that are missing.

    Raises:
        BadInputError: if run.json or a table cannot be read.
    """
    run = report_data(result, result.read_summary(), pictures)
    account = account_of(run)
    for name, page in render_pages(run, account).items():
        result.write_page(name, page)
    result.write_croissant(croissant(run, account, INDEX_SCHEMA))


def report_data(result: Result, summary: RunSummary, pictures: Mapping[str, bytes]) -> RunData:
    """Return what the report's pages are made of.

    Raises:
        BadInputError: if a table cannot be read.
    """
    tables = {name: [result.read_table(name, light_columns(name))] for name in TABLES}
    return run_data(summary, tables, pictures, published_files(result), result.erasures_href)


def write_page_file(path: str, page: bytes) -> None:
    """Write a page to where `--page` says.

    Raises:
        BadInputError: if it cannot be written.
    """
    try:
        write_bytes(path, page)
    except OSError as error:
        raise BadInputError(f"--page {path}: cannot be written ({error.strerror or error})") from error
