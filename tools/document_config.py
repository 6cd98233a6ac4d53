"""Write docs/configuration.md from the configuration, and the table of stages into docs/architecture.md.

Run: python tools/document_config.py
"""

import dataclasses
import sys
import typing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipelines.config import CurateConfig  # noqa: E402
from pipelines.stages import VISITS  # noqa: E402
from schemas.stages import STAGES, Stage  # noqa: E402
from transforms.balance import Quota, Target  # noqa: E402
from transforms.filter_clips import DEFAULT_RULES, Rule  # noqa: E402

TARGET = ROOT / "docs" / "configuration.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
# Lists of settings, by section.
ENTRIES = {"balance": {"targets": Target, "quotas": Quota}}

_HEAD = """# Configuration

`curate --config FILE` reads a YAML file of changes to the defaults below, `package OUT --config FILE` too;
an unknown key is an error.
Sections are named after their steps. Made by `python tools/document_config.py`.

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


def _default(value: object) -> str:
    return "`null`" if value is None else f"`{value}`"


def _section(name: str, section: typing.Any) -> str:
    summary = " ".join((type(section).__doc__ or "").split())
    lines = [f"## {name}", "", summary, "", "| setting | type | default |", "|---|---|---|"]
    for field in _plain_fields(section):
        kind = field.type if isinstance(field.type, str) else getattr(field.type, "__name__", str(field.type))
        kind = str(kind).replace("|", "\\|")
        lines.append(f"| `{field.name}` | {kind} | {_default(getattr(section, field.name))} |")
    return "\n".join(lines)


def _plain_fields(section: typing.Any) -> list[dataclasses.Field]:
    fields = dataclasses.fields(section)
    return [f for f in fields if not dataclasses.is_dataclass(getattr(section, f.name))]


def _entry(name: str, entry: type) -> str:
    """Return what each entry of a list of settings holds."""
    summary = " ".join((entry.__doc__ or "").split())
    lines = [f"### each of {name}", "", summary, "", "| setting | type | default |", "|---|---|---|"]
    hints = typing.get_type_hints(entry)
    for field in dataclasses.fields(entry):
        factory = field.default_factory
        made = factory() if factory is not dataclasses.MISSING else field.default
        default = "(must be given)" if made is dataclasses.MISSING else _default(made)
        hint = hints[field.name]
        kind = str(hint if typing.get_args(hint) else hint.__name__).replace("|", "\\|")
        lines.append(f"| `{field.name}` | {kind} | {default} |")
    return "\n".join(lines)


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


def with_stages(page: str) -> str:
    """Return the page of the architecture with the table of stages as it is now."""
    head, _, rest = page.partition("<!-- stages -->\n")
    _, _, tail = rest.partition("<!-- end of stages -->\n")
    return f"{head}<!-- stages -->\n{render_stages()}<!-- end of stages -->\n{tail}"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    ARCHITECTURE.write_text(with_stages(ARCHITECTURE.read_text(encoding="utf-8")), encoding="utf-8")
