"""What curate would do, on which machines, and what that would take; nothing is written, little is read."""

import dataclasses
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from apache_beam.options.pipeline_options import PipelineOptions
from rich.console import Console
from rich.table import Table

from commands.curate_videos import openable
from media import MediaLimits
from media.source import MediaError, container_seconds, open_bytes, open_container
from pipelines import budget
from pipelines.config import CurateConfig
from pipelines.discover import Inputs
from pipelines.isolation import close_pools, num_cores, run_isolated
from pipelines.job_options import DATAFLOW, DATAFLOW_DEFAULTS
from pipelines.run_folder import RunFolder
from pipelines.runner import job_shape
from pipelines.settle_consent import settle_consent
from pipelines.stages import VISITS
from pipelines.to_do import ToDo, to_do
from schemas.consent import refusal
from schemas.days import utc_today
from schemas.records.source import Source
from schemas.stages import STAGES
from transforms.cloud_access import check_some_access

# So many files tell how long the others are, of a list that names neither lengths nor sizes.
MOST_LOOKED_AT = 24
_LOOK_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Amount:
    """How much there is: sources that may be opened, what is to do for them, the mean of those looked at."""

    num_sources: int
    num_refused: int
    num_looked_at: int
    num_unreadable: int
    mean_seconds: float
    mean_bytes: float
    to_do: ToDo

    @property
    def hours(self) -> float:
        """The length of all sources, as far as those that were looked at tell."""
        return self.num_sources * self.mean_seconds / 3600.0


def dry_run(
    inputs: Inputs,
    output: str,
    config: CurateConfig,
    options: PipelineOptions,
    console: Console,
    *,
    prices: str | None = None,
) -> None:
    """Print what a run of these inputs would do and take.

    Args:
        prices: a CSV file of machines and their prices, in place of those that ship.

    Raises:
        BadInputError: if the prices cannot be read, or a store of the inputs does not let us in.
    """
    machines = budget.machines(prices)
    check_some_access(openable(inputs.sources))
    amount = measure(inputs, output, config)
    whole = budget.core_hours(budget.stage_costs(), amount.hours)
    costs = {stage: hours * amount.to_do.share(stage) for stage, hours in whole.items()}
    console.out("Dry run: nothing is written.", highlight=False)
    for line in (*_amount_lines(amount), *_to_do_lines(amount.to_do)):
        console.out(line, highlight=False)
    console.print(_stage_table(costs, options))
    if job_shape(options).elsewhere:
        console.print(_option_table(options))
    for line in cost_lines(sum(costs.values()), options, machines):
        console.out(line, highlight=False)


