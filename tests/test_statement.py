"""Statements, datasheet, governance page: one source of numbers, three languages, what is hidden stays so."""

import dataclasses
import html
import json
import re
import string
from typing import Any

import pytest

from lint import folder
from pipelines.config import CurateConfig, config_dict
from reports.account import account_of
from reports.cells import Cell, Said, Table, count, length, number, share, span
from reports.datasheet_answers import ANSWERS
from reports.document import BIAS, DATASHEET, GOVERNANCE
from reports.governance import PROVISIONS
from reports.languages import LANGUAGES
from reports.languages.en import LANGUAGE as EN
from reports.pages import render_pages
from reports.reasons import REASONS
from reports.run_data import RunData
from reports.statement import file_name, statement
from reports.summary import MAX_PAGE_BYTES, render_report
from schemas.consent import REASONS as CONSENT_REASONS
from schemas.datasheet import QUESTIONS
from schemas.run import ERASE
from schemas.terms import EXPIRED, WITHDRAWN
from tests.bias_makers import people_records
from tests.page_reader import PageReader
from tests.report_makers import Records
from tests.report_run import make_run, make_summary
from transforms.balance import BalanceConfig, Quota, Target
from transforms.filter_clips import DEFAULT_RULES
from transforms.judge_consent import MISSING, RESERVED
from transforms.summarise_bias import BiasConfig

TARGETS = (Target(attributes=("gender",)),)
QUOTAS = (Quota(where={"skin_tone": "monk_2"}, max_clips=120),)
NEW = [DATASHEET, GOVERNANCE, *map(file_name, LANGUAGES)]
_, DE, IT = LANGUAGES


@pytest.fixture(scope="module")
def records() -> Records:
    return people_records(160, seed=3, targets=TARGETS, quotas=QUOTAS)


def run_of(records: Records, dataset: dict[str, Any] | None = None, least: int = 5) -> RunData:
    """Return a run with the settings that balanced it."""
    balance = BalanceConfig(targets=TARGETS, quotas=QUOTAS, max_clips_per_person=50)
    config = config_dict(CurateConfig(balance=balance, bias=BiasConfig(min_people=least)))
    summary = make_summary(records, config=config | {"dataset": dataset or {}}, consent_day="2026-11-27")
    return make_run(records, json_round_trip(summary))


def json_round_trip(summary: Any) -> Any:
    """Return a summary whose settings are as run.json holds them."""
    return dataclasses.replace(summary, config=json.loads(json.dumps(summary.config)))


@pytest.fixture(scope="module")
def run(records: Records) -> RunData:
    return run_of(records)


@pytest.fixture(scope="module")
def pages(run: RunData) -> dict[str, str]:
    return {name: page.decode() for name, page in render_pages(run, account_of(run)).items()}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def figures(page: str, decimal: str, thousands: str) -> list[str]:
    """Return the numbers in a page's tables, as English writes them."""
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page, re.DOTALL)
    found = [number for cell in cells for number in re.findall(r"\d[\d.,]*\d|\d", html.unescape(cell))]
    return [n.replace(thousands, "").replace(decimal, ".") for n in found]


def test_languages_have_the_same_texts_with_the_same_places() -> None:
    own = {key for key in EN.texts if key.startswith(("table.", "column."))}
    for language in (DE, IT):
        plural = {key for key in EN.texts.keys() ^ language.texts.keys() if key.endswith(".one")}
        assert EN.texts.keys() - language.texts.keys() - plural <= own  # of pages that are in English alone
        assert language.texts.keys() - EN.texts.keys() <= plural
        for key in EN.texts.keys() & language.texts.keys():
            assert places(EN.texts[key]) == places(language.texts[key]), (language.code, key)
    assert DE.names.keys() == IT.names.keys() and DE.explained.keys() == IT.explained.keys()


def test_every_reason_is_named_and_explained_in_every_language() -> None:
    asked = {*MISSING.values(), RESERVED, *CONSENT_REASONS.values(), WITHDRAWN, EXPIRED}
    assert asked <= REASONS.keys()
    for language in LANGUAGES:
        assert REASONS.keys() - language.explained.keys() == set(), language.code
        assert not any(language.is_foreign(Cell("meaning", reason)) for reason in REASONS)
    for language in (DE, IT):
        assert (REASONS.keys() | {rule.name for rule in DEFAULT_RULES}) - language.names.keys() == set()
        assert language.explained.keys() == REASONS.keys()  # none of a reason that is gone
        texts = [language.cell(Cell("meaning", reason)) for reason in REASONS]
        assert len(set(texts)) == len(texts) and set(texts).isdisjoint(REASONS.values())
    for reason, english in REASONS.items():
        assert EN.cell(Cell("meaning", reason)) == " ".join(english.split())[:400]
    unknown = Cell("meaning", "a_rule_of_your_own")
    assert DE.is_foreign(unknown) and IT.is_foreign(unknown)


