"""Processor time of the chain by step, and against its models called bare on the same input.

Every visit is measured as the pipeline runs it, on models that are loaded and warm: it looks for an
earlier result, works, and keeps the new one as an artefact. Then the same visit runs once more with its
calls to the models written down, and those calls are made again on the models alone: the same frames at
the same size, the same regions, windows and samples, in the same order, with everything decoded
beforehand. The ratio of the two is what decoding, scaling, encoding, measuring, hashing and writing cost
on top. Of the chain's time bookkeeping has its own share: looking for artefacts, writing them, and putting
samples together from them, for the check and for the shards. All of it happens in one isolated process
with the thread limits of the product's own workers.
"""

import dataclasses
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.material import VIDEO_FOLDER
from benchmarks.page import Part, Table
from benchmarks.recorder import recording, replay

MAX_RATIO = 1.3
MAX_BOOKKEEPING = 0.03
# The steps that keep artefacts and put them together, whatever stage they belong to.
BOOKKEEPING = ("find_artefact", "write_artefact", "check_samples", "write_shards")
Seconds = dict[tuple[str, str], float]


@dataclasses.dataclass(slots=True)
class Costs:
    """Processor seconds by (stage, step) and by (stage, model), and what was processed."""

    chain: Seconds = dataclasses.field(default_factory=lambda: defaultdict(float))
    bare: Seconds = dataclasses.field(default_factory=lambda: defaultdict(float))
    calls: dict[tuple[str, str], int] = dataclasses.field(default_factory=lambda: defaultdict(int))
    load: dict[str, float] = dataclasses.field(default_factory=dict)
    input_seconds: float = 0.0
    clip_seconds: float = 0.0

    def add(self, other: "Costs") -> None:
        """Add the costs of another video."""
        for name in ("chain", "bare", "calls"):
            mine = getattr(self, name)
            for key, value in getattr(other, name).items():
                mine[key] += value
        self.input_seconds += other.input_seconds
        self.clip_seconds += other.clip_seconds


def load_models() -> dict[str, float]:
    """Load every model of the chain as configured; returns processor seconds each took."""
    from pipelines.config import CurateConfig

    config = CurateConfig()
    spent: dict[str, float] = {}
    for name, module in _models().items():
        before = time.process_time()
        model = module.load(*_load_arguments(name, config))
        if name == "landmarks":
            model.reset()  # builds its graphs
        spent[name] = time.process_time() - before
    return spent


def _models() -> dict[str, Any]:
    from backends import (
        dlib_faces,
        faceres,
        lip_sync,
        mediapipe_faces,
        mediapipe_landmarks,
        pocketsphinx,
        rapidocr,
        resemblyzer,
        silero,
        transnetv2,
        whisperx,
    )

    return {
        "shots": transnetv2,
        "faces": mediapipe_faces,
        "speech": silero,
        "landmarks": mediapipe_landmarks,
        "text": rapidocr,
        "words": whisperx,
        "alignment": pocketsphinx,
        "voices": resemblyzer,
        "identity": dlib_faces,
        "attributes": faceres,
        "lips": lip_sync,
    }


def _functions() -> dict[str, tuple[Any, str]]:
    from pipelines.visits import body

    return {"body": (body, "fit_clip")}


def _load_arguments(name: str, config: Any) -> tuple[Any, ...]:
    return {
        "faces": (config.tracks.min_score, config.tracks.full_range),
        "speech": (config.audio.vad_threshold,),
        "landmarks": (config.landmarks.min_score, config.landmarks.model_complexity),
        "words": (config.transcribe.model, config.transcribe.beam_size),
    }.get(name, ())


def _measure(costs: Costs, step: Any, element: Any) -> Any:
    """Run a visit as the pipeline does, once more recorded, then its models alone; returns its result."""
    from pipelines.artefacts import ElementParts
    from pipelines.recipes import owner_of
    from pipelines.steps import perform

    before = time.process_time()
    artefact, found = step.find(element)
    if found is not None:
        raise RuntimeError(f"{step.name}: found a result in a folder that was empty")
    looked = time.process_time()
    result = perform(step.visit, step.settings, step.store, artefact, element)
    whole = time.process_time() - looked
    costs.chain[step.name, "find_artefact"] += looked - before
    for name, seconds in result.cpu_seconds.items():
        costs.chain[step.name, name] += seconds
    costs.chain[step.name, "the rest"] += whole - sum(result.cpu_seconds.values())
    made = element.clip.artefacts if hasattr(element, "clip") else ()
    with recording(_models(), _functions()) as log:
        step.visit.visit(element, ElementParts(step.store, owner_of(element), made), **step.settings)
    for name, calls in ((name, calls) for name, calls in log.items() if calls.made):
        costs.bare[step.name, name] += replay(calls)
        costs.calls[step.name, name] += len(calls.made)
    return result


def measure_video(uri: str) -> Costs:
    """Measure the whole chain on one video, filters included, up to a written shard."""
    from pipelines.config import CurateConfig
    from pipelines.curate import with_artefact
    from pipelines.recipes import recipes_of
    from pipelines.run_folder import RunFolder
    from pipelines.stages import VISITS
    from pipelines.steps import step_of
    from schemas.records.source import Source

    config, costs = CurateConfig(), Costs()
    with tempfile.TemporaryDirectory() as out:
        folder = RunFolder(out)
        recipes = recipes_of(config)
        steps = {n: step_of(n, config, recipes, folder.store, config.isolation) for n in VISITS}
        probed = _measure(costs, steps["probe"], Source(uri=uri, name=Path(uri).name))
        if probed.rejections:
            return costs
        video = with_artefact(probed.outputs[0], steps["survey"])
        costs.input_seconds = video.duration_seconds
        accepted: list[Any] = []
        for task in _measure(costs, steps["survey"], video).outputs:
            costs.clip_seconds += task.clip.duration_seconds
            accepted += _measure_clip(costs, task, steps, config)
        _measure_writing(costs, accepted, folder.places(folder.new_result()), config)
    return costs


