"""All pages of a run, from one account of it."""

from reports import datasheet, governance
from reports.account import Account
from reports.run_data import RunData
from reports.statement import statement_pages
from reports.summary import render_report


def render_pages(run: RunData, account: Account) -> dict[str, bytes]:
    """Return the pages of a run, as bytes by file name; they link each other and belong into one folder."""
    return {
        **render_report(run),
        datasheet.FILE_NAME: datasheet.datasheet_page(run, account),
        governance.FILE_NAME: governance.governance_page(run, account),
        **statement_pages(run, account),
    }
