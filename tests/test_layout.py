"""A run folder says which layout it has; another one is refused and left alone."""

from pathlib import Path

import pytest

from pipelines.run_folder import RunFolder
from schemas.layout import LAYOUT_JSON
from schemas.outcomes import BadInputError


def test_a_folder_notes_its_layout_and_is_taken_again(tmp_path: Path) -> None:
    folder = RunFolder(str(tmp_path / "out"))
    for _ in range(2):
        with folder.writing("curate"):
            assert b'"layout_version": "3"' in (tmp_path / "out" / LAYOUT_JSON).read_bytes()


def test_a_folder_of_another_layout_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / LAYOUT_JSON).write_text('{"layout_version": "3"}')
    folder = RunFolder(str(tmp_path))
    with (
        pytest.raises(BadInputError, match=r"not laid out as version 3.*another folder"),
        folder.writing("x"),
    ):
        pass
    with pytest.raises(BadInputError, match="not laid out as version 3"):
        folder.finished()
    assert [p.name for p in tmp_path.iterdir()] == [LAYOUT_JSON]


def test_results_of_an_earlier_version_are_refused(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    with pytest.raises(BadInputError, match="holds shards of an earlier version"):
        RunFolder(str(tmp_path)).finished()
