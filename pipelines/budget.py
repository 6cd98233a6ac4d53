"""What a run will take: core hours by stage and what they cost, from figures that were measured once.

The figures lie in pipelines/data: what each stage took on a folder of real videos (stage_costs.csv), and
prices of machines (machines.csv), which anybody may replace. docs/scale.md shows what follows from them.
"""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from schemas.outcomes import BadInputError
from schemas.run import StageSummary
from schemas.stages import stage_names

# How much of the time a rented core works; the rest is start-up, loading of models, and the last videos.
BUSY_SHARE = 0.9
STAGE_COSTS, MACHINES = "stage_costs.csv", "machines.csv"


@dataclass(frozen=True, kw_only=True, slots=True)
class StageCost:
    """What a stage takes, for a second of what it sees: processor seconds, and bytes of parts or shards.

    `seen_share` is which share of all that comes in it sees.
    """

    stage: str
    seen_share: float
    cpu_seconds: float
    stored_bytes: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """A machine that can be rented, and its price in US dollars an hour; `priced` says when that held.

    `spot_usd_per_hour` is the price where the machine may be taken away, None where there is none.
    """

    provider: str
    machine: str
    region: str
    vcpus: int
    memory_gb: float
    usd_per_hour: float
    spot_usd_per_hour: float | None
    priced: str
    source: str

    def usd_per_core_hour(self, *, spot: bool = False) -> float | None:
        """Return what one core that works for an hour costs, idle time included; None without a price."""
        price = self.spot_usd_per_hour if spot else self.usd_per_hour
        return None if price is None else price / self.vcpus / BUSY_SHARE


def stage_costs() -> tuple[StageCost, ...]:
    """Return what the stages took where it was measured, in order."""
    rows = _rows(None, STAGE_COSTS)
    return tuple(
        StageCost(
            stage=r["stage"],
            seen_share=_number(r, "seen_share"),
            cpu_seconds=_number(r, "cpu_seconds"),
            stored_bytes=_number(r, "stored_bytes"),
        )
        for r in rows
    )


def stage_costs_of(stages: Sequence[StageSummary], seconds_in: float) -> tuple[StageCost, ...]:
    """Return what the stages of a run took, from its run.json; that does not say what they stored.

    What is stored is that of `stage_costs`, nothing for other stages.

    Args:
        seconds_in: the length of all that came in (`totals["hours_in"]` in hours).
    """
    visits = stage_names(kind="visit")
    stored = {cost.stage: cost.stored_bytes for cost in stage_costs()}
    return tuple(
        StageCost(
            stage=s.stage,
            seen_share=s.media_seconds / seconds_in,
            cpu_seconds=s.cpu_seconds / s.media_seconds if s.media_seconds else 0.0,
            stored_bytes=stored.get(s.stage, 0.0),
        )
        for s in stages
        if s.stage in visits or s.stage == "check"
    )


def with_kept_share(costs: Sequence[StageCost], kept_share: float) -> tuple[StageCost, ...]:
    """Return the costs of a collection of which another share comes through to the shards.

    The funnel keeps its shape: what a stage sees is the measured share to the power that takes the last
    one to `kept_share`, so each filter is stricter in the same proportion.

    Args:
        kept_share: of the seconds that come in, in (0, 1]; the last of `costs` must see less than all.
    """
    last = costs[-1].seen_share
    if not (0 < kept_share <= 1 and 0 < last < 1):
        raise ValueError(f"no funnel from a share of {last} to one of {kept_share}")
    power = math.log(kept_share) / math.log(last)
    return tuple(replace(c, seen_share=min(c.seen_share, 1.0) ** power) for c in costs)


def stored_bytes(costs: Sequence[StageCost], hours_in: float) -> dict[str, float]:
    """Return the bytes that each stage stores for so many hours of video, where it stores any."""
    return {c.stage: 3600 * hours_in * c.seen_share * c.stored_bytes for c in costs if c.stored_bytes}


def core_hours(costs: Sequence[StageCost], hours_in: float) -> dict[str, float]:
    """Return the processor hours of each stage for so many hours of video."""
    return {c.stage: hours_in * c.seen_share * c.cpu_seconds for c in costs}


def cpu_seconds_per_second(costs: Sequence[StageCost]) -> float:
    """Return the processor seconds that a second of input takes in all stages."""
    return sum(core_hours(costs, 1.0).values())


def machines(path: str | None = None) -> tuple[Machine, ...]:
    """Return machines and prices: those of a CSV file with the columns of data/machines.csv, or these.

    Raises:
        BadInputError: naming the file, and the row and column that cannot be read.
    """
    return tuple(
        Machine(
            provider=r["provider"],
            machine=r["machine"],
            region=r["region"],
            vcpus=int(_number(r, "vcpus")),
            memory_gb=_number(r, "memory_gb"),
            usd_per_hour=_number(r, "usd_per_hour"),
            spot_usd_per_hour=_number(r, "spot_usd_per_hour") if r["spot_usd_per_hour"] else None,
            priced=r["priced"],
            source=r["source"],
        )
        for r in _rows(path, MACHINES)
    )


def _rows(path: str | None, name: str) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a file, by default the one that ships; lines with # are remarks."""
    shipped = Path(str(resources.files("pipelines"))) / "data" / name
    try:
        lines = (shipped if path is None else Path(path)).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{path}: cannot be read ({error})") from error
    columns = next(csv.reader(line for line in shipped.read_text("utf-8").splitlines() if line[:1] != "#"))
    reader = csv.DictReader(line for line in lines if line.strip() and not line.startswith("#"))
    if missing := set(columns) - set(reader.fieldnames or ()):
        raise BadInputError(f"{path}: has no column {', '.join(sorted(missing))}")
    for number, row in enumerate(reader, 1):
        if None in row.values() or None in row:
            raise BadInputError(f"{path or name}: row {number} has not as many cells as the head")
        yield {**row, "": f"{path or name}: row {number}"}


def _number(row: Mapping[str, str], column: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise BadInputError(f"{row['']}: {column} is no number: {row[column]!r}")
    return value
