"""What a job on Dataflow is sent with unless its user says otherwise, each with its reason.

The workers' shape follows from how visits run (`pipelines.steps.VisitBundle`): one Beam worker process a
machine feeds one pool of processes as wide as its cores.
"""

import random
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.stages import VISITS
from schemas.outcomes import BadInputError
from schemas.version import VERSION

DATAFLOW = "DataflowRunner"
ONE_HARNESS = "no_use_multiple_sdk_containers"
MANY_HARNESSES = "use_multiple_sdk_containers"
PRIME = "enable_prime"
_MOST_WORKERS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Default:
    """A flag of Beam's that is sent unless the user gives it; `reason` is shown by --dry-run."""

    flag: str
    value: str
    reason: str


DATAFLOW_DEFAULTS = (
    Default(
        flag="worker_machine_type",
        value="n2-standard-8",
        reason="8 vCPU share one copy of the image; 4 GB each hold a process with all models and its video",
    ),
    Default(
        flag="number_of_worker_harness_threads",
        value="4",
        reason="bundles at once on a machine: one feeds the cores that another leaves idle at its end",
    ),
    Default(flag="disk_size_gb", value="50", reason="an image of 8 GB unpacked, videos in pieces, logs"),
    Default(
        flag="autoscaling_algorithm",
        value="THROUGHPUT_BASED",
        reason="stages need the more machines the more clips they get",
    ),
    Default(
        flag="max_num_workers",
        value=str(_MOST_WORKERS),
        reason="the bill has a bound until you set a higher one",
    ),
)
_CORES = re.compile(r"-(?:custom-)?(\d+)(?:-\d+)?(?:-ext|-lssd)?$")
# Of s3://: pool processes have the environment of the worker, not the flags of the job.
_NOT_PASSED_ON = "s3_"
# With these Beam does not wait for the job, or does not send it as one that ends.
_REFUSED = {
    "no_wait_until_finish": "the command waits for the job, then writes the report and publishes the result",
    "template_location": "who starts a template does not wait for its job, so nobody would write the report "
    "and publish the result; run the command where it may stay (docs/dataflow.md)",
    "dry_run": "Beam's own builds the job and prints nothing; Mentor's is --dry-run",
    "streaming": "a job of Mentor's ends with its inputs",
    "update": "a job of Mentor's ends with its inputs; cancel it and run the command again, which goes on",
}


def with_defaults(runner: str, flags: Sequence[str], command: str) -> list[str]:
    """Return a command's flags for Beam with what a job of ours needs beside them.

    Args:
        runner: as Beam spells it.
        flags: what the user gave; these win.
        command: which of Mentor's commands sends the job, for its name and a label.

    Raises:
        BadInputError: for flags that processes of the pool would not see, or with which nobody would wait for
            the job.
    """
    given = PipelineOptions(list(flags)).get_all_options(drop_default=True)
    if refused := sorted(_REFUSED.keys() & given.keys()):
        raise BadInputError(f"--{refused[0]}: {_REFUSED[refused[0]]}")
    if hidden := sorted(name for name in given if name.startswith(_NOT_PASSED_ON)):
        raise BadInputError(
            f"--{hidden[0]}: give what s3:// needs by the environment (AWS_ACCESS_KEY_ID, AWS_PROFILE, "
            "AWS_ENDPOINT_URL, ...), which all processes of a run see"
        )
    if runner != DATAFLOW:
        return list(flags)
    return [*flags, *_missing(given, command)]


def _missing(given: dict[str, Any], command: str) -> list[str]:
    parsed = {
        d.flag: PipelineOptions([f"--{d.flag}={d.value}"]).get_all_options(True) for d in DATAFLOW_DEFAULTS
    }
    added = [f"--{d.flag}={d.value}" for d in DATAFLOW_DEFAULTS if not parsed[d.flag].keys() & given.keys()]
    if (asked := int(given.get("num_workers") or 0)) > _MOST_WORKERS and "max_num_workers" not in given:
        added = [flag for flag in added if not flag.startswith("--max_num_workers")]
        added.append(f"--max_num_workers={asked}")
    if not {ONE_HARNESS, MANY_HARNESSES} & set(given.get("experiments") or ()):
        added.append(f"--experiments={ONE_HARNESS}")
    if "job_name" not in given:
        added.append(f"--job_name={_job_name(command)}")
    labels = {"mentor-command": command, "mentor-version": VERSION.replace(".", "-")}
    named = {str(label).partition("=")[0] for label in given.get("labels") or ()}
    return added + [f"--labels={name}={value}" for name, value in labels.items() if name not in named]


def _job_name(command: str) -> str:
    """Return a name that no other job has; Beam's own would tell the user's name on this machine."""
    ending = "".join(random.choices(string.ascii_lowercase + string.digits, k=4))
    return f"mentor-{command}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{ending}"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobShape:
    """How a job's visits are spread: in the process that asks for them, or on machines elsewhere.

    `cores` are those of a machine, None where nobody says. `by_stage` tells that the runner gives each stage
    machines of its own (Dataflow Prime). Where it does not, each set of resource hints is an environment, and
    each environment a container on every machine: as many pools, each as wide as the machine. So there all
    transforms have the hints of the stage that needs most, which is one environment.
    """

    elsewhere: bool = False
    cores: int | None = None
    by_stage: bool = False

    def of_stage(self, stage: str) -> dict[str, str]:
        """Return the resource hints of a visit's transform; {} where it has those of all."""
        return self._hints(VISITS[stage].ram_gb) if self.by_stage else {}

    def of_all(self) -> dict[str, str]:
        """Return the resource hints of the whole job."""
        return {} if self.by_stage else self._hints(max(visit.ram_gb for visit in VISITS.values()))

    def _hints(self, process_gb: float) -> dict[str, str]:
        if self.cores is None:
            return {}
        # A string: Beam takes no number for it.
        return {"min_ram": f"{self.cores * process_gb:g}GB", "cpu_count": str(self.cores)}


HERE = JobShape()


def shape_of(options: PipelineOptions, local: str) -> JobShape:
    """Return how the job of these options is spread; `local` is the runner in this process."""
    asked = options.get_all_options()
    if asked["runner"] != DATAFLOW:
        return JobShape(elsewhere=asked["runner"] != local)
    prime = PRIME in (asked["dataflow_service_options"] or ())
    return JobShape(elsewhere=True, cores=_cores(asked["machine_type"]), by_stage=prime)


def _cores(machine_type: str | None) -> int | None:
    """Return the cores that the name of a machine type of Google's says it has."""
    found = _CORES.search(machine_type or "")
    return int(found[1]) if found else None
