"""Judge a video model on people it was not trained on: tables, figures by group, a page to look at."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
from rich.console import Console

from backends.select import identity_distances, landmark_extractor, segment_person, sync_scorer
from backends.weights import perceptual_weights
from body.load import load_body_model
from body.model import BodyModel
from commands.evaluation_figures import Figure, Labels, figures, labels_of
from commands.evaluation_page import evaluation_page, print_figures
from commands.judge_clips import ClipJudge, FaceDistances, Image, Judged, Score
from commands.judge_drift import LongFilm, judge_drift
from commands.judge_films import Film, make_film, sync_scores
from commands.made_frames import load_mender, mending_models
from commands.making_flags import Mending
from models.data.clips import clips_of_the_same_people
from models.data.records import Window
from models.video.judged import NUM_FOLLOWING, judged_clips, longest, person_of
from models.video.mend import usual_steps
from models.video.perceptual import PerceptualDistance
from models.video.ways import ABLATIONS, Ablation, Way, network_ways
from schemas.layout import EVALUATION
from schemas.outcomes import BadInputError
from transforms.extract_landmarks import LandmarkConfig
from transforms.score_sync import SyncConfig
from transforms.storage import join, parquet_bytes, write_bytes

_BAD = (ValueError, ArithmeticError, np.linalg.LinAlgError, cv2.error)
_MAX_STEPS, _LONGEST_SECONDS, _TELL_SECONDS = 50, 600.0, 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """What is wanted, as the command line says it; None is the default, a split of None all of them."""

    shards: tuple[str, ...]
    split: str | None
    mending: Mending
    output: str | None
    max_clips: int
    steps: str
    without: str
    num_pictures: int
    num_films: int
    film_frames: int
    drift_seconds: float
    min_people: int
    body_model: str | None


@dataclass(kw_only=True, slots=True)
class Findings:
    """What was found so far; heads: a person's first frame in every way."""

    scores: list[Score]
    labels: dict[str, Labels]
    heads: dict[str, dict[str, Image]]
    films: list[Film]
    left_out: dict[str, str]
    drift: LongFilm | None = None


def evaluate_video(wanted: Evaluation, console: Console) -> list[str]:
    """Write the page and the tables, here or where the run lies; returns their paths.

    Raises:
        BadInputError: if a flag, the shards or the model cannot be used, or no clip can be judged.
    """
    ways = _ways(wanted)
    body = load_body_model(wanted.body_model)
    if ways[0].model.about.body_model != body.model_id:
        raise BadInputError(
            f"the model was trained for body model {ways[0].model.about.body_model}, and this is "
            f"{body.model_id}: name the other with --body-model"
        )
    found = _judged(wanted, ways, body, console)
    told = figures(found.scores, found.labels, wanted.min_people)
    print_figures(told, console)
    return _write(wanted, ways, found, told)


def _ways(wanted: Evaluation) -> tuple[Way, ...]:
    """Return the rows of networks.

    Raises:
        BadInputError: naming the flag that is out of bounds.
    """
    steps = [text.strip() for text in wanted.steps.split(",") if text.strip()]
    if not all(text.isdecimal() and 1 <= int(text) <= _MAX_STEPS for text in steps):
        raise BadInputError(f"--steps {wanted.steps}: numbers from 1 to {_MAX_STEPS}, with commas between")
    without = [text.strip() for text in wanted.without.split(",") if text.strip()]
    if unknown := [text for text in without if text not in ABLATIONS]:
        raise BadInputError(f"--without {unknown[0]}: is none of {', '.join(ABLATIONS)}")
    bounds = {
        "--max-clips": (wanted.max_clips, 1),
        "--pictures": (wanted.num_pictures, 0),
        "--films": (wanted.num_films, 0),
        "--film-frames": (wanted.film_frames, NUM_FOLLOWING),
        "--min-people": (wanted.min_people, 0),
    }
    for flag, (value, least) in bounds.items():
        if value < least:
            raise BadInputError(f"{flag} {value}: should be {least} at least")
    if not (wanted.drift_seconds == 0 or 2 <= wanted.drift_seconds <= _LONGEST_SECONDS):
        raise BadInputError(f"--drift-seconds {wanted.drift_seconds:g}: 0, or from 2 to {_LONGEST_SECONDS:g}")
    parts: list[Ablation] = [part for part in ABLATIONS if part in without]
    model = load_mender(wanted.mending)
    assert model is not None
    return network_ways(
        model, list(dict.fromkeys(int(text) for text in steps)) or [usual_steps(model)], parts
    )


