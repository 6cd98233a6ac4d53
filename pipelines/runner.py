"""Which runner of Beam's a command uses."""

from apache_beam.options.pipeline_options import PipelineOptions


def runner_options(beam_flags: list[str]) -> PipelineOptions:
    """Return Beam options: what the user gives, else one Beam worker in this process.

    That worker queues a whole stage for the pool of isolated processes, which keeps every core busy
    (`pipelines.steps.VisitBundle`). FnApiRunner is named because DirectRunner first tries to fetch
    another runner over the network.
    """
    flags = list(beam_flags)
    if not any(flag.startswith("--runner") for flag in flags):
        flags += ["--runner=FnApiRunner", "--direct_running_mode=in_memory"]
    return PipelineOptions(flags)
