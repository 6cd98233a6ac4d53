"""Lip sync on the clips of a run: shifts, operating curve, noise, rejections.

Nobody is judged by a map that learnt from them: the bundled map is used for people it never saw, and for
those it learnt from (LEARNT_FROM) one learnt without them.
"""

import csv
import fnmatch
import functools
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from backends import lip_sync
from benchmarks.material import VIDEO_FOLDER, manifest_identities, source_of
from benchmarks.page import Part, Table
from benchmarks.runs import read_rows
from benchmarks.speech_words import NOISE_DB, with_noise
from body.face_mesh import NOSE_TIP
from pipelines.open_clip import open_clip
from pipelines.run_folder import RunFolder
from schemas.days import utc_today
from schemas.sample import unpack_landmarks
from tools.train_lip_sync import MAX_LAG, Example, LipMap, learn
from transforms.filter_clips import DEFAULT_RULES
from transforms.score_sync import peak_height

Samples = npt.NDArray[np.float32]
LEARNT_FROM = (
    "video/grid/*",
    "video/hdtf/May_5s*",
    "video/hdtf/RD_*",
    "video/hdtf/WDA_*",
    "video/portrait/*",
)
NOT_SPEAKING = ("video/music_faces/*", "video/multi/dress_portrait*", "video/mead_silent/*")
MANY_FACES = ("video/multi/two_women*",)
_COMMAND = Path(__file__).resolve().parent.parent / "run_pipeline.py"
_RATE = 16000
_LONG_FRAMES = 100  # clips of 4 s and more are judged one by one


@dataclass(frozen=True, slots=True)
class LipClip:
    """A clip with a face that was looked at: its row in the tables, sound, encoded sound and mouth."""

    name: str
    person: str
    row: dict[str, Any]
    samples: Samples
    example: Example
    face_x: float


def make_run(data: Path, folder: Path, names: Sequence[str] = (), rules_off: bool = False) -> Path:
    """Curate the videos (all that show people, or those named) unless the folder holds a run; return it."""
    if (folder / "run.json").is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    manifest = folder.parent / f"{folder.name}-inputs.csv"
    with (data / "manifest.csv").open(encoding="utf-8", newline="") as handle:
        rows = [r for r in csv.DictReader(handle) if r["file"].startswith("video/")]
    with manifest.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["uri", "speaker_id"])
        for row in rows:
            wanted = row["file"] in names if names else not row["file"].startswith("video/negative/")
            if wanted:
                writer.writerow([str((data / row["file"]).absolute()), row["identity"]])
    config = folder.parent / f"{folder.name}.yaml"
    rules = {rule.name: {"mode": "off"} for rule in DEFAULT_RULES} if rules_off else {}
    config.write_text(yaml.safe_dump({"filter": {"rules": rules}}), encoding="utf-8")
    command = [sys.executable, str(_COMMAND), "curate", "--input", str(manifest), "--output", str(folder)]
    log = folder.parent / f"{folder.name}.log"
    with log.open("w", encoding="utf-8") as handle:
        done = subprocess.run([*command, "--config", str(config)], stdout=handle, stderr=handle, check=False)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"curate ended with exit code {done.returncode}; see {log}")
    return folder


@functools.cache
def load_clips(data: Path, run: Path) -> list[LipClip]:
    """Return the clips of a run whose faces were looked at, in order of source and time."""
    encoder, clips, people = lip_sync.WhisperEncoder(), [], manifest_identities(data)
    for row in sorted(
        read_rows(run, "clips"), key=lambda r: (r["source_name"], r["start_seconds"], r["track_id"])
    ):
        if (row["landmarks_face_ratio"] or 0.0) < 0.5:
            continue
        _, media = open_clip(RunFolder(str(run)), row["clip_id"], utc_today())
        face = unpack_landmarks(media.arrays, "face:landmarks")
        samples = media.sound
        name = _file_of(row)
        person = people.get(name, name)
        mouth = lip_sync.mouth_shape(face, row["fps"])
        example = Example(row["clip_id"], person, encoder.encode(samples), mouth, row["fps"])
        scale = (row["crop_xyxy"][2] - row["crop_xyxy"][0]) / row["width"]
        face_x = row["crop_xyxy"][0] + scale * float(np.nanmedian(face[:, NOSE_TIP, 0]))
        clips.append(LipClip(name, person, row, samples, example, face_x))
    return clips


