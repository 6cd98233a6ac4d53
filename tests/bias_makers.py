"""A made-up collection of people with several clips each, and filters that drop some of them.

Everything of one person hangs together (how bright, how noisy), as in real collections.
"""

import dataclasses
import random
from typing import Any

import numpy as np

from schemas.outcomes import Rejection
from schemas.records.clip import Clip
from schemas.records.person import Attribute
from schemas.records.source import Source
from tests.report_makers import Records
from tests.report_records import make_clip, make_shot, make_track, make_video, reject
from transforms.balance import BalanceConfig, Target, make_plan
from transforms.balance.candidates import Candidate, attribute_names, candidate_of
from transforms.summarise_bias import BiasConfig, summarise
from transforms.summarise_bias.confusion import Confusion
from transforms.summarise_bias.rows import Label, Row, clip_row, ended, video_row

STAGES = ("propose", "audio", "look", "words", "body", "balance", "check")
GROUPS: dict[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    "gender": (("feminine", "masculine"), (0.4, 0.6)),
    "age_group": (("20-29", "30-39", "40-49", "60-69"), (0.35, 0.3, 0.25, 0.1)),
    "skin_tone": (("monk_2", "monk_4", "monk_6", "monk_8"), (0.4, 0.3, 0.2, 0.1)),
}
PLANTED = ("dark_face", "skin_tone", "monk_8")
GENDER = Target(attributes=("gender",))
AGE = Target(attributes=("age_group",), shares={"20-29": 0.4, "30-39": 0.4, "60-69": 0.2})
_MIN_LUMA = 70.0


