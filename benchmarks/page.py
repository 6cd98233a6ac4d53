"""Tables on the terminal and in Markdown, from one description."""

from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table: title, column names, rows of plain values, and a remark below."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    remark: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of the benchmark: its tables for people, its values for programs.

    `targets` names what was asked for, the measured value and whether it was met.
    """

    name: str
    tables: list[Table]
    values: dict[str, Any]
    targets: list[tuple[str, str, bool]] = field(default_factory=list)


def text(value: Any) -> str:
    """Return a value as a table shows it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return str(value)


def print_part(part: Part, console: Console) -> None:
    """Print a part's tables and targets."""
    for table in part.tables:
        shown = RichTable(title=table.title, caption=table.remark or None, title_justify="left")
        for i, column in enumerate(table.columns):
            numeric = all(isinstance(r[i], int | float | None) for r in table.rows)
            shown.add_column(column, justify="right" if numeric else "left", overflow="fold")
        for row in table.rows:
            shown.add_row(*[text(v).replace("[", r"\[") for v in row])
        console.print(shown)
    for what, value, met in part.targets:
        console.print(f"{'met    ' if met else 'NOT met'}  {what}: {value}", markup=False)


def markdown(parts: list[Part], heading: str) -> str:
    """Return all parts as one Markdown page."""
    lines = [f"# {heading}", "", "| target | measured | met |", "|---|---|---|"]
    lines += [f"| {w} | {v} | {text(m)} |" for part in parts for w, v, m in part.targets]
    for part in parts:
        lines += ["", f"## {part.name}"]
        for table in part.tables:
            lines += ["", f"### {table.title}", ""]
            lines.append(_line(table.columns))
            lines.append("|" + "---|" * len(table.columns))
            lines += [_line(tuple(text(v) for v in row)) for row in table.rows]
            lines += ["", table.remark] if table.remark else []
    return "\n".join(lines) + "\n"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in cells) + " |"
