"""Every block of docs/bias-report.md runs, and DuckDB and pandas give the same answers."""

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from pipelines.config import config_from
from tests.bias_makers import people_records
from tests.report_run import write_run
from transforms.balance import Target

PAGE = (Path(__file__).parents[1] / "docs" / "bias-report.md").read_text(encoding="utf-8")
SQL, PYTHON = (re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) for kind in ("sql", "python"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shares = {"20-29": 0.3, "30-39": 0.3, "40-49": 0.2, "60-69": 0.2, "70+": 0.05}
    targets = (Target(attributes=("gender",)), Target(attributes=("age_group",), shares=shares))
    return write_run(tmp_path_factory.mktemp("run"), people_records(160, seed=3, targets=targets))


@pytest.fixture
def inside_a_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def asked(sql: str) -> pd.DataFrame:
    return duckdb.connect().execute(sql).df()


def computed(code: str) -> pd.DataFrame:
    names: dict[str, pd.DataFrame] = {}
    exec(code, names)
    answer = names["answer"]
    return answer.reset_index(drop=answer.index.names == [None])


def test_there_are_five_questions_with_two_answers_each() -> None:
    assert len(re.findall(r"^### \d\. .*\?$", PAGE, re.MULTILINE)) == len(SQL) == len(PYTHON) == 5


@pytest.mark.parametrize("number", range(5))
@pytest.mark.usefixtures("inside_a_run")
def test_both_answers_are_the_same(number: int) -> None:
    """Row for row, in a run in which groups are hidden."""
    assert asked("SELECT count(*) AS n FROM 'tables/bias_cells-*.parquet' WHERE suppressed").n.item() > 0
    one, other = asked(SQL[number]), computed(PYTHON[number])
    assert len(one) > 0
    assert list(one.columns) == list(other.columns)
    one, other = (found.astype(object).where(found.notna(), None) for found in (one, other))
    pd.testing.assert_frame_equal(one, other, atol=1e-9)


@pytest.mark.usefixtures("inside_a_run")
def test_the_answers_are_those_that_were_planted() -> None:
    (flag,) = asked(SQL[1]).to_dict("records")
    assert (flag["filter"], flag["value"], flag["test"]) == ("dark_face", "monk_8", "people_left")
    worst = asked(SQL[4]).iloc[0]
    assert worst["binding"] == "no clip has age_group = 70+" and worst["design_effect"] > 1


def test_the_settings_it_shows_are_settings() -> None:
    population, example = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (gender,) = config_from(yaml.safe_load(population), "the page").bias.populations
    assert gender.reference == "masculine" and gender.shares["feminine"] == 0.51
    balance = config_from(yaml.safe_load(example), "the page").balance
    assert balance.targets[2].name == "gender|skin_tone" and balance.quotas[0].max_seconds == 36000
