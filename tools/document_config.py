"""Write docs/configuration.md and its JSON Schema from the configuration, and the table of stages into
docs/architecture.md, that of lint's rules into docs/lint.md and that of the datasheet's questions into
docs/provenance.md.

Run: python tools/document_config.py
"""

import dataclasses
import json
import sys
import typing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lint.every import RULES  # noqa: E402
from pipelines.config import CurateConfig, config_schema  # noqa: E402
from pipelines.stages import VISITS  # noqa: E402
from schemas.datasheet import QUESTIONS  # noqa: E402
from schemas.stages import STAGES, Stage  # noqa: E402
from transforms.balance import Quota, Target  # noqa: E402
from transforms.filter_clips import DEFAULT_RULES, Rule  # noqa: E402
from transforms.summarise_bias import Population  # noqa: E402

TARGET = ROOT / "docs" / "configuration.md"
SCHEMA_FILE = ROOT / "docs" / "configuration.schema.json"
SCHEMA = config_schema()
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PROVENANCE = ROOT / "docs" / "provenance.md"
LINT = ROOT / "docs" / "lint.md"
# Lists of settings, by section.
ENTRIES = {"balance": {"targets": Target, "quotas": Quota}, "bias": {"populations": Population}}

_HEAD = """# Configuration

`curate --config FILE` reads a YAML file of changes to the defaults below, `package OUT --config FILE` too;
an unknown key is an error, and so is a value outside its bounds. Numbers are finite; no minimum may be
above its maximum. Sections are named after their steps. Made by `python tools/document_config.py`.

[configuration.schema.json](configuration.schema.json) says the same to programs. Editors that know YAML
schemas check a file as you write it if its first line is `# yaml-language-server: $schema=` and the path of
that file.

```yaml
clips:
  fps: 24
  target_max_seconds: 8
transcribe:
  model: tiny.en
filter:
  rules:
    no_speech: {minimum: 0.5}          # change a bound
    few_hands: {mode: "on"}            # reject where only the score was kept
    text_over_picture: {mode: "off"}
    long_clips: {stage: propose, field: duration_seconds, maximum: 8}   # a new rule
balance:
  max_clips_per_person: 50
  targets:
    - attributes: [gender]             # every group equally often
    - attributes: [age_group]
      shares: {20-29: 0.5, 30-39: 0.5}
```
"""


HEADER = ["| setting | type | may be | default |", "|---|---|---|---|"]


def _default(value: object) -> str:
    return "`null`" if value is None else f"`{value}`"


def _range(schema: dict[str, typing.Any]) -> str:
    """Return in words what the JSON Schema of a setting lets it be; "" if nothing bounds it."""
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            return _range(schema[inner])
    if "anyOf" in schema:
        return " or ".join(filter(None, map(_range, schema["anyOf"])))
    if values := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return ", ".join(f"`{value}`" for value in values)
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    most = high if high is not None and high < 2**63 - 1 else None
    if low is not None:
        return f"{low:g} or more" if most is None else f"{low:g} to {most:g}"
    start = "" if above is None else f"above {above:g}"
    if below is not None:
        return f"{start}, below {below:g}"
    return start if most is None else f"{start}, at most {most:g}"


def _rows(kind: type, fields: list[dataclasses.Field], defaults: dict[str, str]) -> list[str]:
    """Return the rows of a table of settings: their names, types, bounds and defaults."""
    hints = typing.get_type_hints(kind)
    known = SCHEMA["$defs"][kind.__name__]["properties"]
    rows: list[str] = []
    for field in fields:
        hint = hints[field.name]
        shown = str(hint) if typing.get_args(hint) else hint.__name__
        if typing.get_origin(hint) is typing.Literal:
            shown = type(typing.get_args(hint)[0]).__name__
        shown = shown.replace("|", "\\|").replace(f"{kind.__module__}.", "")
        rows.append(f"| `{field.name}` | {shown} | {_range(known[field.name])} | {defaults[field.name]} |")
    return rows


def _section(name: str, section: typing.Any) -> str:
    summary = " ".join((type(section).__doc__ or "").split())
    fields = _plain_fields(section)
    defaults = {f.name: _default(getattr(section, f.name)) for f in fields}
    return "\n".join([f"## {name}", "", summary, "", *HEADER, *_rows(type(section), fields, defaults)])


def _plain_fields(section: typing.Any) -> list[dataclasses.Field]:
    fields = dataclasses.fields(section)
    return [f for f in fields if not dataclasses.is_dataclass(getattr(section, f.name))]


