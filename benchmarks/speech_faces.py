"""Which of two faces speaks: turns labelled by eye, and words exchanged between two people on numbers.

For every two people one's last 2.5 s of sound are replaced by the other's, and both faces compared over every
2 s: his clip holds words of hers. Where nothing is replaced her lips move to words that are not heard, the
hardest listener there is; what is rejected then is rejected falsely. Bounds were set on half 0.
"""

import csv
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from backends import lip_sync, silero
from benchmarks.page import Part, Table
from benchmarks.speech_rules import half_of
from benchmarks.speech_sync import MANY_FACES, NOT_SPEAKING, Judge, LipClip, fits, load_clips
from schemas.sample import SAMPLING_RATE_HZ
from tools.train_lip_sync import MAX_LAG, Example
from transforms.filter_clips import DEFAULT_RULES
from transforms.score_audio import AudioConfig
from transforms.score_sync import peak_height, spoken_frames, spoken_stretches

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_TURNS = Path(__file__).parent / "speaking_turns.csv"
_EXCHANGED_FRAMES, _LEAST_FRAMES, _MOST_FRAMES = 62, 112, 250
_BOUNDS = (0.0, -0.05, -0.1, -0.15, -0.2)


def faces_part(data: Path, run: Path, turns_run: Path) -> Part:
    """Speaking faces: who is chosen in each turn, and how often another's words are noticed."""
    turns, right, of = _turns_table(data, turns_run)
    exchanged = exchanged_words(Judge(load_clips(data, run)), load_clips(data, run))
    return Part(
        name="faces",
        tables=[turns, exchanged],
        values={"turns": [right, of], "exchanged": exchanged.rows},
        targets=[("the speaking face is chosen", f"{right} of {of} turns", right == of)],
    )


def exchanged_words(judge: Judge, clips: Sequence[LipClip]) -> Table:
    """Return how many clips of one person's words are rejected because of another face, and of two's."""
    first: dict[str, LipClip] = {}
    for clip in clips:
        long = len(clip.example.mouth) >= _LEAST_FRAMES and clip.row["status"] == "accepted"
        if long and not fits(clip.name, (*NOT_SPEAKING, *MANY_FACES)):
            first.setdefault(clip.person, clip)
    spoken = {person: _spoken(clip) for person, clip in first.items()}
    own: dict[int, list[float]] = {0: [], 1: []}
    mixed: dict[int, list[float]] = {0: [], 1: []}
    for his, hers in itertools.permutations(first.values(), 2):
        for made, exchanged in ((own, 0), (mixed, _EXCHANGED_FRAMES)):
            least = _least_margin(judge, (his, spoken[his.person]), (hers, spoken[hers.person]), exchanged)
            made[half_of(his.person)] += [] if least is None else [least]
    bound = next(r.minimum for r in DEFAULT_RULES if r.field == "sync.weakest_margin")
    rows = [
        (half, b, _share(np.array(own[half]) < b), _share(np.array(mixed[half]) < b))
        for half in (0, 1)
        for b in _BOUNDS
    ]
    return Table(
        title="Words exchanged between two people",
        columns=("half", "bound on weakest_margin", "own words rejected", "words of two rejected"),
        rows=rows,
        remark=f"{len(first)} people, every two of them; the rule's bound is {bound}",
    )


def _spoken(clip: LipClip) -> Flags:
    """Return on which frames of a clip somebody speaks."""
    spans = silero.load(AudioConfig().vad_threshold).find_speech(clip.samples).spans
    return spoken_frames(spans, len(clip.example.mouth), clip.example.fps)


def _least_margin(
    judge: Judge, his: tuple[LipClip, Flags], hers: tuple[LipClip, Flags], exchanged: int
) -> float | None:
    """Return the least margin of his face over hers where the last frames of his sound are hers."""
    count = min(len(his[1]), len(hers[1]), _MOST_FRAMES)
    kept = count - exchanged
    spoken = np.concatenate([his[1][:kept], hers[1][kept:count]])
    margins: list[Array] = []
    for face in (his[0], hers[0]):
        sounds = [judge.predicted(face, sound, count) for sound in (his[0], hers[0])]
        agreement = judge.agreement(face, np.concatenate([sounds[0][:kept], sounds[1][kept:]]))
        stretches = spoken_stretches(agreement, spoken, face.example.fps)
        margins.append(np.array([stretch.agreement for stretch in stretches]))
    return float((margins[0] - margins[1]).min()) if len(margins[0]) else None


def _share(hits: npt.NDArray[np.bool_]) -> str:
    interval = binomtest(int(hits.sum()), len(hits)).proportion_ci(0.95, "wilson")
    return f"{hits.mean():.1%} of {len(hits)} ({interval.low:.1%} to {interval.high:.1%})"


def _turns_table(data: Path, run: Path) -> tuple[Table, int, int]:
    """Choose the speaking face in each turn labelled by eye where both faces were followed."""
    clips = load_clips(data, run)
    judge, rows = Judge(clips), []
    with _TURNS.open(encoding="utf-8", newline="") as handle:
        turns = list(csv.DictReader(handle))
    for turn in turns:
        start, end = float(turn["start_s"]), float(turn["end_s"])
        scores: dict[float, float] = {}
        for clip in (c for c in clips if c.name == turn["file"]):
            fps, begin = clip.example.fps, clip.row["start_seconds"]
            low = max(round((start - begin) * fps), 0)
            high = min(round((end - begin) * fps), len(clip.example.mouth))
            if high - low >= 2 * MAX_LAG + 10:
                scores[clip.face_x] = _confidence_within(judge, clip, low, high)
        sides = sorted(scores)
        if len(sides) < 2:
            rows.append(
                (turn["file"], start, end, turn["speaker"], f"{len(sides)} face followed", None, None)
            )
            continue
        best = max(scores, key=lambda x: scores[x])
        chosen = "left" if best < np.mean([sides[0], sides[-1]]) else "right"
        rows.append((turn["file"], start, end, turn["speaker"], chosen, scores[sides[0]], scores[sides[-1]]))
    judged = [r for r in rows if r[5] is not None]
    columns = ("file", "from s", "to s", "speaker", "chosen", "left confidence", "right confidence")
    return (
        Table(title="Speaking faces, labelled by eye", columns=columns, rows=rows),
        sum(r[3] == r[4] for r in judged),
        len(judged),
    )


def _confidence_within(judge: Judge, clip: LipClip, low: int, high: int) -> float:
    fps = clip.example.fps
    sound = clip.samples[round(low / fps * SAMPLING_RATE_HZ) : round(high / fps * SAMPLING_RATE_HZ)]
    part = Example(clip.row["clip_id"], clip.person, clip.example.encoded, clip.example.mouth[low:high], fps)
    cut = LipClip(clip.name, clip.person, clip.row, sound, part, clip.face_x)
    lags = judge.lags(cut, lip_sync.WhisperEncoder().encode(sound), high - low)
    return peak_height(lags, high - low)
