"""Words: boundaries against hand-set ones, recognition, language, numerals, noise."""

import csv
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from backends import pocketsphinx, whisperx
from benchmarks.page import Part, Table
from media import MediaLimits, decode_audio, probe_media
from schemas.sample import SAMPLING_RATE_HZ
from transforms.spoken_words import spoken_words
from transforms.written_words import whole_words

Samples = npt.NDArray[np.float32]
NOISE_DB = (20, 10, 0)


@dataclass(frozen=True, slots=True)
class GoldWord:
    """A word with hand-set times in seconds."""

    text: str
    start_seconds: float
    end_seconds: float


def load_sound(path: Path) -> Samples:
    """Return the whole sound of a file, mono at 16 kHz."""
    if path.suffix in (".wav", ".flac"):
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
        return resampled(sound.mean(axis=1), rate)
    limits, uri = MediaLimits(), str(path)
    seconds = float(probe_media(uri, limits).duration_seconds)
    return decode_audio(uri, limits, 0.0, seconds, SAMPLING_RATE_HZ)


def resampled(sound: npt.NDArray[np.floating], rate: int) -> Samples:
    """Return mono sound at 16 kHz."""
    return np.asarray(soxr.resample(sound, rate, SAMPLING_RATE_HZ), np.float32)


def read_gold(data: Path) -> dict[str, list[GoldWord]]:
    """Return hand-set words by file, in order; entries that are no words (*) are left out."""
    gold: dict[str, list[GoldWord]] = defaultdict(list)
    with (data / "speech" / "gold_words.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            if any(c.isalpha() for c in row["word"]):
                gold[row["file"]].append(GoldWord(row["word"], float(row["start_s"]), float(row["end_s"])))
    return dict(gold)


def with_noise(samples: Samples, snr_db: float | None, seed: int = 0) -> Samples:
    """Return samples with pink noise added at a ratio of speech to noise power; None adds nothing."""
    if snr_db is None:
        return samples
    white = np.random.default_rng(seed).standard_normal(len(samples))
    spectrum = np.fft.rfft(white)
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0))
    pink = np.fft.irfft(spectrum, len(samples))
    power = float((samples.astype(np.float64) ** 2).mean()) / 10 ** (snr_db / 10)
    return (samples + pink * np.sqrt(power / (pink**2).mean())).astype(np.float32)


def boundary_errors(samples: Samples, gold: Sequence[GoldWord]) -> npt.NDArray[np.float64]:
    """Return errors of start and end (n, 2) in seconds of known words; NaN where one was not found."""
    found = pocketsphinx.load().align(samples, spoken_words([w.text for w in gold]))
    errors = np.full((len(gold), 2), np.nan)
    for error, at, word in zip(errors, found.words, gold, strict=True):
        if at is not None:
            error[:] = at.start_seconds - word.start_seconds, at.end_seconds - word.end_seconds
    return errors


def spoken_text(text: str) -> list[str]:
    """Return a text as comparable spoken words."""
    return [token for readings in spoken_words(text.split()) if readings for token in readings[0]]


