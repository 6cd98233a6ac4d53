"""Stages are listed once: the table and its second half fit together, and nobody keeps a list beside them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.stages import VISITS, VisitSections
from schemas.records.clip import Clip
from schemas.records.source import Source
from schemas.stages import CLIP_STAGES, ORDER, STAGES
from transforms.filter_clips import DEFAULT_RULES

ROOT = Path(__file__).parent.parent
# The table itself; tests say what they expect, documents are made from it.
TABLES = {"schemas/stages.py", "pipelines/stages.py"}
ELSEWHERE = {"tests", "docs", "typings", ".venv", "shared"}
# So many names of stages in one literal are a list of stages.
MANY = 3


def source_files() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT)
        if name.parts[0] not in ELSEWHERE and name.as_posix() not in TABLES:
            yield path


def literals(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is written inside a literal: its items, those of literals in it, keys of dicts."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        inside = list(node.elts)
    elif isinstance(node, ast.Dict):
        inside = [key for key in node.keys if key is not None] + list(node.values)
    elif isinstance(node, ast.Starred):
        inside = [node.value]
    else:
        inside = []
    for item in inside:
        yield item
        yield from literals(item)


def stages_listed(source: str) -> dict[int, set[str]]:
    """Return the stages that literals of a source name, by line, where they name many."""
    found: dict[int, set[str]] = {}
    for node in ast.walk(ast.parse(source)):
        items = [item for item in literals(node) if isinstance(item, ast.Constant)]
        texts = [item.value for item in items if isinstance(item.value, str)]
        named = {text.removeprefix("filter_") for text in texts} & set(ORDER)
        if len(named) >= MANY:
            found[getattr(node, "lineno", 0)] = named
    return found


@pytest.mark.parametrize("path", list(source_files()), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_nobody_keeps_a_second_list_of_stages(path: Path) -> None:
    assert stages_listed(path.read_text(encoding="utf-8")) == {}


@pytest.mark.parametrize(
    "source",
    [
        "A = ('probe', 'survey', 'look')",
        "def f(s):\n    return s in {'filter_audio', 'filter_look', 'filter_sync'}",
        "A = {'words': 1, 'body': 2, 'sync': 3}",
        "A = [('audio', a), ('look', b), ('words', c)]",
        "A = {'late': ['words', 'body'], 'early': [*('probe',)]}",
    ],
)
def test_lists_are_seen_however_they_are_written(source: str) -> None:
    assert stages_listed(source)


def test_two_names_or_calls_are_no_list() -> None:
    assert not stages_listed("A = ('people', 'check')\nB = (f('probe'), f('look'), f('words'))")


def test_both_halves_of_the_table_fit() -> None:
    assert [s.name for s in STAGES if s.kind == "visit"] == list(VISITS)
    sections = set(VisitSections.__dataclass_fields__)
    read = {name for visit in VISITS.values() for name in visit.sections}
    assert read == sections
    for name, visit in VISITS.items():
        assert all(ORDER[earlier] < ORDER[name] for earlier in visit.inputs)
        assert set(visit.gives) <= set(Clip.__dataclass_fields__)
        assert set(visit.declared) <= set(Source.__dataclass_fields__)
    given = [field for visit in VISITS.values() for field in visit.gives]
    assert len(given) == len(set(given)), "two stages fill one field"


def test_every_rule_follows_a_stage_that_is_filtered() -> None:
    assert {rule.stage for rule in DEFAULT_RULES} <= {s.name for s in STAGES if s.filtered}


def test_clips_end_with_the_stages_that_package_does_again() -> None:
    """The bias report takes the last two for balancing and writing."""
    assert [s.kind for s in STAGES if s.name in CLIP_STAGES][-2:] == ["finish", "finish"]
    assert [s.name for s in STAGES if s.kind == "finish"] == list(CLIP_STAGES[-2:])