def planted_rows(seed: int, num_people: int = 300, shift: float = 70.0) -> list[Row]:
    """Return rows of clips of which a brightness filter drops one group's, which is darker by `shift`."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for person in range(num_people):
        values = {name: str(rng.choice(groups, p=shares)) for name, (groups, shares) in GROUPS.items()}
        dark = values[PLANTED[1]] == PLANTED[2]
        person_luma = rng.normal(120, 25) - (shift if dark else 0.0)
        person_snr = rng.normal(8 if rng.random() < 0.1 else 25, 5)
        labels = {name: Label(value, True) for name, value in values.items()}
        for clip in range(1 + rng.poisson(6)):
            stage, reasons = _end(rng, person_luma + rng.normal(0, 10), person_snr + rng.normal(0, 5))
            rows.append(Row("clip", f"{person}_{clip}", f"p{person}", 5.0, labels, stage, reasons))
    return rows


def _end(rng: np.random.Generator, luma: float, snr: float) -> tuple[str, tuple[str, ...]]:
    """Return where and why a clip ends; the brightness is the only score that depends on a group."""
    if snr < 3:
        return "audio", ("noisy_audio",)
    if rng.random() < 0.05:
        return "audio", ("no_speech",)
    found = ["dark_face"] if luma < _MIN_LUMA else []
    found += [name for name, chance in (("blurred_face", 0.06), ("jump_cut", 0.03)) if rng.random() < chance]
    if found:
        return "look", tuple(found)
    return ("words", ("unsure_words",)) if rng.random() < 0.04 else ("", ())


def planted_imbalance(
    num: int = 2000, seed: int = 0, feminine: float = 0.15, old: float = 0.1
) -> list[Candidate]:
    """Return candidates of whom few are women and few are old; of some nobody knows the gender."""
    rng = random.Random(seed)
    found = []
    for i in range(num):
        gender = rng.choices(("feminine", "masculine", "unknown"), (feminine, 0.95 - feminine, 0.05))[0]
        age = rng.choices(("20-29", "30-39", "60-69"), ((1 - old) / 2, (1 - old) / 2, old))[0]
        found.append(Candidate(f"c{i:05d}", f"p{i % 211}", f"v{i % 307}", rng.uniform(2, 10), (gender, age)))
    return found


def people_records(
    num_people: int = 120, seed: int = 1, bias: BiasConfig | None = None, **balance: Any
) -> Records:
    """Return a run's records with its bias tables, made by the steps' own cores."""
    rng, records = random.Random(seed), Records()
    for number in range(num_people):
        _add_person(records, number, rng)
    return with_bias_tables(records, bias or BiasConfig(), BalanceConfig(**balance))


def _add_person(records: Records, number: int, rng: random.Random) -> None:
    values = {name: rng.choices(groups, shares)[0] for name, (groups, shares) in GROUPS.items()}
    declared = () if number % 5 == 4 else (("gender", values["gender"]), ("age_group", values["age_group"]))
    video = make_video(number, 60.0)
    source = dataclasses.replace(video.source, attributes=declared, speaker_id=f"p{number}")
    video = dataclasses.replace(video, source=source)
    records.videos.append(video)
    shot = make_shot(video, 0.0, 60.0)
    records.shots.append(shot)
    track = make_track(shot, 0.0, 60.0)
    records.face_tracks.append(track)
    if number % 23 == 11:
        records.rejections.append(
            reject("span", video, "propose_clips", "span", "no_face", start_seconds=0.0, end_seconds=60.0,
                   seconds=60.0)
        )  # fmt: skip
        return
    luma = rng.gauss(110, 20) - (60 if values["skin_tone"] == "monk_8" else 0)
    for place in range(rng.randint(1, 8)):
        clip = make_clip(video, track, 7.0 * place, 7.0 * place + 6.0, rng)
        assert clip.quality
        clip = dataclasses.replace(
            clip, quality=dataclasses.replace(clip.quality, face_luma=luma + rng.gauss(0, 8))
        )
        _judge(records, dataclasses.replace(clip, attributes=_estimated(values, source, rng)), rng)


def _estimated(values: dict[str, str], source: Source, rng: random.Random) -> tuple[Attribute, ...]:
    found = [("skin_tone", values["skin_tone"] if rng.random() < 0.95 else "unknown")]
    if not source.attributes:
        other = {"feminine": "masculine", "masculine": "feminine"}
        gender = values["gender"] if rng.random() < 0.92 else other[values["gender"]]
        found.append(("gender", gender))
    return tuple(
        Attribute(name=n, value=v, source="estimated", confidence=0.9, model="a model", score=None)
        for n, v in found
    )


def _judge(records: Records, clip: Clip, rng: random.Random) -> None:
    assert clip.quality and clip.quality.face_luma is not None
    stage, reason = "", ""
    if rng.random() < 0.08:
        stage, reason = "audio", "no_speech"
    elif clip.quality.face_luma < _MIN_LUMA:
        stage, reason = "look", "dark_face"
    elif rng.random() < 0.06:
        stage, reason = "look", "blurred_face"
    if not stage:
        records.clips.append(clip)
        return
    records.clips.append(dataclasses.replace(clip, status="rejected"))
    records.rejections.append(
        Rejection(
            stage=f"filter_{stage}", level="clip", subject_id=clip.clip_id, video_id=clip.video_id,
            source_name=clip.source.name, reason=reason, score=1.0, threshold=2.0,
            seconds=clip.duration_seconds,
        )
    )  # fmt: skip


def with_bias_tables(records: Records, bias: BiasConfig, balance: BalanceConfig) -> Records:
    """Balance the accepted clips and add the tables of the bias report."""
    names = attribute_names(balance)
    passed = [clip for clip in records.clips if clip.status == "accepted"]
    plan = make_plan([candidate_of(clip, names) for clip in passed], balance)
    others = [clip for clip in records.clips if clip.status != "accepted"]
    judged = [(clip, plan.judge(clip)) for clip in passed]
    kept = [found for _, found in judged if isinstance(found, Clip)]
    gone = [found for _, found in judged if isinstance(found, Rejection)]
    lost = [dataclasses.replace(c, status="rejected") for c, found in judged if isinstance(found, Rejection)]
    rejections = [*records.rejections, *gone]
    by_clip = {r.subject_id: r for r in rejections if r.level == "clip"}
    rows = [
        ended(clip_row(clip, bias.scores), [by_clip[clip.clip_id]] if clip.clip_id in by_clip else [], [])
        for clip in [*others, *lost, *kept]
    ]
    cut = {clip.video_id for clip in records.clips}
    spans = [r for r in rejections if r.level == "span"]
    rows += [
        video_row(v, int(v.video_id in cut), [r for r in spans if r.video_id == v.video_id])
        for v in records.videos
    ]
    targets = {t.attributes[0]: t.shares for t in balance.targets if len(t.attributes) == 1}
    tables = summarise(rows, STAGES, bias, targets, {"gender": measured_gender()}, plan.targets, plan.splits)
    return dataclasses.replace(
        records, clips=[*others, *lost, *kept], rejections=rejections, bias_cells=list(tables.cells),
        bias_metrics=list(tables.metrics), funnel=list(tables.funnel),
        representation=list(tables.representation), young_adults=list(tables.young_adults),
        balance_targets=list(tables.targets),
        balance_splits=list(tables.splits), balance_warnings=list(plan.warnings),
    )  # fmt: skip


def measured_gender() -> Confusion:
    """Return a confusion as it might be measured on 560 faces."""
    groups = ("feminine", "masculine")
    return Confusion(groups, groups, np.array([[258.0, 22.0], [25.0, 255.0]]))