def measure(inputs: Inputs, output: str, config: CurateConfig) -> Amount:
    """Look at the headers of some sources, never at those of people who did not agree."""
    folder = RunFolder(output)
    withdrawn = (folder.last_run() or {}).get("withdrawn", {})
    settled = settle_consent(
        inputs.sources, config.consent, withdrawn, folder.store, config.media, utc_today()
    )
    sources = [source for source in settled.sources if not refusal(source)]
    step = max(1, len(sources) // MOST_LOOKED_AT)
    looked = sources[::step][:MOST_LOOKED_AT]
    isolation = dataclasses.replace(config.isolation, num_processes=1, timeout_base_seconds=_LOOK_SECONDS)
    found: list[tuple[float, int]] = []
    try:
        for source in looked:
            try:
                found.append(run_isolated(look, source, config.media, config=isolation, media_seconds=0.0))
            except Exception:  # whatever it is, the run will say it of the file
                continue
    finally:
        close_pools()
    seconds, sizes = zip(*found, strict=True) if found else ((0.0,), (0,))
    readable = len(found) / len(looked) if looked else 0.0
    return Amount(
        num_sources=len(sources),
        num_refused=len(settled.sources) - len(sources),
        num_looked_at=len(looked),
        num_unreadable=len(looked) - len(found),
        mean_seconds=statistics.fmean(seconds) * readable,
        mean_bytes=statistics.fmean(sizes) * readable,
        to_do=to_do(folder.current(), sources, config),
    )


def look(source: Source, limits: MediaLimits) -> tuple[float, int]:
    """Return how long a file says it is, in seconds, and its size in bytes.

    Raises:
        MediaError: if it is no media, or does not say how long it is.
    """
    with open_bytes(source.uri, limits) as handle:
        size = handle.seek(0, 2)
    with open_container(source.uri, limits) as container:
        seconds = container_seconds(container)
    if seconds is None:
        raise MediaError(f"{source.uri}: does not say how long it is")
    return seconds, size


def _amount_lines(amount: Amount) -> list[str]:
    refused = f"; {amount.num_refused} more may not be opened (consent)" if amount.num_refused else ""
    if not amount.mean_seconds:
        return [f"Inputs: {amount.num_sources} sources, of unknown length{refused}"]
    whole = amount.num_looked_at == amount.num_sources
    how = "from their headers" if whole else f"reckoned from the headers of {amount.num_looked_at}"
    bad = f"; {amount.num_unreadable} cannot be read" if amount.num_unreadable else ""
    size = f"{amount.num_sources * amount.mean_bytes / 1e9:.3g} GB"
    return [f"Inputs: {amount.num_sources} sources, {_hours(amount.hours)}, {size}, {how}{bad}{refused}"]


def _to_do_lines(left: ToDo) -> list[str]:
    """Return what of it the last result has already."""
    if not left.is_known:
        return []
    again = ", ".join(left.redone)
    others = f"done again: {again} (settings, models or code changed)" if again else "nothing is done again"
    return [f"New since the last result: {left.num_new} of {left.num_sources}; of the others {others}"]


def _stage_table(costs: dict[str, float], options: PipelineOptions) -> Table:
    shape = job_shape(options)
    table = Table(title="Stages", title_justify="left", box=None)
    for heading in ("stage", "what it does", "a process", "asks of a machine", "core hours"):
        table.add_column(heading, justify="right" if heading == "core hours" else "left")
    for stage in STAGES:
        visit = VISITS.get(stage.name)
        hints = {} if visit is None else shape.of_stage(stage.name) or shape.of_all()
        table.add_row(
            stage.name,
            stage.sentence,
            "" if visit is None else f"{visit.ram_gb:g} GB",
            ", ".join(f"{name} {value}" for name, value in hints.items()),
            f"{costs[stage.name]:.2g}" if costs.get(stage.name) else "",
        )
    return table


def _option_table(options: PipelineOptions) -> Table:
    """Return what the runner is sent; secrets are none of Beam's options here."""
    reasons = {PipelineOptions([f"--{d.flag}={d.value}"]): d for d in DATAFLOW_DEFAULTS}
    ours = {name: d for parsed, d in reasons.items() for name in parsed.get_all_options(drop_default=True)}
    table = Table(title="Options as sent", title_justify="left", box=None, show_header=False)
    for name, value in sorted(options.get_all_options(drop_default=True).items()):
        default = ours.get(name)
        is_default = default is not None and str(value) == default.value
        table.add_row(f"--{name}", str(value), default.reason if default and is_default else "")
    return table


def cost_lines(core_hours: float, options: PipelineOptions, machines: Sequence[budget.Machine]) -> list[str]:
    """Return how long so many core hours take on the machines of a job, and what they cost."""
    if not core_hours:
        return ["No estimate: no source says how long it is."]
    measured = f"About {core_hours:.3g} core hours, by the figures of docs/scale.md"
    asked = options.get_all_options()
    if asked["runner"] != DATAFLOW:
        cores = num_cores()
        wall = core_hours / cores / budget.BUSY_SHARE
        return [f"{measured}; {_hours(wall)} on the {cores} cores of this machine."]
    cores = job_shape(options).cores or 1
    most = int(asked["max_num_workers"] or asked["num_workers"] or 1)
    wall = _hours(core_hours / cores / most / budget.BUSY_SHARE)
    lines = [f"{measured}; {wall} on {most} machines of {cores} vCPU, and some minutes for them to start."]
    for machine in (m for m in machines if m.provider == "dataflow"):
        dollars = core_hours * (machine.usd_per_core_hour() or 0.0)
        what = f"{machine.machine}, {machine.region}, prices of {machine.priced}"
        lines.append(f"About {dollars:.2f} US dollars ({what}), without storage, shuffle and traffic.")
    return lines


def _hours(hours: float) -> str:
    minutes = hours * 60
    return f"{minutes:.3g} min" if minutes < 90 else f"{hours:.3g} h"
