"""The page of who is in the data: its numbers are the tables', hidden stays hidden, people can read it."""

import dataclasses
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.diff_runs import compared_runs
from reports import bias, sankey
from reports.account import account_of
from reports.change_page import change_page
from reports.document import BIAS, DATASHEET, GOVERNANCE
from reports.erasures import erasures_page
from reports.flow import Flow, Step
from reports.languages import LANGUAGES
from reports.links import page_links
from reports.lint import lint_page
from reports.pages import render_pages
from reports.run_data import RunData
from reports.statement import file_name
from reports.summary import MAX_PAGE_BYTES, render_report
from schemas.run import StageSummary
from tests.bias_makers import STAGES, people_records
from tests.diff_makers import differing_runs
from tests.page_reader import PageReader
from tests.receipt_makers import filed_receipts
from tests.report_makers import Records
from tests.report_run import make_run, make_summary, make_thumbs
from transforms.balance import Quota, Target
from transforms.summarise_bias import BiasConfig

WIDTHS = (1280, 390)
# Leaves two of all neighbours of one build: axe takes a hundred times longer over a hundred alike rows.
ONE_OF_A_KIND = """(() => {
  const build = e => e.tagName + '|' + e.getAttribute('class') + '|' + e.getAttribute('style')
    + '(' + [...e.children].map(build).join() + ')';
  for (const parent of document.querySelectorAll('*')) {
    const seen = {};
    for (const child of [...parent.children]) {
      const of = build(child);
      seen[of] = (seen[of] ?? 0) + 1;
      if (seen[of] > 2 && !child.id && !child.querySelector('[id]')) child.remove();
    }
  }
})()"""
LINT_PAGES = ("lint.html", "lint_sound.html")
DIFF_PAGE, ERASURES_PAGE = "diff.html", "erasures.html"
OTHERS = [DATASHEET, GOVERNANCE, *map(file_name, LANGUAGES), *LINT_PAGES, DIFF_PAGE, ERASURES_PAGE]
PLACE = {
    "file": "shards/train-000000.tar",
    "item": "0123456789abcdef0123",
    "says": "one person is in test, train",
}
FOUND = {"code": "split-leak", "means": "m", "advice": "curate again", "count": 200, "places": [PLACE] * 120}
LINTED = {
    "result": "20261127T110245-f3657a",
    "looked_at": {"files": 40, "shards": 2, "samples": 1500},
    "notes": ["not compared with anything: clips"],
    "findings": [FOUND],
}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Without these a browser tries to reach its maker at every start.
FLAGS = ("no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
         "disable-component-update", "disable-sync")  # fmt: skip


@pytest.fixture(scope="module")
def records() -> Records:
    ages = {"20-29": 0.3, "30-39": 0.3, "40-49": 0.2, "60-69": 0.2, "70+": 0.05}
    targets = (Target(attributes=("gender",)), Target(attributes=("age_group",), shares=ages))
    quotas = (Quota(where={"skin_tone": "monk_2"}, max_clips=120),)
    return people_records(160, seed=3, targets=targets, quotas=quotas)


def run_of(records: Records, thumbs: dict[str, bytes] | None = None, **settings: Any) -> RunData:
    """Return a run as its pages take it; settings are those of the bias report."""
    nothing = StageSummary(
        stage="", level="clip", num_in=0, num_out=0, num_rejected=0, num_failed=0, cpu_seconds=0.0,
        media_seconds=0.0, frames_decoded=0,
    )  # fmt: skip
    stages = [dataclasses.replace(nothing, stage=stage) for stage in STAGES]
    summary = make_summary(records)
    config = summary.config | {"bias": dataclasses.asdict(BiasConfig(**settings))}
    return make_run(records, dataclasses.replace(summary, stages=stages, config=config), thumbs=thumbs)


def bias_page(run: RunData) -> str:
    return render_report(run)[bias.FILE_NAME].decode()


@pytest.fixture(scope="module")
def run(records: Records) -> RunData:
    return run_of(records)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, run: RunData) -> Path:
    """The bias page, in a folder with the others."""
    folder = tmp_path_factory.mktemp("report")
    lint = lint_page(LINTED), lint_page(LINTED | {"findings": []})
    pages = render_pages(run, account_of(run)) | dict(zip(LINT_PAGES, lint, strict=True))
    pages[DIFF_PAGE] = change_page(compared_runs(*differing_runs(folder)))
    pages[ERASURES_PAGE] = erasures_page(filed_receipts(), searched_on="2026-11-27", report="index.html")
    for name, content in pages.items():
        (folder / name).write_bytes(content)
    return folder / bias.FILE_NAME


@pytest.fixture(scope="module")
def read(run: RunData) -> PageReader:
    reader = PageReader(bias_page(run))
    assert not reader.unbalanced and not reader.open
    return reader


def test_its_numbers_are_the_tables(read: PageReader, records: Records) -> None:
    kept = [clip for clip in records.clips if clip.status == "accepted"]
    assert read.tile("Clips cut").startswith(f"{len(records.clips)} ")
    assert read.tile("In the data set").startswith(f"{len(kept)} ")
    weights = [clip.sampling_weight or 0.0 for clip in kept]
    effective = sum(weights) ** 2 / sum(w * w for w in weights)
    assert read.tile("Worth as many clips").startswith(f"{effective:.0f} ")
    cell = next(
        c for c in records.bias_cells
        if (c.scope, c.attribute, c.value, c.attribute_2) == ("candidates", "gender", "feminine", None)
    )  # fmt: skip
    assert f"{cell.num_clips} ({100 * (cell.share or 0):.0f} %)" in read.text
    assert f"{cell.adjusted:.0f} ({cell.adjusted_low:.0f} to {cell.adjusted_high:.0f})" in read.text