def match_words(wanted: Sequence[str], heard: Sequence[str]) -> tuple[int, list[tuple[int, int]]]:
    """Return the word errors (Levenshtein) and the pairs of indices of words that are equal."""
    n, m = len(wanted), len(heard)
    cost = np.zeros((n + 1, m + 1), int)
    cost[:, 0], cost[0] = np.arange(n + 1), np.arange(m + 1)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            same = cost[i - 1, j - 1] + (wanted[i - 1] != heard[j - 1])
            cost[i, j] = min(same, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    pairs: list[tuple[int, int]] = []
    i, j = n, m
    while i and j:
        if wanted[i - 1] == heard[j - 1] and cost[i, j] == cost[i - 1, j - 1]:
            pairs.append((i - 1, j - 1))
            i, j = i - 1, j - 1
        elif cost[i, j] == cost[i - 1, j - 1] + 1:
            i, j = i - 1, j - 1
        elif cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    return int(cost[n, m]), pairs[::-1]


def alignment_part(data: Path) -> Part:
    """Known words: boundary errors by file."""
    rows, every, untimed = [], [], 0
    for file, gold in read_gold(data).items():
        errors = boundary_errors(load_sound(data / file), gold)
        untimed += int(np.isnan(errors).any(axis=1).sum())
        rows.append((file, len(gold), *_summary(errors)))
        every.append(errors)
    total = np.concatenate(every)
    rows.append(("all", len(total), *_summary(total)))
    median, within = _summary(total)[:2]
    return Part(
        name="alignment",
        tables=[Table(title="Known words against hand-set boundaries", columns=(
            "file", "words", "median error s", "within 50 ms", "90 % below s", "bias s"), rows=rows)],
        values={"median_seconds": median, "within_50_ms": within, "untimed": untimed},
        targets=[
            ("median boundary error at most 20 ms", f"{median * 1000:.1f} ms", median <= 0.02),
            ("90 % of boundaries within 50 ms", f"{within:.1%}", within >= 0.9),
            ("no word without a time", str(untimed), untimed == 0),
        ],
    )  # fmt: skip


def _summary(errors: npt.NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return the median, the share within 50 ms, the 90th percentile and the bias of errors."""
    size = np.abs(errors[np.isfinite(errors)])
    if not len(size):
        return float("nan"), float("nan"), float("nan"), float("nan")
    return (
        float(np.median(size)), float((size <= 0.05).mean()), float(np.quantile(size, 0.9)),
        float(np.nanmedian(errors)),
    )  # fmt: skip


def transcripts(data: Path) -> dict[str, str]:
    """Return the transcribed files below speech/ with what is said."""
    with (data / "manifest.csv").open(encoding="utf-8", newline="") as handle:
        rows = [r for r in csv.DictReader(handle) if r["file"].startswith("speech/") and r["transcript"]]
    texts = {r["file"]: r["transcript"] for r in rows}
    # Its transcript has marks for pauses; the hand-set words are what is said.
    gold = read_gold(data)
    return {
        file: " ".join(w.text for w in gold[file]) if "acoustic" in file else text
        for file, text in texts.items()
    }


def recognition_part(data: Path) -> Part:
    """Recognised words: error rate by file, boundaries of the words that were heard right, language."""
    recogniser, aligner, gold = whisperx.load("base", 5), pocketsphinx.load(), read_gold(data)
    rows: list[tuple] = []
    errors_all: list[npt.NDArray[np.float64]] = []
    wrong = total = untimed = 0
    for file, text in sorted(transcripts(data).items()):
        samples = load_sound(data / file)
        heard = recogniser.recognise(samples, None)
        written = [w.text for w in whole_words(heard.words) if spoken_words([w.text])[0]]
        found = aligner.align(samples, spoken_words(written)).words if heard.language == "en" else ()
        untimed += sum(at is None for at in found)
        wanted, said = spoken_text(text.lower()), spoken_text(" ".join(written).lower())
        errors, _ = match_words(wanted, said)
        wrong, total = wrong + errors, total + len(wanted)
        median = None
        if file in gold:
            _, pairs = match_words(
                [w.text.lower() for w in gold[file]], [w.strip(".,!?;:").lower() for w in written]
            )
            times = np.array(
                [
                    (
                        at.start_seconds - gold[file][i].start_seconds,
                        at.end_seconds - gold[file][i].end_seconds,
                    )
                    for i, j in pairs
                    if (at := found[j]) is not None
                ]
            ).reshape(-1, 2)
            errors_all.append(times)
            median = _summary(times)[0]
        rows.append((file, heard.language, len(wanted), errors, errors / max(len(wanted), 1), median))
    rate = wrong / total
    every = np.concatenate(errors_all)
    rows.append(("all", "", total, wrong, rate, _summary(every)[0]))
    return Part(
        name="recognition",
        tables=[Table(title="Recognised words", columns=(
            "file", "language", "words", "errors", "WER", "median boundary error s"), rows=rows,
            remark="boundaries of the words heard right, from the same path as in a run")],
        values={"wer": rate, "median_seconds": _summary(every)[0], "within_50_ms": _summary(every)[1]},
        targets=[
            ("WER at most 5 %", f"{rate:.1%}", rate <= 0.05),
            ("every recognised word has a time", str(untimed), untimed == 0),
        ],
    )  # fmt: skip


def language_part(data: Path) -> Part:
    """Languages of the videos that are labelled with one, and of English speech."""
    wanted = {f"video/talkvid/Language_{label}.mp4": code for label, code in
              (("ar", "ar"), ("hi", "hi"), ("kr", "ko"), ("pt", "pt"))}  # fmt: skip
    wanted |= dict.fromkeys(sorted(transcripts(data)), "en")
    for folder in ("grid", "hdtf"):
        wanted |= {f"video/{folder}/{p.name}": "en" for p in sorted((data / "video" / folder).iterdir())}
    recogniser = whisperx.load("base", 5)
    rows = []
    for file, code in wanted.items():
        heard = recogniser.recognise(load_sound(data / file)[: 20 * SAMPLING_RATE_HZ], None)
        rows.append((file, code, heard.language, heard.language_probability))
    wrong = [r for r in rows if r[1] != r[2]]
    return Part(
        name="language",
        tables=[Table(title="Languages that were not found", columns=(
            "file", "labelled", "found", "probability"), rows=wrong,
            remark=f"{len(rows) - len(wrong)} of {len(rows)} right")],
        values={"right": len(rows) - len(wrong), "of": len(rows)},
        targets=[("language right", f"{len(rows) - len(wrong)} of {len(rows)}", not wrong)],
    )  # fmt: skip


def noise_part(data: Path) -> Part:
    """Recognition and alignment with pink noise added."""
    recogniser, rows = whisperx.load("base", 5), []
    gold, texts = read_gold(data), transcripts(data)
    for level in (None, *NOISE_DB):
        errors = [
            boundary_errors(with_noise(load_sound(data / f), level), words) for f, words in gold.items()
        ]
        wrong = total = 0
        for file, text in texts.items():
            heard = recogniser.recognise(with_noise(load_sound(data / file), level), None)
            wanted = spoken_text(text.lower())
            wrong += match_words(wanted, spoken_text(heard.text.lower()))[0]
            total += len(wanted)
        every = np.concatenate(errors)
        median, within = _summary(every)[:2]
        lost = int(np.isnan(every).any(axis=1).sum())
        rows.append(("none" if level is None else f"{level} dB", wrong / total, median, within, lost))
    missed = sum(row[4] for row in rows)
    return Part(
        name="noise",
        tables=[Table(title="Words in pink noise", columns=(
            "speech to noise", "WER", "median boundary error s", "within 50 ms", "words without a time"),
            rows=rows)],
        values={"rows": rows},
        targets=[("every word is found in noise (others get interpolated times)", str(missed), missed == 0)],
    )  # fmt: skip


def cost_of_words(data: Path) -> tuple[float, float, float]:
    """Return CPU seconds of recognition and of alignment, and the seconds of sound they were spent on."""
    recogniser, aligner = whisperx.load("base", 5), pocketsphinx.load()
    spent = [0.0, 0.0]
    seconds = 0.0
    for file in sorted(transcripts(data)):
        samples = load_sound(data / file)
        seconds += len(samples) / SAMPLING_RATE_HZ
        started = time.process_time()
        heard = recogniser.recognise(samples, None)
        spent[0] += time.process_time() - started
        started = time.process_time()
        aligner.align(samples, [r for r in spoken_words([w.text for w in whole_words(heard.words)]) if r])
        spent[1] += time.process_time() - started
    return spent[0], spent[1], seconds