def _measure_clip(costs: Costs, task: Any, steps: dict[str, Any], config: Any) -> list[Any]:
    """Measure what is done with one clip; returns it unless a rule turned it down on the way."""
    from pipelines.stages import visits_of
    from transforms.filter_clips import judge_clip

    lost = judge_clip(task.clip, config.filter.rules, "propose")
    for stage, _ in visits_of("clip"):
        if lost is None:
            (task,) = _measure(costs, steps[stage.name], task).outputs
            lost = judge_clip(task.clip, config.filter.rules, stage.name)
    return [] if lost else [task.clip]


def _measure_writing(costs: Costs, clips: list[Any], places: Any, config: Any) -> None:
    """Check the samples and write them as a shard, as the pipeline does after the visits."""
    from pipelines.config import config_hash
    from transforms.assign_split import assign_split
    from transforms.write_shards import assemble, build_shard

    if not clips:
        return
    digest = config_hash(config)
    before = time.process_time()
    placed = [assign_split(clip, config.split) for clip in clips]
    for clip in placed:
        assemble(clip, places.parts_of(clip), digest)
    checked = time.process_time()
    places.result.write_shard(
        "train-000000", build_shard("train-000000.tar", placed, places.parts_of, digest)
    )
    costs.chain["check", "check_samples"] += checked - before
    costs.chain["check", "write_shards"] += time.process_time() - checked


def evaluate(data: Path, sources: list[str], logs: Path, say: Callable[[str], None]) -> Part:
    """Measure sources (paths below video/) one after another in one worker process."""
    from pipelines.isolation import IsolationConfig, close_pools, run_isolated

    isolation = IsolationConfig(num_processes=1, timeout_base_seconds=3600.0, log_folder=str(logs.absolute()))
    paths = [str((data / VIDEO_FOLDER / s).absolute()) for s in sources]
    total = Costs()
    per_video: list[tuple[Any, ...]] = []
    try:
        total.load = run_isolated(load_models, config=isolation, media_seconds=0.0)
        say("warming up")
        run_isolated(measure_video, paths[0], config=isolation, media_seconds=0.0)
        for source, path in zip(sources, paths, strict=True):
            say(source)
            one = run_isolated(measure_video, path, config=isolation, media_seconds=0.0)
            per_video.append(_video_row(source, one))
            total.add(one)
    finally:
        close_pools()
    return _part(total, per_video)


def _video_row(source: str, one: Costs) -> tuple[Any, ...]:
    chain, bare = sum(one.chain.values()), sum(one.bare.values())
    return source, one.input_seconds, one.clip_seconds, chain, bare, chain / bare if bare else None


def _part(total: Costs, per_video: list[tuple[Any, ...]]) -> Part:
    chain, bare = sum(total.chain.values()), sum(total.bare.values())
    ratio = chain / bare if bare else None
    kept = sum(seconds for (_, step), seconds in total.chain.items() if step in BOOKKEEPING)
    share = kept / chain if chain else 0.0
    values = {
        "chain_cpu_seconds": {"/".join(k): v for k, v in total.chain.items()},
        "bare_cpu_seconds": {"/".join(k): v for k, v in total.bare.items()},
        "load_cpu_seconds": total.load,
        "input_seconds": total.input_seconds,
        "candidate_seconds": total.clip_seconds,
        "ratio": ratio,
        "bookkeeping_share": share,
        "videos": per_video,
    }
    shown = "no model was called" if ratio is None else f"{ratio:.3f}"
    met = ratio is not None and ratio <= MAX_RATIO
    return Part(
        name="cost",
        tables=_tables(total, per_video),
        values=values,
        targets=[
            (f"chain to bare models, at most {MAX_RATIO}", shown, met),
            (
                f"bookkeeping of the chain, at most {100 * MAX_BOOKKEEPING:.0f} %",
                f"{100 * share:.2f} %",
                share <= MAX_BOOKKEEPING,
            ),
        ],
    )


def _tables(total: Costs, per_video: list[tuple[Any, ...]]) -> list[Table]:
    seconds = total.input_seconds or 1.0
    chain, bare = sum(total.chain.values()), sum(total.bare.values())
    steps = [(*key, value, value / seconds) for key, value in total.chain.items() if value > 1e-4]
    models = [(*key, total.calls[key], value, value / seconds) for key, value in total.bare.items()]
    whole = (sum(r[1] for r in per_video), sum(r[2] for r in per_video), chain, bare)
    return [
        Table(
            title="The chain, by step",
            columns=("stage", "step", "CPU s", "CPU s per s of input"),
            rows=[*steps, ("all", "", chain, chain / seconds)],
        ),
        Table(
            title="Its models alone, on the same input",
            columns=("stage", "model", "calls", "CPU s", "CPU s per s of input"),
            rows=[*models, ("all", "", None, bare, bare / seconds)],
        ),
        Table(
            title="By video",
            columns=("source", "input s", "candidate s", "chain CPU s", "models CPU s", "ratio"),
            rows=[*per_video, ("all", *whole, chain / bare if bare else None)],
        ),
        Table(
            title="Loading, once a worker process",
            columns=("model", "CPU s"),
            rows=[*total.load.items(), ("all", sum(total.load.values()))],
            remark="not in the ratio",
        ),
    ]