def test_it_says_which_filter_takes_whom(read: PageReader, records: Records) -> None:
    (flag,) = [row for row in records.funnel if row.flagged]
    assert (flag.filter, flag.value) == ("dark_face", "monk_8")
    assert "Dark face takes more of Skin tone monk_8: too few of 10 people are left to show." in read.text


def test_targets_are_shown_with_what_is_in_the_way(read: PageReader) -> None:
    assert "no clip has age_group = 70+" in read.text and "out of reach" in read.text
    assert "Skin_tone=monk_2" not in read.text and "at most 120 clips" in read.text


def test_what_is_suppressed_is_not_on_the_page(run: RunData, records: Records) -> None:
    assert any(cell.suppressed for cell in records.bias_cells)
    assert "hidden" in bias_page(run)
    context = bias.build_context(run)
    lines = [line for h in context["heat_maps"] for line in h.lines]
    assert any(name == "all others" for name, _ in lines)
    assert not any(re.match("[1-4] p", remark) for _, line in lines for _, _, remark in line)


def test_it_is_self_contained_and_small(run: RunData, read: PageReader) -> None:
    html = bias_page(run)
    assert len(html) < MAX_PAGE_BYTES and not re.search(r"https?://|@import|url\((?!#)", html)
    beside = {one["href"] for row in page_links(BIAS) for one in row["links"]}
    for _, attributes in read.tags:
        for name in ("src", "href", "xlink:href", "action", "poster", "srcset"):
            target = attributes.get(name)
            assert target is None or target in beside or target.startswith(("#", "data:image/"))
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert 'href="bias.html"' in render_report(run)["index.html"].decode()


def test_frames_are_shown_only_if_the_configuration_says_so(records: Records) -> None:
    thumbs = make_thumbs(records)
    assert "data:image/jpeg" not in bias_page(run_of(records, thumbs))
    assert "data:image/jpeg" in bias_page(run_of(records, thumbs, frames=True))


def test_a_run_without_attributes_or_clips_has_a_page_too() -> None:
    text = bias_page(run_of(Records()))
    assert "No clip has a declared or estimated attribute" in text


def test_values_of_a_manifest_are_escaped() -> None:
    records = people_records(12, seed=2)
    evil = "<script>alert(1)</script>"
    cells = [dataclasses.replace(c, value=evil) for c in records.bias_cells if c.attribute == "gender"]
    rows = [dataclasses.replace(r, value=evil) for r in records.funnel if r.attribute == "gender"]
    assert evil not in bias_page(run_of(dataclasses.replace(records, bias_cells=cells, funnel=rows)))


def test_the_flow_keeps_every_clip() -> None:
    steps = Step(("audio",), (3, 0)), Step(("look", "words"), (1, 6))
    flow = sankey.build_sankey("gender", Flow(("a", "b"), (10, 20), steps), ["r0", "r1"])
    unit = sankey.FLOW_PERCENT / 30
    by_row: dict[float, float] = {}
    for bar in flow.bars:
        by_row[bar.y] = by_row.get(bar.y, 0.0) + bar.width / unit
    # Each row holds what is left and what left before it; the last is the data set and what left last.
    assert list(by_row.values()) == pytest.approx([30, 30, 27], abs=0.01)
    assert flow.summary == "In the data set: a 6 of 10, b 14 of 20."
    assert max(bar.x + bar.width for bar in flow.bars) < 70


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium) to look at the page in")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=[f"--{flag}" for flag in FLAGS])
        yield found
        found.close()


def opened(browser: Any, path: Path, width: int, scheme: str = "light") -> Any:
    """Open a page without a network; scripts of the test may run in it."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, offline=True, bypass_csp=True, color_scheme=scheme
    )
    tab = context.new_page()
    tab.goto(path.as_uri())
    return tab


@pytest.mark.parametrize("name", [bias.FILE_NAME, "index.html", "cost.html", *OTHERS])
def test_axe_finds_nothing_and_it_fits_the_screen(browser: Any, page: Path, name: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    tab = opened(browser, page.with_name(name), WIDTHS[0])
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.evaluate(ONE_OF_A_KIND)
    every = [(width, scheme) for width in WIDTHS for scheme in ("light", "dark")]
    for width, scheme in every if name == bias.FILE_NAME else every[::3]:
        tab.set_viewport_size({"width": width, "height": 900})
        tab.emulate_media(color_scheme=scheme)
        background = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (max(map(int, re.findall(r"\d+", background)[:3])) < 80) == (scheme == "dark"), background
        found = Axe().run(tab, options={"resultTypes": ["violations"]}).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    tab.context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_the_screen_and_asks_for_nothing(
    browser: Any, page: Path, width: int, tmp_path: Path
) -> None:
    asked: list[str] = []
    tab = opened(browser, page, width)
    tab.on("request", lambda request: asked.append(request.url))
    tab.reload()
    assert asked == [page.as_uri()]
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    # No text is cut off at the right: every line of the flow's labels ends on the screen.
    right = tab.evaluate(
        "Math.max(...[...document.querySelectorAll('.sankey text')]"
        ".map(text => text.getBoundingClientRect().right))"
    )
    assert right <= width


def test_everything_is_reached_by_keyboard(browser: Any, page: Path) -> None:
    tab = opened(browser, page, 1280)
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"
    reached = set()
    for _ in range(60):
        tab.keyboard.press("Tab")
        active = "document.activeElement.tagName + (document.activeElement.ariaLabel ?? '')"
        reached.add(tab.evaluate(active))
    assert "SUMMARY" in reached and "DIVFilters and groups" in reached
    summary = tab.locator("summary").first
    summary.focus()
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.querySelector('details').open")
