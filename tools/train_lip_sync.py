"""Build backends/data/lip_sync.npz: the linear map from sound to lips, out of curated clips.

    python run_pipeline.py curate --input VIDEOS --output RUN
    python -m tools.train_lip_sync --run RUN --sources 'grid/*' 'hdtf/*'

Ridge regression from Whisper's encoder to the mouth's shape (backends/lip_sync.py has both). The
sound of many a video is a few frames early or late: the offset of each clip is estimated with a map
learnt from other people's clips, and the map learnt again on clips so aligned. Nothing of the videos
but this map is kept. Use clips that their licence lets you learn from and publish the result.
"""

import argparse
import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.dataset as ds

from backends.lip_sync import (
    WEIGHTS,
    WhisperEncoder,
    lag_correlations,
    mouth_shape,
    sound_features,
)
from pipelines.open_clip import open_clip
from pipelines.run_folder import RunFolder
from schemas.days import utc_today
from schemas.sample import arrays_to_npz, unpack_landmarks

VERSION = "1"
RIDGE = 1.0
ROUNDS = 3
MAX_LAG = 15
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A clip to learn from: whose face it is, the encoded sound (50 Hz), the mouth's shape."""

    clip_id: str
    person: str
    encoded: npt.NDArray[np.float32]
    mouth: Array
    fps: float


@dataclass(frozen=True, slots=True)
class LipMap:
    """What is learnt: sound features to mouth shape (3 channels, 14), and weights of the shape (14,)."""

    map: Array
    weights: Array


def load_examples(run: Path, patterns: Sequence[str]) -> list[Example]:
    """Return the clips of a run that have landmarks, of sources whose names fit one of the patterns."""
    tables = sorted(map(str, (run / "tables").glob("clips-*.parquet")))
    columns = ["clip_id", "source_name", "source_speaker_id", "status"]
    encoder = WhisperEncoder()
    examples: list[Example] = []
    for row in ds.dataset(tables).to_table(columns=columns).sort_by("clip_id").to_pylist():
        name = row["source_name"]
        if row["status"] == "accepted" and any(fnmatch.fnmatch(name, p) for p in patterns):
            clip, media = open_clip(RunFolder(str(run)), row["clip_id"], utc_today())
            face = unpack_landmarks(media.arrays, "face:landmarks")
            fps = float(clip.row["fps"])
            examples.append(
                Example(
                    row["clip_id"],
                    row["source_speaker_id"] or name,
                    encoder.encode(media.sound),
                    mouth_shape(face, fps),
                    fps,
                )
            )
    return examples


def fit_map(examples: Sequence[Example], offsets: Mapping[str, float], ridge: float = RIDGE) -> LipMap:
    """Return the map learnt from examples whose sound is moved back by offsets in frames."""
    xs, ys = [], []
    for e in examples:
        x = sound_features(e.encoded, len(e.mouth), e.fps)
        late = np.clip(np.arange(len(x)) + round(offsets[e.clip_id]), 0, len(x) - 1)
        xs.append(x[late])
        ys.append((e.mouth - e.mouth.mean(0)) / np.maximum(e.mouth.std(0), 1e-9))
    x, y = np.concatenate(xs), np.concatenate(ys)
    scale = np.maximum(x.std(0), 1e-6)
    x = (x - x.mean(0)) / scale
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] += ridge * len(x)
    solved = np.linalg.solve(gram, x.T @ y)
    fitted = x @ solved
    agreement = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(fitted.T, y.T, strict=True)])
    return LipMap(solved / scale[:, None], agreement / agreement.sum())


def lags_of(example: Example, learnt: LipMap) -> Array:
    """Return the correlations of an example at lags -MAX_LAG to MAX_LAG."""
    predicted = sound_features(example.encoded, len(example.mouth), example.fps) @ learnt.map
    return lag_correlations(predicted, example.mouth, learnt.weights, MAX_LAG)


def learn(examples: Sequence[Example], ridge: float = RIDGE) -> tuple[LipMap, dict[str, LipMap]]:
    """Return the map learnt from all examples, and for each person the one learnt without them."""
    offsets = {e.clip_id: 0.0 for e in examples}
    people = sorted({e.person for e in examples})
    without: dict[str, LipMap] = {}
    for _ in range(ROUNDS):
        without = {p: fit_map([e for e in examples if e.person != p], offsets, ridge) for p in people}
        offsets = {e.clip_id: float(np.argmax(lags_of(e, without[e.person])) - MAX_LAG) for e in examples}
    return fit_map(examples, offsets, ridge), without


def main() -> None:
    """Build the map and write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--run", type=Path, required=True, help="the output folder of a curation")
    parser.add_argument("--sources", nargs="+", required=True, help="patterns of source names to learn from")
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    examples = load_examples(options.run, options.sources)
    people = {e.person for e in examples}
    if len(people) < 3:
        parser.error(f"{len(people)} people in the clips that fit; three are the least to learn from")
    learnt, _ = learn(examples)
    arrays = {
        "map": learnt.map.astype(np.float32),
        "weights": learnt.weights.astype(np.float32),
        "version": np.array(VERSION),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(arrays_to_npz(arrays))
    seconds = sum(len(e.mouth) / e.fps for e in examples)
    print(f"{options.output}: learnt from {len(examples)} clips of {len(people)} people, {seconds:.0f} s")


if __name__ == "__main__":
    main()
