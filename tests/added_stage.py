"""Looks for an added stage everywhere it should turn up; run in the copy of the tree that has it.

    python -m tests.added_stage FOLDER

Prints what it found as JSON; `tests/test_adding_a_stage.py` says what that should be.
"""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np

from pipelines import package, progress
from pipelines.artefacts import ArtefactStore
from pipelines.config import CurateConfig, config_from
from pipelines.elements import ClipTask
from pipelines.isolation import IsolationConfig, close_pools
from pipelines.recipes import recipes_of
from pipelines.runner import runner_options
from pipelines.stages import VISITS
from pipelines.steps import RunStep, Step
from reports.reasons import STAGES as SENTENCES
from reports.reasons import explain, rules_of
from schemas.records.clip import Clip
from schemas.records.video import Artefact
from schemas.sample import SAMPLING_RATE_HZ, wav_of_pcm
from schemas.stages import CLIP_STAGES, FILTER_STAGES, ORDER
from schemas.tables import arrow_schema
from tests.makers import make_clip, make_shot, make_track, make_video, tone
from tools import document_config
from transforms.clip_sound import cut_with_margin, sound_part
from transforms.filter_clips import DEFAULT_RULES, judge_clip
from transforms.sample_json import sample_json

STAGE = "hum"
SURVEY = Artefact(stage="survey", artefact_id="5" * 20)


def task_with_sound(store: ArtefactStore, number: int, hertz: float) -> ClipTask:
    """Return a clip of two seconds whose sound is one tone, as a survey leaves it."""
    video_id = f"{number:020x}"
    clip = make_clip(number, video_id=video_id, start_seconds=0.0, end_seconds=2.0, artefacts=(SURVEY,))
    pcm = (tone(2.0, 0.5, hertz) * 32767).astype(np.int16)
    part = wav_of_pcm(cut_with_margin(pcm, clip), SAMPLING_RATE_HZ)
    store.write(video_id, SURVEY, {}, {sound_part(clip): part})
    return ClipTask(clip=clip, video=make_video(video_id=video_id), track=make_track(make_shot(), 0, 2))


def visited(root: str) -> list[dict[str, Any]]:
    """Run the stage on a hum and on a voice's tone, twice; returns its results by file."""
    store, config = ArtefactStore(root), CurateConfig()
    isolation = IsolationConfig(num_processes=1, pin_to_cores=False)
    step = Step(
        visit=VISITS[STAGE],
        level="clip",
        settings=VISITS[STAGE].settings(config),
        recipes=recipes_of(config),
        store=store,
        isolation=isolation,
    )
    tasks = [task_with_sound(store, number, hertz) for number, hertz in enumerate((50.0, 200.0))]
    found: list[dict[str, Any]] = []
    for attempt in ("first", "second"):
        with beam.Pipeline(options=runner_options([])) as pipeline:
            visited: Any = pipeline | beam.Create(tasks) | RunStep(step)
            results, _, _ = visited
            _ = results | beam.Map(_note, f"{root}/{attempt}.jsonl")
        with Path(root, f"{attempt}.jsonl").open(encoding="utf-8") as lines:
            found += [json.loads(line) for line in lines]
    close_pools()
    return sorted(found, key=lambda row: (row["reused"], row["ratio"]))


def _note(result: Any, path: str) -> None:
    clip: Any = result.outputs[0].clip
    why = judge_clip(clip, DEFAULT_RULES, STAGE)
    row = {
        "ratio": round(clip.hum.power_ratio, 3),
        "reused": result.reused,
        "artefacts": [a.stage for a in clip.artefacts],
        "rejected": None if why is None else [why.stage, why.reason, why.threshold],
        "counted": _counted(clip),
    }
    with Path(path).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(row) + "\n")


def _counted(clip: Clip) -> list[list[Any]]:
    """Return how `package` counts a clip in the stages up to the added one."""
    judged = package.judge_again(clip, [], [], DEFAULT_RULES)
    counts = [summary for _, summary in package._counts(judged)]
    upto = ORDER[STAGE]
    return [[c.stage, c.num_out, c.num_rejected] for c in counts if ORDER[c.stage] >= upto - 1][:2]


def redone(changes: dict[str, Any]) -> list[str]:
    """Return the stages whose results have another name with changed settings."""
    before, after = recipes_of(CurateConfig()), recipes_of(config_from(changes, "the example"))
    return [name for name in before if before[name] != after[name]]


def derived() -> dict[str, Any]:
    """Return all that follows from the two rows and the record."""
    rules = rules_of({"filter": {"rules": [dataclasses.asdict(rule) for rule in DEFAULT_RULES]}})
    page = document_config.render()
    return {
        "order": list(CLIP_STAGES),
        "filters": list(FILTER_STAGES),
        "progress": list(progress.STAGES),
        "sentence": SENTENCES[STAGE],
        "reason": explain("humming", rules),
        "columns": [c for c in arrow_schema("clips").names if c.startswith(f"{STAGE}_")],
        "section": "## hum" in page and "`mains_hz`" in page and "| `humming` | hum |" in page,
        "stage_row": f"| `{STAGE}` |" in document_config.render_stages(),
        "redone_by_its_setting": redone({STAGE: {"mains_hz": 60.0}}),
        "redone_by_anothers": STAGE in redone({"sync": {"max_lag_frames": 10}}),
        "missing_in_sample": STAGE in sample_json(make_clip(), "c")["not_computed"],
    }


if __name__ == "__main__":
    print(json.dumps({**derived(), "visited": visited(sys.argv[1])}))
