"""Finished runs that tests put together part by part, without running a chain."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.artefacts import ArtefactStore
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from schemas.outcomes import Failure, Rejection
from schemas.parts import BODY_PART, LANDMARKS_PART, VIDEO_PART
from schemas.records.clip import Clip
from schemas.records.video import Artefact
from schemas.run import RunSummary
from schemas.sample import BODY_ARRAYS, SAMPLING_RATE_HZ, arrays_to_npz, wav_of_pcm
from schemas.tables import SCHEMA_VERSION, to_table
from transforms.clip_sound import MARGIN_SECONDS, sound_part
from transforms.storage import parquet_bytes, write_bytes

Parts = dict[str, dict[str, bytes]]  # by stage and name


def parts_of(
    clip: Clip, mp4: bytes, sound: npt.NDArray[np.int16], arrays: Mapping[str, npt.NDArray[Any]]
) -> Parts:
    """Return the parts that the stages make of a clip with these pictures, sound (n,) and arrays."""
    margin = np.zeros(round(MARGIN_SECONDS * SAMPLING_RATE_HZ), np.int16)
    part = wav_of_pcm(np.concatenate([margin, sound, margin]), SAMPLING_RATE_HZ)
    seen = {name: array for name, array in arrays.items() if name not in BODY_ARRAYS}
    fitted = {name: array for name, array in arrays.items() if name in BODY_ARRAYS}
    made: Parts = {
        "survey": {sound_part(clip): part},
        "look": {VIDEO_PART: mp4, LANDMARKS_PART: arrays_to_npz(seen)},
    }
    return made | ({"body": {BODY_PART: arrays_to_npz(fitted)}} if fitted else {})


def store_parts(out: Path, clip: Clip, parts: Parts) -> Clip:
    """Write the parts of a clip where the stages do; returns the clip that names them."""
    store, artefacts = ArtefactStore(str(out)), clip.artefacts
    for stage, files in parts.items():
        # The survey makes one artefact of a video; here every clip has its own.
        artefact = Artefact(stage=stage, artefact_id=f"made-of-{clip.clip_id}".replace("-", ""))
        store.write(clip.video_id, artefact, {}, files)
        artefacts = (*artefacts, artefact)
    return replace(clip, artefacts=artefacts)


def stored_part(out: Path, clip: Clip, stage: str, part: str) -> Path:
    """Return where a part that `store_parts` wrote lies."""
    (artefact,) = [a for a in clip.artefacts if a.stage == stage]
    return Path(ArtefactStore(str(out)).part_path(clip.video_id, artefact, part))


def make_summary(**changes: Any) -> RunSummary:
    """Return the summary of a run that says nothing of itself."""
    fields: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION, "command": "curate", "config": {}, "config_hash": "",
        "versions": {}, "backends": [], "stages": [], "totals": {}, "rejected_by_reason": {},
        "failed_by_stage": {},
    }  # fmt: skip
    return RunSummary(**(fields | changes))


def publish_run(
    out: Path,
    clips: Iterable[Clip],
    rejections: Iterable[Rejection] = (),
    failures: Iterable[Failure] = (),
    summary: RunSummary | None = None,
) -> Result:
    """Publish a result with the tables of clips and outcomes; returns it."""
    folder = RunFolder(str(out))
    result = folder.new_result()
    for name, records in (("clips", clips), ("rejections", rejections), ("failures", failures)):
        write_bytes(
            f"{result.tables}/{name}-00000-of-00001.parquet", parquet_bytes(to_table(name, list(records)))
        )
    result.write_summary(summary or make_summary())
    folder.publish(result)
    return result
