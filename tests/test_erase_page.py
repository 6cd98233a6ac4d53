"""The page of erasures: what receipts say and whether they hold, and nothing of what was erased."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from commands import command_line
from commands.erase_page import check_all, refresh_page
from pipelines.erased import begun, write_erased
from pipelines.run_folder import RunFolder
from schemas.data_card import DATA_CARD, DataCard, ErasedFrom, card_to_json
from tests import remote_files
from tests.makers import make_clip
from tests.page_reader import PageReader
from tests.receipt_makers import TOLD, change, write_receipt
from tests.stored_run import publish_run

GONE = "0123456789abcdef0123"


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A finished run of which something was erased twice."""
    found = RunFolder(str(tmp_path / "out"))
    publish_run(tmp_path / "out", [make_clip(1)])
    erased = begun(found)
    write_erased(found, erased)
    write_receipt(found, 1, hidden={"ids": [erased.veiled("id", GONE)], "bytes": []})
    write_receipt(
        found, 2, request={"by": "clip", "name": "n", "reason": "<script>alert(1)</script>"}, models=[]
    )
    return found


def read(folder: RunFolder) -> PageReader:
    return PageReader(Path(folder.erasures.page).read_text())


def test_it_tells_of_all_erasures_and_needs_no_network(folder: RunFolder) -> None:
    refresh_page(folder)
    html, page = Path(folder.erasures.page).read_text(), read(folder)
    assert page.unbalanced == [] == page.open
    assert "2 erasures: 8 clips and 4 whole files; each receipt is as it was signed." in page.text
    assert "Letter of 27 November" in page.text and "as a recognised person" in page.text
    assert (
        "147 files, 24 shard members, 12 sounds, 1 filmed clip, 6 faces; the nearest face left is"
        in page.text
    )
    assert "<script" not in html and not re.search(r"https?://|@import|url\((?!#)", html)
    # Of what was erased not even what stands for it.
    assert TOLD["request"]["name"] not in html and TOLD["excluded_clips"][0] not in html
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    links = [str(attributes["href"]) for tag, attributes in page.tags if tag == "a"]
    assert len(ids) == len(set(ids)) and {link[1:] for link in links if link[0] == "#"} <= set(ids)
    assert "../report/index.html" in links


def test_a_model_is_gone_as_it_was_or_trained_anew(folder: RunFolder, tmp_path: Path) -> None:
    refresh_page(folder)
    assert read(folder).text.count("it is gone") == 2
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = tmp_path / "out" / "models" / "motion"
    place.mkdir(parents=True)
    for erased, says in (
        ((ErasedFrom(receipt_id="20261127T132501-94d538", num_samples=3),), "it is there as it was"),
        ((), "it was trained anew"),
    ):
        (place / DATA_CARD).write_bytes(card_to_json(DataCard(split="train", samples=(), erased=erased)))
        refresh_page(folder)
        assert says in read(folder).text and read(folder).text.count("it is gone") == 1


def test_receipts_that_were_changed_or_are_none_are_told(folder: RunFolder) -> None:
    change(write_receipt(folder, 3), erased={**TOLD["erased"], "clips": 0})
    change(write_receipt(folder, 4), erased={})
    Path(folder.erasures.receipt("20261127T132505-94d538")).write_text("{")
    refresh_page(folder)
    page = read(folder)
    assert "3 receipts of 5 cannot be trusted" in page.text
    assert "CHANGED since it was signed" in page.text and page.text.count("cannot be read") == 2
    assert check_all(folder.root, folder.erasures.page, Console(file=io.StringIO())) == 3


def test_it_is_made_anew_with_a_search(folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["erase", folder.root, "--page", folder.erasures.page]
    assert command_line.main(asked) == 0
    assert "nothing of what was erased was found" in capsys.readouterr().out
    assert "What is left now" in read(folder).text
    note = Path(folder.root) / "export" / "note.txt"
    note.parent.mkdir()
    note.write_text(GONE)
    assert command_line.main(asked) == 3
    assert "left: export/note.txt: it holds an id" in capsys.readouterr().out
    page = read(folder)
    assert "Found again of 20261127T132501-94d538" in page.text and GONE not in page.text
    assert "Found again of 20261127T132502-94d538" not in page.text
    assert command_line.main(["erase", folder.root, "--page", folder.root]) == 2


def test_a_remote_run_has_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(remote_files.VARIABLE, str(tmp_path / "store"))
    folder = RunFolder("fake://bucket/out")
    write_receipt(folder)
    refresh_page(folder)
    (page,) = [
        data for name, data in remote_files.objects(f"{folder.root}/").items() if name.endswith(".html")
    ]
    text = page.decode()
    assert "1 erasure: 4 clips and 2 whole files" in text and "../report" not in text


def test_a_folder_of_which_nothing_was_erased_has_no_page(tmp_path: Path) -> None:
    publish_run(tmp_path, [make_clip(1)])
    refresh_page(RunFolder(str(tmp_path)))
    assert not (tmp_path / "erasures").exists()