def _file_of(row: dict[str, Any]) -> str:
    """Return the path below the data of the source that a row of a table is about."""
    return f"{VIDEO_FOLDER}/{source_of(row['source_name'])}"


def fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(name, p) for p in patterns)


class Judge:
    """Scores sounds against mouths with maps that never saw the person."""

    def __init__(self, clips: Sequence[LipClip]) -> None:
        with np.load(lip_sync.WEIGHTS, allow_pickle=False) as archive:
            self._bundled = LipMap(archive["map"].astype(float), archive["weights"].astype(float))
        known = [c.example for c in clips if fits(c.name, LEARNT_FROM) and c.row["status"] == "accepted"]
        self._without = learn(known)[1] if known else {}

    def lags(
        self, clip: LipClip, encoded: npt.NDArray[np.float32], num_frames: int
    ) -> npt.NDArray[np.float64]:
        """Return the correlations of a clip's mouth with an encoded sound at all lags."""
        learnt, fps = self._map_for(clip), clip.example.fps
        predicted = lip_sync.sound_features(encoded, num_frames, fps) @ learnt.map
        return lip_sync.lag_correlations(predicted, clip.example.mouth[:num_frames], learnt.weights, MAX_LAG)

    def predicted(self, face: LipClip, sound: LipClip, num_frames: int) -> npt.NDArray[np.float64]:
        """Return what a clip's sound predicts of the mouth (num_frames, k), by the map for a face."""
        encoded, fps = sound.example.encoded, sound.example.fps
        return lip_sync.sound_features(encoded, num_frames, fps) @ self._map_for(face).map

    def agreement(self, face: LipClip, predicted: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return what each frame of a face adds to its agreement with what was predicted, (k, n)."""
        mouth = face.example.mouth[: len(predicted)]
        return lip_sync.frame_correlations(predicted, mouth, self._map_for(face).weights, MAX_LAG)

    def _map_for(self, clip: LipClip) -> LipMap:
        return self._without.get(clip.person, self._bundled)


def area_under_curve(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Return the chance that a positive scores above a negative."""
    low = np.sort(np.asarray(negatives))
    return float(np.mean([np.searchsorted(low, p) / len(low) for p in positives]))


def sync_part(data: Path, run: Path) -> Part:
    """Lip sync: shifts recovered, own against other sound, rejections, noise."""
    clips = load_clips(data, run)
    judge = Judge(clips)
    talking = [
        c
        for c in clips
        if not fits(c.name, (*NOT_SPEAKING, *MANY_FACES))
        and len(c.example.mouth) >= _LONG_FRAMES
        and (c.row["status"] == "accepted" or _broken(c) in ("lips_say_something_else", "off_screen_voice"))
    ]
    accepted = [c for c in talking if c.row["status"] == "accepted"]
    shifted, recovered = _recovered_shifts(judge, accepted)
    tables = [shifted]
    curve, area, errors = _operating_curve(judge, talking)
    tables.append(curve)
    tables.append(_noise_table(judge, talking))
    rejected, all_rejected = _rejection_table(run)
    tables.append(rejected)
    return Part(
        name="sync",
        tables=tables,
        values={"recovered": recovered, "auc": area, "errors": errors},
        targets=[
            ("shifts of -10 to 10 frames recovered within 1 in 85 %", f"{recovered:.1%}", recovered >= 0.85),
            ("own against another clip's sound, AUC at least 0.92", f"{area:.3f}", area >= 0.92),
            ("faces that do not speak are rejected", "all" if all_rejected else "not all", all_rejected),
        ],
    )


def _broken(clip: LipClip) -> str | None:
    """Return the first rule of the sync stage that a clip breaks."""
    for rule in (r for r in DEFAULT_RULES if r.stage == "sync"):
        score = clip.row[rule.field.replace(".", "_")]
        if score is None:
            continue
        if (rule.minimum is not None and score < rule.minimum) or (
            rule.maximum is not None and score > rule.maximum
        ):
            return rule.name
    return None


def _recovered_shifts(judge: Judge, clips: Sequence[LipClip]) -> tuple[Table, float]:
    """Shift the sound of accepted clips by -10 to 10 frames, and estimate the offset anew."""
    encoder, found = lip_sync.WhisperEncoder(), defaultdict(list)
    for clip in clips:
        for shift in range(-10, 11):
            late = np.zeros_like(clip.samples)
            step = round(shift / clip.example.fps * _RATE)
            late[max(step, 0) : len(late) + min(step, 0)] = clip.samples[
                max(-step, 0) : len(late) - max(step, 0)
            ]
            lags = judge.lags(clip, encoder.encode(late), len(clip.example.mouth))
            found[clip.name].append(abs(int(np.argmax(lags)) - MAX_LAG - shift) <= 1)
    rows = [(name, len(hits) // 21, float(np.mean(hits))) for name, hits in found.items()]
    share = float(np.mean([hit for hits in found.values() for hit in hits]))
    rows.append(("all", len(clips), share))
    title = "Sound shifted by -10 to 10 frames: recovered within one frame"
    return Table(title=title, columns=("source", "clips", "share"), rows=rows), share


def _operating_curve(judge: Judge, clips: Sequence[LipClip]) -> tuple[Table, float, list]:
    own = [
        peak_height(judge.lags(c, c.example.encoded, len(c.example.mouth)), len(c.example.mouth))
        for c in clips
    ]
    others = _against_others(judge, clips, [c.example.encoded for c in clips])
    area = area_under_curve(own, others)
    rows = [
        (t, float(np.mean(np.array(own) < t)), float(np.mean(np.array(others) >= t)))
        for t in (0.16, 0.2, 0.22, 0.24, 0.26, 0.28, 0.32)
    ]
    return (
        Table(title="Confidence below which clips are rejected", columns=(
            "bound", "own sound rejected", "another's sound passed"), rows=rows,
            remark=f"{len(own)} clips, {len(others)} pairs, AUC {area:.3f}"),
        area,
        rows,
    )  # fmt: skip


def _against_others(
    judge: Judge, clips: Sequence[LipClip], sounds: Sequence[npt.NDArray[np.float32]]
) -> list[float]:
    found: list[float] = []
    for clip in clips:
        for other, sound in zip(clips, sounds, strict=True):
            if other.person != clip.person:
                frames = min(len(clip.example.mouth), len(other.example.mouth))
                found.append(peak_height(judge.lags(clip, sound, frames), frames))
    return found


def _noise_table(judge: Judge, clips: Sequence[LipClip]) -> Table:
    encoder, rows = lip_sync.WhisperEncoder(), []
    for level in (None, *NOISE_DB):
        sounds = [encoder.encode(with_noise(c.samples, level)) for c in clips]
        all_lags = [judge.lags(c, s, len(c.example.mouth)) for c, s in zip(clips, sounds, strict=True)]
        own = [peak_height(lags, len(c.example.mouth)) for lags, c in zip(all_lags, clips, strict=True)]
        near = float(np.mean([abs(int(np.argmax(lags)) - MAX_LAG) <= 1 for lags in all_lags]))
        area = area_under_curve(own, _against_others(judge, clips, sounds))
        rows.append(("none" if level is None else f"{level} dB", area, near, float(np.median(own))))
    columns = ("speech to noise", "AUC", "offset within 1 frame of 0", "median confidence")
    return Table(title="Lip sync in pink noise", columns=columns, rows=rows)


def _rejection_table(run: Path) -> tuple[Table, bool]:
    ends: dict[str, set[str]] = defaultdict(set)
    for row in read_rows(run, "rejections"):
        if row["level"] != "span":
            ends[_file_of(row)].add(row["reason"])
    for row in read_rows(run, "clips"):
        if row["status"] == "accepted":
            ends[_file_of(row)].add("accepted")
    rows = [(n, ", ".join(sorted(why))) for n, why in sorted(ends.items()) if fits(n, NOT_SPEAKING)]
    good = bool(rows) and all("accepted" not in why for _, why in rows)
    return Table(title="Faces that do not speak", columns=("source", "ends"), rows=rows), good
