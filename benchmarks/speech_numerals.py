"""Numerals and abbreviations, said by a synthetic voice: read as said, with the times of what is said."""

import csv
import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import soundfile

from backends import pocketsphinx
from benchmarks.page import Part, Table
from benchmarks.speech_words import Samples, resampled
from transforms.spoken_words import spoken_words

_SENTENCES = Path(__file__).parent / "spoken.csv"  # as they are written, and as they are said
_TARGET = "numerals and abbreviations aligned as spoken"
_TOLERANCE_SECONDS = 0.02


def numerals_part() -> Part:
    """Align sentences as written, and compare with the alignment of what is said."""
    if shutil.which("espeak-ng") is None:
        missing = (_TARGET, "not measured: espeak-ng is not installed", False)
        return Part(name="numerals", tables=[], values={}, targets=[missing])
    rows: list[tuple[str, str, bool, float | None]] = []
    with _SENTENCES.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            rows.append(_compare(row["written"], row["said"]))
    right = all(as_said and (error or 0.0) <= _TOLERANCE_SECONDS for _, _, as_said, error in rows)
    columns = ("written", "read as", "as said", "largest difference to the spelt-out words s")
    return Part(
        name="numerals",
        tables=[Table(title="Numerals and abbreviations", columns=columns, rows=rows)],
        values={"right": right},
        targets=[(_TARGET, f"{sum(r[2] for r in rows)} of {len(rows)} sentences", right)],
    )


def _compare(written: str, said: str) -> tuple[str, str, bool, float | None]:
    samples, aligner = synthesise(said), pocketsphinx.load()
    found = aligner.align(samples, spoken_words(written.split())).words
    read = " ".join(token for at in found if at is not None for token in at.reading)
    if read != said:
        return written, read, False, None
    truth = iter(aligner.align(samples, [((token,),) for token in said.split()]).words)
    largest = 0.0
    for at in found:
        parts = [next(truth) for _ in at.reading] if at is not None else []
        if at is not None and parts and parts[0] is not None and parts[-1] is not None:
            largest = max(largest, abs(at.start_seconds - parts[0].start_seconds))
            largest = max(largest, abs(at.end_seconds - parts[-1].end_seconds))
    return written, read, True, largest


def synthesise(text: str, voice: str = "en-us") -> Samples:
    """Return a text spoken by one of espeak-ng's voices, 16 kHz."""
    command = ["espeak-ng", "-v", voice, "-s", "140", "--stdout", text]
    done = subprocess.run(command, capture_output=True, check=True)
    sound, rate = soundfile.read(io.BytesIO(done.stdout), dtype="float32")
    return resampled(np.asarray(sound, np.float32), rate)
