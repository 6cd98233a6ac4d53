"""The page of all that was erased from a run folder: its receipts read, checked, and searched for again."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.console import Console

from commands.write_pages import write_page_file
from pipelines.erase.search_bytes import ByteSearch, Veil
from pipelines.erased import read_erased
from pipelines.run_folder import RunFolder
from reports import formats
from reports.erasure_told import Filed
from reports.erasures import erasures_page, is_sound
from schemas.data_card import DATA_CARD, card_of_json
from schemas.days import utc_today
from schemas.erasure import read_receipt
from schemas.layout import MODELS
from schemas.outcomes import BadInputError
from schemas.receipt import Receipt, checked_receipt
from transforms.storage import join, list_folder, read_bytes, read_if_there, write_bytes

_LEFT = 3
_MOST_TOLD = 20


def refresh_page(folder: RunFolder) -> None:
    """Write the page beside the receipts anew, if there are any."""
    if receipts := list(_filed(folder)):
        page = erasures_page(receipts, searched_on=None, report=folder.erasures.report_href)
        write_bytes(folder.erasures.page, page)


def check_all(output: str, page: str, console: Console) -> int:
    """Check all receipts, search the folder again, and write a page; returns 0, or 3 if not all is well.

    Raises:
        BadInputError: if the folder holds no finished run, or the page cannot be written.
    """
    folder = RunFolder(output)
    folder.finished()
    receipts = list(_filed(folder))
    erased = read_erased(folder)
    day = None
    if erased is not None:
        receipts, day = _searched(folder, receipts, erased.veiled), utc_today().isoformat()
    report = folder.erasures.report_href if page == folder.erasures.page else None
    write_page_file(page, erasures_page(receipts, searched_on=day, report=report))
    for line in _said(receipts, is_searched=erased is not None):
        console.out(line, highlight=False)
    return 0 if is_sound(receipts) else _LEFT


def _said(receipts: Sequence[Filed], *, is_searched: bool) -> Iterator[str]:
    wrong = [one.file for one in receipts if not one.is_intact]
    yield f"{formats.plural(len(receipts), 'receipt')}, {len(wrong)} of them changed or damaged"
    yield from (f"changed or damaged: {formats.printable(file)}" for file in wrong[:_MOST_TOLD])
    found = sorted({one for receipt in receipts for one in receipt.left or ()})
    yield from (f"left: {place}: {by}" for place, by in found[:_MOST_TOLD])
    if not is_searched:
        yield "the key that hides what was erased is not here (OUT/work), so nothing can be searched for"
    elif not found:
        yield "nothing of what was erased was found"


def _filed(folder: RunFolder) -> Iterator[Filed]:
    there = list_folder(join(folder.root, MODELS))
    for path in folder.erasures.receipts():
        name = path.rsplit("/", 1)[-1]
        try:
            told, is_intact = read_receipt(read_bytes(path), name)
            says = checked_receipt(told, name)
        except BadInputError:
            yield Filed(file=name, says=None, is_intact=False)
            continue
        models = [(model.folder, _became(folder, model.folder, says, there)) for model in says.models]
        yield Filed(file=name, says=says, is_intact=is_intact, models=models)


def _became(folder: RunFolder, model: str, says: Receipt, there: Sequence[str]) -> str:
    """Return what became of a model that a receipt names."""
    names = [name for name in there if f"{MODELS}/{name}" == model]
    if not names:
        return "it is gone"
    place = join(folder.root, MODELS, names[0], DATA_CARD)
    data = read_if_there(place)
    try:
        card = None if data is None else card_of_json(data, place)
    except BadInputError:
        card = None
    if card is None:
        return "it is there, and no data card tells what it learnt from"
    if any(erased.receipt_id == says.receipt_id for erased in card.erased):
        return "it is there as it was: train it anew, or delete it"
    return "its data card tells of this erasure no more: it was trained anew"


def _searched(folder: RunFolder, receipts: Sequence[Filed], veil: Veil) -> list[Filed]:
    """Return the receipts with what is left; the folder is read once where nothing is."""
    hidden = [one.says.hidden for one in receipts if one.says is not None]
    every = [value for one in hidden for value in one.ids], [value for one in hidden for value in one.bytes]
    is_clean = not any(ByteSearch(veil, *every).below(folder.root, ()))
    return [
        one
        if one.says is None
        else replace(one, left=() if is_clean else tuple(_left(folder, one.says, veil)))
        for one in receipts
    ]


def _left(folder: RunFolder, says: Receipt, veil: Veil) -> Iterator[tuple[str, str]]:
    search = ByteSearch(veil, says.hidden.ids, says.hidden.bytes)
    yield from ((found.path, found.by) for found in search.below(folder.root, ()))