def _entry(name: str, entry: type) -> str:
    """Return what each entry of a list of settings holds."""
    summary = " ".join((entry.__doc__ or "").split())
    defaults: dict[str, str] = {}
    for field in dataclasses.fields(entry):
        factory = field.default_factory
        made = factory() if factory is not dataclasses.MISSING else field.default
        defaults[field.name] = "(must be given)" if made is dataclasses.MISSING else _default(made)
    rows = _rows(entry, list(dataclasses.fields(entry)), defaults)
    return "\n".join([f"### each of {name}", "", summary, "", *HEADER, *rows])


def _sections(name: str, section: typing.Any) -> list[str]:
    """Return a section and those within it."""
    values = {f.name: getattr(section, f.name) for f in dataclasses.fields(section)}
    inner = {key: value for key, value in values.items() if dataclasses.is_dataclass(value)}
    nested = [page for key, value in inner.items() for page in _sections(f"{name}.{key}", value)]
    entries = [_entry(f"{name}.{key}", kind) for key, kind in ENTRIES.get(name, {}).items()]
    return [_section(name, section), *entries, *nested]


def _rule_row(rule: Rule) -> str:
    low = "" if rule.minimum is None else f"{rule.minimum:g}"
    high = "" if rule.maximum is None else f"{rule.maximum:g}"
    return f"| `{rule.name}` | {rule.stage} | `{rule.field}` | {low} | {high} | {rule.mode} |"


def render() -> str:
    """Return the page."""
    config = CurateConfig()
    names = [f.name for f in dataclasses.fields(config) if f.name != "filter"]
    sections = [page for name in names for page in _sections(name, getattr(config, name))]
    rules = [
        "## filter",
        "",
        "Rules on scores. Mode `on` rejects, `score` only keeps the score, `off` does nothing. A score that "
        "was not computed fails no rule. Early stages (propose, audio) save the work of later ones.",
        "",
        "| rule | after | score | minimum | maximum | mode |",
        "|---|---|---|---|---|---|",
        *[_rule_row(rule) for rule in DEFAULT_RULES],
    ]
    return "\n\n".join([_HEAD.rstrip(), *sections, "\n".join(rules)]) + "\n"


def render_schema() -> str:
    """Return the JSON Schema of a file of settings."""
    return json.dumps(SCHEMA, indent=1) + "\n"


def render_stages() -> str:
    """Return the table of stages: what each does, on what, with which sections and from which stages."""
    head = ["| stage | sees | kind | what it does | settings | reads |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *map(_stage_row, STAGES)]) + "\n"


def _stage_row(stage: Stage) -> str:
    visit = VISITS.get(stage.name)
    sections = "" if visit is None else ", ".join(f"`{name}`" for name in visit.sections)
    inputs = "" if visit is None else ", ".join(visit.inputs)
    kind = f"{stage.kind}, rules" if stage.filtered and stage.kind != "rules" else stage.kind
    sees = "videos" if stage.level == "video" else "clips"
    return f"| `{stage.name}` | {sees} | {kind} | {stage.sentence} | {sections} | {inputs} |"


def render_rules() -> str:
    """Return the table of lint's rules: their codes, what they mean, what to do."""
    head = ["| code | what is wrong | to do |", "|---|---|---|"]
    return "\n".join([*head, *(f"| `{rule.code}` | {rule.means} | {rule.advice} |" for rule in RULES)]) + "\n"


def render_questions() -> str:
    """Return the table of the datasheet's questions: the names by which they are answered, and the texts."""
    head = ["| name | question |", "|---|---|"]
    return "\n".join([*head, *(f"| `{one.name}` | {one.text} |" for one in QUESTIONS)]) + "\n"


def with_questions(page: str) -> str:
    """Return the page of provenance with the table of the datasheet's questions as it is now."""
    return _with_table(page, "questions", render_questions())


def with_stages(page: str) -> str:
    """Return the page of the architecture with the table of stages as it is now."""
    return _with_table(page, "stages", render_stages())


def with_rules(page: str) -> str:
    """Return the page of lint with the table of its rules as it is now."""
    return _with_table(page, "rules", render_rules())


def _with_table(page: str, name: str, table: str) -> str:
    head, _, rest = page.partition(f"<!-- {name} -->\n")
    _, _, tail = rest.partition(f"<!-- end of {name} -->\n")
    return f"{head}<!-- {name} -->\n{table}<!-- end of {name} -->\n{tail}"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    SCHEMA_FILE.write_text(render_schema(), encoding="utf-8")
    ARCHITECTURE.write_text(with_stages(ARCHITECTURE.read_text(encoding="utf-8")), encoding="utf-8")
    PROVENANCE.write_text(with_questions(PROVENANCE.read_text(encoding="utf-8")), encoding="utf-8")
    LINT.write_text(with_rules(LINT.read_text(encoding="utf-8")), encoding="utf-8")
