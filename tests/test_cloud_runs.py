"""Commands on a finished run that lies on gs:// or s3://: what they show and make is as on this machine."""

import hashlib
import json
from pathlib import Path

import pytest

from commands.command_line import main
from models.data.places import find_shards, open_file, read_range
from tests.cloud_servers import Store
from tests.resume_runs import rows
from transforms.storage import list_files, read_bytes


@pytest.fixture
def key(whole: Path) -> str:
    return str(rows(whole, "clips")[0]["clip_id"])


def below(place: str) -> set[str]:
    return {path.removeprefix(f"{place}/") for path, _ in list_files(place)}


def current(place: str) -> str:
    return f"{place}/results/{json.loads(read_bytes(f'{place}/current.json'))['result']}"


def shards(place: str) -> dict[str, str]:
    found = [path for path, _ in list_files(f"{place}/shards") if path.endswith(".tar")]
    return {path.rsplit("/", 1)[-1]: hashlib.sha256(read_bytes(path)).hexdigest() for path in found}


def test_package_makes_the_same_shards(finished: str, whole: Path) -> None:
    before = current(finished)
    assert main(["package", finished]) == 0
    assert current(finished) != before and not list(list_files(before))
    assert shards(current(finished)) == shards(str(whole.resolve() / "current"))


def test_a_clip_is_explained_drawn_and_exported(
    finished: str, whole: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(whole), key]) == 0
    here = capsys.readouterr().out
    assert main(["explain", finished, key]) == 0
    assert capsys.readouterr().out == here
    before = below(finished)
    assert main(["inspect", finished, key]) == 0
    assert main(["export", finished, key, "--format", "bvh"]) == 0
    made = {f"inspect/{key}/contact_sheet.png", f"inspect/{key}/overlay.mp4", f"export/{key}.bvh"}
    assert below(finished) - before == made


def test_a_run_is_checked_and_cleaned(finished: str, cloud: Store) -> None:
    assert main(["lint", finished]) == 0
    cloud.put("finished/artefacts/0123456789abcdef0123/probe/00000000000000000000/record.json", b"{}")
    before = below(finished)
    assert main(["clean", finished, "--yes"]) == 0
    gone = before - below(finished)
    assert {name.split("/")[1] for name in gone} == {"0123456789abcdef0123"}


def test_shards_are_read_where_they_lie(finished: str, whole: Path) -> None:
    found = find_shards(finished)
    here = sorted((whole / "current" / "shards").glob("*.tar"))
    assert [name.rsplit("/", 1)[-1] for name in found] == [path.name for path in here] and here
    assert read_range(found[0], 257, 100) == here[0].read_bytes()[257:357]
    with open_file(found[0]) as handle:
        assert handle.read() == here[0].read_bytes()