def test_numbers_are_written_as_the_language_does() -> None:
    cells = [count(12345), share(0.1234), length(7200.0), number(0.0123), span(0.5, 1.5), share(0.0001)]
    assert [EN.cell(c) for c in cells] == [
        "12,345", "12.3\u00a0%", "2.0\u00a0h", "0.0123", "0.5\u00a0to\u00a01.5", "<0.1\u00a0%",
    ]  # fmt: skip
    assert [DE.cell(c) for c in cells] == [
        "12.345", "12,3\u00a0%", "2,0\u00a0h", "0,0123", "0,5\u00a0bis\u00a01,5", "<0,1\u00a0%",
    ]  # fmt: skip
    assert IT.cell(span(0.5, 1.5)) == "da\u00a00,5\u00a0a\u00a01,5"
    one = Said("sources.refused", {"files": count(1)})
    assert DE.sentence(one).startswith("1 ganze Datei wurde") and "files were" not in EN.sentence(one)


def test_what_balancing_says_is_in_the_way_is_said_in_the_language() -> None:
    said = {
        "no clip has gender = feminine": "kein Clip hat Geschlecht: weiblich",
        "no clip has a known gender": "von keinem Clip ist gender bekannt",
        "max_weight 5 binds for gender=feminine & age_group=20-29; and 2 more": "Geschlecht: weiblich",
        "only 3 clips came to balancing": "nur 3 (clips) kamen",
    }
    for english, german in said.items():
        cell = Cell("binding", english)
        assert german in DE.cell(cell) and not DE.is_foreign(cell)
    other = Cell("binding", "something else")
    assert DE.cell(other) == "something else" and DE.is_foreign(other) and not EN.is_foreign(other)


def test_all_languages_tell_the_same_numbers(pages: dict[str, str]) -> None:
    told = [figures(pages[file_name(one)], one.decimal, one.thousands) for one in LANGUAGES]
    assert len(told[0]) > 100 and told[0] == told[1] == told[2]


def test_numbers_are_those_of_the_tables(run: RunData, pages: dict[str, str]) -> None:
    account = account_of(run)
    first = next(row for row in account.effects if row["rate"] is not None)
    for page in (pages["statement.en.html"], pages[DATASHEET], pages[GOVERNANCE]):
        text = html.unescape(page).replace("\u00a0", " ")
        assert f"{account.num_people:,}" in text
        assert f"{first['num_dropped']:,} of {first['num_in']:,}" in text
        assert f"{100 * first['rate_low']:.1f} % to {100 * first['rate_high']:.1f} %" in text


@pytest.mark.parametrize("name", NEW)
def test_pages_are_whole_and_load_nothing(pages: dict[str, str], name: str) -> None:
    page = PageReader(pages[name])
    assert page.unbalanced == [] and len(pages[name].encode()) < MAX_PAGE_BYTES
    assert not {tag for tag, _ in page.tags} & {
        "script",
        "link",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "img",
    }
    assert not re.search(r"https?://|@import|url\((?!#)", pages[name])
    ids = [a["id"] for _, a in page.tags if "id" in a]
    links = {str(a["href"]) for tag, a in page.tags if tag == "a"}
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert {link for link in links if not link.startswith("#")} <= pages.keys()
    assert set(folder._PAGES) == pages.keys()
    wanted = name.split(".")[1] if name.startswith("statement") else "en"
    assert next(a for tag, a in page.tags if tag == "html")["lang"] == wanted


def test_small_groups_are_nowhere(records: Records) -> None:
    numbers = ("num_clips", "num_seconds", "num_people", "num_declared", "raw", "share", "adjusted",
               "adjusted_low", "adjusted_high", "attribute_2", "value_2")  # fmt: skip
    few = dataclasses.replace(
        records.bias_cells[0], attribute="gender", value="few_of_them", scope="selected", suppressed=True,
        **dict.fromkeys(numbers),
    )  # fmt: skip
    changed = dataclasses.replace(records, bias_cells=[*records.bias_cells, few])
    run = run_of(changed)
    account = account_of(run)
    (found,) = [
        part for section in statement(run, account) for part in section.parts
        if isinstance(part, Table) and part.title == "gender"
    ]  # fmt: skip
    assert [cell.value for cell in found.hidden] == ["few_of_them"]
    assert "few_of_them" not in {row[0].value for row in found.rows}
    shown = [cell for row in found.rows for cell in row if cell.kind == "count"]
    assert all(cell.value is None or cell.value == 0 or cell.value >= 5 for cell in shown)


