"""Where a run folder keeps what its erasures leave: what must not come back, a journal, receipts, a page."""

from dataclasses import dataclass

from media.source import is_remote
from schemas.layout import ERASED, ERASURE, ERASURES, ERASURES_PAGE, JOURNAL, REPORT, WORK
from transforms.storage import delete_tree, join, list_folder, sizes_of


@dataclass(frozen=True, slots=True)
class Erasures:
    """The erasures of a run folder `root`."""

    root: str

    @property
    def erased(self) -> str:
        """The file that says what was erased and must not come back (`pipelines/erased.py`)."""
        return join(self.root, WORK, ERASED)

    @property
    def notes(self) -> str:
        """The folder of an erasure's notes until it is done."""
        return join(self.root, WORK, ERASURE)

    @property
    def journal(self) -> str:
        """The file that says that an erasure was begun, and of what."""
        return join(self.notes, JOURNAL)

    @property
    def is_half_done(self) -> bool:
        """Whether an erasure was begun and did not come to its end."""
        return bool(sizes_of([self.journal]))

    @property
    def folder(self) -> str:
        """The folder of receipts and the page."""
        return join(self.root, ERASURES)

    def receipt(self, receipt_id: str) -> str:
        """Return where the receipt of an erasure lies."""
        return join(self.folder, f"{receipt_id}.json")

    def receipts(self) -> list[str]:
        """Return the receipts of all erasures, in the order of time."""
        return [join(self.folder, name) for name in list_folder(self.folder) if name.endswith(".json")]

    @property
    def page(self) -> str:
        """The page that tells of all erasures."""
        return join(self.folder, ERASURES_PAGE)

    @property
    def report_href(self) -> str | None:
        """The way from that page to the report of the current result, as a link; None where none lasts."""
        return None if is_remote(self.root) else f"../{REPORT}/index.html"

    def remove_leftovers(self) -> None:
        """Delete the notes of an erasure that is done."""
        if not self.is_half_done:
            delete_tree(self.notes)
