"""Probe one source: what the file's headers say, and the hash of its content."""

from media import MediaLimits
from pipelines.cpu_meter import CpuMeter
from pipelines.elements import VisitResult
from schemas.outcomes import Rejection
from schemas.parts import PartReader
from schemas.records.source import Source
from transforms.probe import ProbeConfig, probe_source


def probe_visit(source: Source, _: PartReader, *, probe: ProbeConfig, media: MediaLimits) -> VisitResult:
    """Probe one source; gives one Video or one Rejection.

    Raises:
        MediaError: if the file is missing, broken or beyond the limits.
    """
    meter = CpuMeter()
    found = probe_source(source, probe, media)
    meter.charge("probe")
    if isinstance(found, Rejection):
        return VisitResult(rejections=(found,), cpu_seconds=meter.seconds)
    return VisitResult(outputs=(found,), cpu_seconds=meter.seconds)