def test_a_datasheet_asks_all_questions_and_says_what_is_open(run: RunData, records: Records) -> None:
    text = PageReader(render_pages(run, account_of(run))[DATASHEET].decode()).text
    asked = [question for question in QUESTIONS if not question.name.endswith("_other")]
    assert all(question.text in text for question in asked)
    assert text.count("The publisher must answer this") == sum(q.name not in ANSWERS for q in asked) + sum(
        not list(answer(run, account_of(run))) for answer in ANSWERS.values()
    )
    answers = {"funding": "A grant.\n\nAnd another <b>one</b>", "purpose": "To learn", "uses_other": "None"}
    said = run_of(records, {"answers": answers, "licence": "CC-BY-4.0"})
    page = render_pages(said, account_of(said))[DATASHEET].decode()
    assert "<b>one</b>" not in page and "And another &lt;b&gt;one&lt;/b&gt;" in page
    more = PageReader(page).text
    assert more.count("The publisher must answer this") == text.count("The publisher must answer this") - 2
    assert "CC-BY-4.0" in more and "Anything else about uses?" in more


def test_governance_goes_through_the_article(pages: dict[str, str]) -> None:
    assert [one.key for one in PROVISIONS] == [*"abcdefgh", "p3", "p4", "p5"]
    text = PageReader(pages[GOVERNANCE]).text
    assert all(one.title in text and one.lacks[0] in text for one in PROVISIONS)
    assert text.count("What it does not show") == len(PROVISIONS)


def test_what_was_refused_is_told_by_whatever_reason(records: Records) -> None:
    refused = [
        dataclasses.replace(r, reason="a_new_reason") for r in records.rejections if r.level == "video"
    ]
    others = [r for r in records.rejections if r.level != "video"]
    first = dataclasses.replace(others[0], level="video", reason="a_new_reason", stage="probe")
    changed = dataclasses.replace(records, rejections=[first, *refused, *others])
    run = run_of(changed)
    pages = render_pages(run, account_of(run))
    for name in NEW:
        assert "A new reason" in pages[name].decode() or "a_new_reason" in pages[name].decode(), name


def test_a_run_of_nothing_is_told(records: Records) -> None:
    run = run_of(Records())
    pages = render_pages(run, account_of(run))
    assert (
        "Es wurde" in pages["statement.de.html"].decode() or "nichts" in pages["statement.de.html"].decode()
    )
    assert "Nothing was asked" not in pages["statement.en.html"].decode()
    bare = dataclasses.replace(run, summary=dataclasses.replace(run.summary, config={}))
    assert (
        "Nothing was asked of balancing" in render_pages(bare, account_of(bare))["statement.en.html"].decode()
    )


def test_names_of_strangers_are_escaped(records: Records) -> None:
    odd = "<script>x</script>\u202e"
    clips = [
        dataclasses.replace(clip, source=dataclasses.replace(clip.source, licence=odd))
        for clip in records.clips
    ]
    run = run_of(dataclasses.replace(records, clips=clips))
    for name, page in render_pages(run, account_of(run)).items():
        assert b"<script>" not in page and "\u202e".encode() not in page, name


def test_after_an_erasure_no_page_says_that_nothing_was_asked_of_balancing(records: Records) -> None:
    run = run_of(records)
    told = render_pages(run, account_of(run))
    less = run_of(dataclasses.replace(records, balance_targets=[], balance_warnings=[]))
    erased = dataclasses.replace(less, summary=dataclasses.replace(less.summary, command=ERASE))
    pages = render_pages(erased, account_of(erased)) | render_report(erased)
    before = render_report(run)[BIAS].decode()
    assert "nothing was balanced anew" in pages[BIAS].decode() and "balanced anew" not in before
    for name in (BIAS, *NEW):
        page = pages[name].decode()
        assert not re.search(
            r"has no targets|No shares and no amounts|weder Anteile|Non sono state ric", page
        )
        assert not re.search(r"\b0 shares and amounts|of 0 shares|0 groups are missing", page), name
    for name, said in zip(NEW[2:], ("not known", "nicht bekannt", "Non si sa"), strict=True):
        assert said in pages[name].decode() and said not in told[name].decode().split("</h2>")[6]
    free = dataclasses.replace(erased.summary, config=erased.summary.config | {"balance": {}})
    bare = dataclasses.replace(erased, summary=free)
    unasked = statement(bare, account_of(bare))
    assert Said("reached.nothing") in next(s.parts for s in unasked if s.key == "reached")
    assert pages[DATASHEET].decode().count("nothing was balanced anew") == 2
    assert pages[GOVERNANCE].decode().count("nothing was balanced anew") == 2


def test_a_statement_that_hides_nothing_says_so(records: Records) -> None:
    run = run_of(records, least=0)
    assert "not meant for publication" in render_pages(run, account_of(run))["statement.en.html"].decode()
