"""How well perceived age, gender presentation and skin tone are told, group by group.

Labelled faces are UTKFace-style chips in DATA/faces/utkface_balanced with labels.csv (file, age, sex,
race). The counts of true against estimated categories are what transforms/data/attribute_confusion.json
ships; the pictures are not.
"""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.stats import binom, binomtest

from backends import faceres
from backends.protocols.arrays import RgbImage
from backends.protocols.pictures import FaceEstimate, FaceView
from benchmarks.material import VIDEO_FOLDER, manifest_labels, source_of
from benchmarks.people_faces import view_of, views_of_clip
from benchmarks.runs import read_rows
from schemas.attributes import AGE_GROUPS, GENDERS, UNKNOWN, age_group
from schemas.records.person import Attribute
from transforms.collect_faces import CollectConfig
from transforms.estimate_attributes import AttributeConfig, PerceivedConfig, estimate_from_views
from transforms.estimate_attributes.perceived import judge
from transforms.estimate_attributes.skin_tone import estimate_skin_tone, to_linear

_LABELS = ("Age:", "Gender:", "Ethnicity:")
_SEX = {"man": "masculine", "woman": "feminine"}
# The tone that people see in most faces of a declared group, lightest to darkest (as annotated pictures have
# it: Schumann et al. 2023; Gustafson et al. 2023). Within groups tones spread over three or four steps.
_EXPECTED_TONE = {"White": 3.0, "Asian": 3.5, "Other": 4.0, "Indian": 5.0, "Black": 7.0}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled face and what was estimated of it; `plain` is what the network itself says."""

    view: FaceView
    age: int
    gender: str
    group: str
    estimate: FaceEstimate
    plain: FaceEstimate


def read_faces(folder: Path) -> list[Labelled]:
    """Return the labelled faces whose mesh is found, with estimates."""
    with (folder / "labels.csv").open(encoding="utf-8") as handle:
        rows = sorted(csv.DictReader(handle), key=lambda row: row["file"])
    found: list[tuple[FaceView, dict[str, str]]] = []
    for row in rows:
        view = view_of(read_rgb(folder / row["file"]), CollectConfig())
        if view is not None:
            found.append((view, row))
    print(f"{len(found)} of {len(rows)} faces have a mesh")
    masculine, years = faceres.load().perceive([view for view, _ in found])
    plain = faceres.estimates_of(masculine, years)
    estimates = faceres.estimates_of(masculine, faceres.without_prior(years))
    return [
        Labelled(view, int(row["age"]), _SEX[row["sex"]], row["race"], estimate, before)
        for (view, row), estimate, before in zip(found, estimates, plain, strict=True)
    ]


def read_rgb(path: Path) -> RgbImage:
    """Return an image file's pixels."""
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(f"{path}: no image")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def wilson(hits: int, count: int) -> str:
    """Return a share with its 95 % Wilson interval."""
    if not count:
        return "-"
    interval = binomtest(hits, count).proportion_ci(0.95, "wilson")
    return f"{100 * hits / count:5.1f} [{100 * interval.low:4.1f}, {100 * interval.high:5.1f}]"


def groups_of(faces: Sequence[Labelled]) -> Iterator[tuple[str, list[Labelled]]]:
    """Yield the groups that the table has a row for."""
    yield "all", list(faces)
    yield "adults (18+)", [f for f in faces if f.age >= 18]
    for name in GENDERS:
        yield f"adults, {name}", [f for f in faces if f.age >= 18 and f.gender == name]
    for name in _EXPECTED_TONE:
        yield f"adults, {name}", [f for f in faces if f.age >= 18 and f.group == name]
    for name in AGE_GROUPS:
        yield f"aged {name}", [f for f in faces if age_group(f.age) == name]


def print_perceived(faces: Sequence[Labelled]) -> None:
    """Print accuracy a group: gender raw, and as the pipeline answers; age error and group."""
    print(f"\n{'':22}{'n':>5}  {'gender, any chance':>22}  {'gender, where told':>22}  told   ", end="")
    print(f"{'age group exact':>22}  {'within one group':>22}  MAE (mean error), years")
    for name, group in groups_of(faces):
        judged = [judge(f.estimate, "", PerceivedConfig()) for f in group]
        raw = sum((f.estimate.masculine > 0.5) == (f.gender == "masculine") for f in group)
        told = [(f, g) for f, (_, g) in zip(group, judged, strict=True) if g.value != UNKNOWN]
        right = sum(g.value == f.gender for f, g in told)
        errors = np.array([f.estimate.age_years - f.age for f in group])
        steps = [
            abs(AGE_GROUPS.index(a.value) - AGE_GROUPS.index(age_group(f.age)))
            for f, (a, _) in zip(group, judged, strict=True)
            if a.value != UNKNOWN
        ]
        print(
            f"{name:22}{len(group):5}  {wilson(raw, len(group)):>22}  {wilson(right, len(told)):>22}  "
            f"{100 * len(told) / max(len(group), 1):3.0f} %  "
            f"{wilson(sum(s == 0 for s in steps), len(steps)):>22}  "
            f"{wilson(sum(s <= 1 for s in steps), len(steps)):>22}  "
            f"{np.abs(errors).mean():4.1f} ({errors.mean():+.1f})"
        )