def _judged(wanted: Evaluation, ways: Sequence[Way], body: BodyModel, console: Console) -> Findings:
    faces, config = FaceDistances(identity_distances().embed), LandmarkConfig()
    landmarks = landmark_extractor(config.min_score, config.model_complexity)
    looks = PerceptualDistance(perceptual_weights())
    judge = ClipJudge(ways, body, segment_person, looks, faces, landmarks, wanted.num_pictures)
    found = Findings(scores=[], labels={}, heads={}, films=[], left_out={})
    told = _Telling(console)
    talker: Window | None = None
    known = _known(wanted, ways[0], console)
    for window in _some(judged_clips(wanted.shards, wanted.split, sound=True), found, wanted.max_clips):
        if window.key in known:
            found.left_out[window.key] = "the model learnt from this person"
            continue
        try:
            judged = judge.judge(window)
            stretch = longest(window, wanted.film_frames)
            if judged.left_out is None and stretch is not None and _is_filmed(window, found, wanted):
                found.films.append(make_film(stretch, ways[0], body, segment_person, landmarks))
                found.scores += found.films[-1].scores
        except _BAD as error:  # a clip that cannot be judged costs itself
            judged = Judged(scores=(), heads={}, left_out=f"{type(error).__name__}: {error}"[:300])
            stretch = None
        if judged.left_out is not None:
            found.left_out[window.key] = judged.left_out
            continue
        talker = talker or stretch
        found.scores += judged.scores
        found.labels[window.key] = labels_of(window.about)
        found.heads.setdefault(person_of(window), dict(judged.heads))
        told(f"clip {window.key}", len(found.labels), wanted.max_clips)
    if not found.labels:
        raise BadInputError(f"no clip of {', '.join(wanted.shards)} can be judged{_reasons(found)}")
    found.scores += sync_scores(found.films, sync_scorer(SyncConfig().model))
    if wanted.drift_seconds and talker is not None:
        tell = _Telling(console).frames
        found.drift = judge_drift(
            talker, wanted.drift_seconds, ways[0], body, segment_person, landmarks, faces, console, tell
        )
        found.scores += found.drift.scores
    return found


def _known(wanted: Evaluation, way: Way, console: Console) -> frozenset[str]:
    """Return the clips of people whom the model learnt from: of them it says nothing about others."""
    learnt_from = way.model.about.learnt_from
    if learnt_from is None:
        console.out(
            "the model does not say whom it learnt from: of people whom it knows, figures are too good",
            highlight=False,
        )
        return frozenset()
    found = [clips_of_the_same_people(shards, learnt_from) for shards in wanted.shards]
    return frozenset().union(*found)


def _is_filmed(window: Window, found: Findings, wanted: Evaluation) -> bool:
    """Return whether a clip is shown in motion: one a person."""
    others = {film.person for film in found.films}
    return len(found.films) < wanted.num_films and person_of(window) not in others


def _some(windows: Iterable[Window], found: Findings, most: int) -> Iterable[Window]:
    """Yield clips until so many were judged."""
    for window in windows:
        yield window
        if len(found.labels) >= most:
            return


def _reasons(found: Findings) -> str:
    return f": {next(iter(found.left_out.values()))}" if found.left_out else ""


class _Telling:
    """Says now and then how far it is."""

    def __init__(self, console: Console) -> None:
        self._console, self._began, self._due = console, time.monotonic(), 0.0

    def __call__(self, what: str, done: int, most: int) -> None:
        spent = time.monotonic() - self._began
        if spent >= self._due or done == most:
            left = spent / done * (most - done)
            line = f"{what}: {done} of at most {most}, about {left / 60:.0f} min left"
            self._console.out(line, highlight=False)
            self._due = spent + _TELL_SECONDS

    def frames(self, done: int, number: int) -> None:
        """Say how many frames of the long video are made, and when the others will be."""
        if done == 1:  # its motion was drawn before
            self._began, self._due = time.monotonic(), _TELL_SECONDS
        self("long video, frames", done, number)


def _write(wanted: Evaluation, ways: Sequence[Way], found: Findings, told: Sequence[Figure]) -> list[str]:
    folder = wanted.output or join(wanted.shards[0], EVALUATION)
    about = _about(wanted, ways, found)
    by_name: dict[str, Any] = {}
    for figure in told:
        if not figure.attribute:
            of_view = by_name.setdefault(figure.view, {}).setdefault(figure.name, {})
            of_view[figure.way] = [figure.mean, figure.low, figure.high]
    plain = about | {"left_out": found.left_out, "figures": by_name}
    made = {
        "index.html": evaluation_page(about, told, found.films, found.drift, found.heads),
        "figures.parquet": parquet_bytes(_table(told, Figure)),
        "clips.parquet": parquet_bytes(_table(found.scores, Score)),
        "results.json": (json.dumps(plain, indent=1, ensure_ascii=False) + "\n").encode(),
    }
    for name, data in made.items():
        try:
            write_bytes(join(folder, name), data)
        except OSError as error:
            raise BadInputError(
                f"{join(folder, name)}: cannot be written ({error.strerror or error})"
            ) from error
    return [join(folder, name) for name in made]


def _about(wanted: Evaluation, ways: Sequence[Way], found: Findings) -> dict[str, Any]:
    known = ways[0].model.about
    return {
        # Where they lie on this machine is nobody else's business.
        "shards": [Path(place).name for place in wanted.shards],
        "split": wanted.split or "all",
        "num_clips": len(found.labels),
        "num_people": len(found.heads),
        "num_left_out": len(found.left_out),
        "says_whom_it_learnt_from": known.learnt_from is not None,
        "models_sha256": mending_models(wanted.mending, ways[0].model),
        "trained_on": f"{known.trained_on}, {known.num_steps:,} steps",
        "window_px": known.window_px,
        "ways": [way.name for way in ways],
        "steps": ways[0].num_steps,
        "min_people": wanted.min_people,
        "drift_seconds": wanted.drift_seconds,
    }


def _table(rows: Sequence[Any], kind: type[Any]) -> pa.Table:
    """Return records of texts and numbers as a table."""
    types = {str: pa.string(), int: pa.int64()}
    schema = pa.schema([(field.name, types.get(field.type, pa.float64())) for field in fields(kind)])  # type: ignore[arg-type]
    return pa.Table.from_pylist([asdict(row) for row in rows], schema=schema)
