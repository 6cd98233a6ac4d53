"""Package: make a finished run's shards, tables and reports anew with other rules, balance or splits."""

import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from rich.console import Console

from commands.curate_videos import complete
from media import is_remote
from pipelines import progress
from pipelines.config import CurateConfig, config_dict, config_from, load_config
from pipelines.finish import Finish
from pipelines.package import package_inputs
from pipelines.run import runner_options
from schemas.outcomes import BadInputError
from schemas.run import RunSummary
from transforms.storage import join, read_bytes

# What may differ from the run that decoded the videos.
CHANGEABLE = ("filter", "balance", "split", "shards", "bias", "isolation", "run")


def package(output: str, config_path: str | None, beam_flags: list[str], console: Console) -> RunSummary:
    """Make a run's shards, tables of outcomes, bias tables, run.json and report anew, in its folder.

    Raises:
        BadInputError: if the folder holds no run, or the configuration differs in what needs decoding.
    """
    earlier = _read_run(output)
    config = _settings(earlier, config_path, output)
    started = time.monotonic()
    staging = join(output, "work", "package")
    _delete(f"{staging}/*/*")
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    with progress.display(console), beam.Pipeline(options=runner_options(beam_flags)) as pipeline:
        _ = package_inputs(pipeline, output, config, earlier) | Finish(config, staging)
    for folder in ("shards", "tables", "work"):
        _replace(join(staging, folder), join(output, folder))
    seconds = time.monotonic() - started
    return complete("package", output, config, earlier.get("ignored_inputs", []), seconds, console)


def _read_run(output: str) -> dict[str, Any]:
    try:
        run = json.loads(read_bytes(join(output, "run.json")))
    except (OSError, ValueError) as error:
        raise BadInputError(
            f"{output}: no finished run here ({error}); package reads what curate wrote"
        ) from error
    if not isinstance(run, dict) or not isinstance(run.get("config"), dict):
        raise BadInputError(f"{output}/run.json: not the summary of a run")
    return run


def _settings(earlier: Mapping[str, Any], config_path: str | None, output: str) -> CurateConfig:
    """Return the given configuration, or the run's; only the end of the chain may differ."""
    rules = {rule["name"]: rule for rule in earlier["config"].get("filter", {}).get("rules", ())}
    before = config_from({**earlier["config"], "filter": {"rules": rules}}, f"{output}/run.json")
    if config_path is None:
        return before
    config = load_config(config_path)
    old, new = config_dict(before), config_dict(config)
    changed = [name for name in new if name not in CHANGEABLE and new[name] != old[name]]
    if changed:
        raise BadInputError(
            f"--config {config_path}: differs from the run in {', '.join(changed)}, which needs the videos; "
            f"package may change {', '.join(CHANGEABLE[:5])}. Run curate into another folder instead"
        )
    return config


def _paths(pattern: str) -> list[str]:
    return sorted(m.path for m in FileSystems.match([pattern])[0].metadata_list)


def _delete(pattern: str) -> None:
    if paths := _paths(pattern):
        FileSystems.delete(paths)


def _replace(source: str, target: str) -> None:
    """Move the files of a folder into another; shards that were there go, and tables of the same name."""
    new = _paths(join(source, "*"))
    names = {Path(path).name.split("-")[0] for path in new}
    there = _paths(join(target, "*"))
    old = (
        there if Path(target).name == "shards" else [p for p in there if Path(p).name.split("-")[0] in names]
    )
    if old:
        FileSystems.delete(old)
    if new:
        _make_folder(target)
        FileSystems.rename(new, [join(target, Path(path).name) for path in new])


def _make_folder(path: str) -> None:
    if not is_remote(path):
        Path(path).mkdir(parents=True, exist_ok=True)