def confusion(faces: Sequence[Labelled]) -> dict[str, dict[str, list]]:
    """Return counts of true (rows) against estimated categories (columns); nothing is truly unknown."""
    judged = [judge(f.estimate, "", PerceivedConfig()) for f in faces]
    told: dict[str, tuple[Sequence[str], Callable[[Labelled], str], list[Attribute]]] = {
        "age_group": (AGE_GROUPS, lambda f: age_group(f.age), [a for a, _ in judged]),
        "gender": (GENDERS, lambda f: f.gender, [g for _, g in judged]),
    }
    tables: dict[str, dict[str, list]] = {}
    for name, (categories, truth, estimated) in told.items():
        all_categories = [*categories, UNKNOWN]
        counts = np.zeros((len(all_categories), len(all_categories)), int)
        for face, attribute in zip(faces, estimated, strict=True):
            counts[all_categories.index(truth(face)), all_categories.index(attribute.value)] += 1
        tables[name] = {"categories": all_categories, "counts": counts.tolist()}
    return tables


def write_confusion(faces: Sequence[Labelled], path: Path) -> None:
    """Write the counts as the JSON that bias reports read."""
    about = {
        "model": faceres.FaceRes.name,
        "measured_on": f"utkface_balanced: {len(faces)} faces of UTKFace, balanced over "
        "White, Black, Asian, Indian and Other, and women and men",
        "attributes": confusion(faces),
    }
    path.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def exposed(image: RgbImage, stops: float) -> RgbImage:
    """Return a picture as if taken with more light; what exceeds white is cut off."""
    light = np.clip(to_linear(image) * 2.0**stops, 0, 1)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(255 * encoded).astype(np.uint8)


def median_interval(values: Sequence[float]) -> str:
    """Return a median with its 95 % interval (order statistics, Conover 1999)."""
    ordered = sorted(values)
    low, high = (int(binom.ppf(q, len(ordered), 0.5)) for q in (0.025, 0.975))
    middle = float(np.median(ordered))
    return f"{middle:4.1f} [{ordered[low]:.1f}, {ordered[min(high, len(ordered) - 1)]:.1f}]"


def print_skin(faces: Sequence[Labelled]) -> None:
    """Print skin tone a declared group, and how it holds when the exposure changes by a stop.

    The settings were set on the faces of even number; the table shows the others.
    """
    config, held_out = AttributeConfig().skin, faces[1::2]
    plain = [estimate_skin_tone([f.view], config) for f in held_out]
    print(f"\n{'':10}{'n':>5} {'told, %':>22}   {'median tone':>17}  expected    off")
    for name, expected in _EXPECTED_TONE.items():
        here = [s for f, s in zip(held_out, plain, strict=True) if f.group == name]
        tones = [s.score for s in here if s.score is not None]
        print(
            f"{name:10}{len(here):5} {wilson(len(tones), len(here)):>22}   {median_interval(tones):>17}  "
            f"{expected:8.1f}  {np.median(tones) - expected:+5.1f}"
        )
    for stops in (-1.0, 1.0):
        shifted = [
            estimate_skin_tone([FaceView(exposed(f.view.image, stops), f.view.points)], config)
            for f in held_out
        ]
        away = np.array(
            [
                abs(a.score - b.score)
                for a, b in zip(plain, shifted, strict=True)
                if a.score is not None and b.score is not None
            ]
        )
        was = sum(a.value != UNKNOWN for a in plain)
        print(
            f"{stops:+.0f} stop: {len(away)} of {was} still told; the tone moves by {np.median(away):.1f} "
            f"(90 %: {np.percentile(away, 90):.1f})"
        )


def print_clips(data: Path, run: Path) -> None:
    """Print what is told of a run's clips beside the labels that their files came with."""
    labels = manifest_labels(data)
    print(f"\n{'file':44}{'label':22}{'age':>5}  group    gender        skin tone")
    for row in sorted(read_rows(run, "clips"), key=lambda r: (r["source_name"], r["start_seconds"])):
        name = f"{VIDEO_FOLDER}/{source_of(row['source_name'])}"
        if row["landmarks_face_ratio"] is None or not labels.get(name, "").startswith(_LABELS):
            continue
        views, weights = views_of_clip(run, row["clip_id"])
        age, gender, skin = estimate_from_views(views, weights, faceres.load(), AttributeConfig())
        years = "" if age.score is None else f"{age.score:.0f}"
        print(f"{name:44}{labels[name]:22}{years:>5}  {age.value:8} {gender.value:13} {skin.value}")
