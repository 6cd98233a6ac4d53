"""The demo's media are whole, small, and say whose they are, under which licence, and who agreed."""

import csv
import re
from pathlib import Path

import pytest

from pipelines.config import load_config
from pipelines.discover import discover
from tools.make_demo_media import CREDITS, DEMO, sentence_of
from transforms.judge_consent.licences import licence_id

MEDIA = DEMO / "media"
MAX_BYTES = 12_000_000
BESIDE = {"LICENSE", "ATTRIBUTION.md", "manifest.csv"}


def files() -> list[Path]:
    return [path for path in MEDIA.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, str]]:
    with (MEDIA / "manifest.csv").open(newline="", encoding="utf-8") as handle:
        return {row["uri"]: row for row in csv.DictReader(handle)}


def test_all_that_is_there_is_declared_and_small(rows: dict[str, dict[str, str]]) -> None:
    there = {path.relative_to(MEDIA).as_posix() for path in files()}
    assert there - BESIDE == set(rows) and there >= BESIDE
    assert sum(path.stat().st_size for path in files()) < MAX_BYTES


def test_each_file_has_a_licence_a_consent_and_a_line_of_attribution(rows: dict[str, dict[str, str]]) -> None:
    attribution = (MEDIA / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for name, row in rows.items():
        assert row["title"] and row["consent"] in ("granted", "withdrawn")
        assert row["licence"] == licence_id(row["licence"]), "an SPDX expression"
        # Whom the licence asks to be named is named in every sample, and on the page beside the files.
        assert all(name in attribution for name in re.split(r", | \(.*", row["rights_holder"]) if name)
        assert f"| {name} | " in attribution
        # Only what a data set declares of its people is declared here.
        assert bool(row["attribute_gender"]) == name.startswith("crema_")


def test_what_was_withdrawn_and_its_copy_are_refused_before_anything_is_opened() -> None:
    found = discover(str(MEDIA / "manifest.csv"), load_config(str(DEMO / "config.yaml")))
    refused = {source.name for source in found.sources if source.consent == "refused"}
    assert len(found.sources) == 55 and "made/consent_withdrawn.mp4" in refused
    assert {source.rights_holder for source in found.sources} == set(CREDITS.values()), "not as pseudonyms"
    assert all(source.terms.licence_id for source in found.sources)


def test_names_of_grid_s_files_spell_what_is_said() -> None:
    assert sentence_of("grid/s4/sgbc3n_hq.mpg") == "set green by c three now"
    assert sentence_of("grid/s2/id2_vcd_swwp2s.mpg") == "set white with p two soon"
    assert sentence_of("grid/s33/ex1_800ms.mpg") is None and sentence_of("signing/sister.mkv") is None
