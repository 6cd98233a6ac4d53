"""The commands of docs/dataflow.md are ten, and those of ours are taken as they stand there."""

import re
import shlex
from pathlib import Path

from apache_beam.options.pipeline_options import PipelineOptions

from commands import command_line
from pipelines.job_options import DATAFLOW_DEFAULTS
from pipelines.runner_needs import missing_for
from pipelines.stages import VISITS

PAGE = (Path(__file__).parents[1] / "docs" / "dataflow.md").read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    """Return the words of the page's commands, comments removed."""
    block = re.search(r"(?:^    .*\n)+", PAGE, re.MULTILINE)
    assert block is not None
    text = re.sub(r"#.*", "", block[0]).replace("\\\n", " ")
    return [shlex.split(line) for line in text.splitlines() if line.strip()]


def test_there_are_ten_commands() -> None:
    found = commands()
    assert len(found) == 10
    assert re.findall(r"# (\d+) ", PAGE)[:10] == [str(number) for number in range(1, 11)]


def test_curate_takes_what_the_page_gives_it() -> None:
    ours = [words[2:] for words in commands() if words[1:2] == ["run_pipeline.py"]]
    assert len(ours) == 2
    for words in ours:
        options, flags = command_line._parser().parse_known_args(words)
        assert options.command == "curate" and options.dry_run == ("--dry-run" in words)
        known = PipelineOptions([]).get_all_options()
        assert {flag.partition("=")[0].removeprefix("--") for flag in flags} <= set(known)
        assert missing_for("DataflowRunner", PipelineOptions(flags)) == []


def test_the_page_tells_the_defaults_and_what_stages_ask_for() -> None:
    table = PAGE[PAGE.index("| option | default") :]
    for default in DATAFLOW_DEFAULTS:
        assert f"`--{default.flag}`" in table and default.value in table
    for name, visit in VISITS.items():
        assert re.search(rf"^\| {name} \|.*\| {visit.ram_gb:g} GB \|$", PAGE, re.MULTILINE), name
