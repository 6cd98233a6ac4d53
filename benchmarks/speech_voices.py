"""Voices on the clips of a run, joined and mixed; and what all steps on speech cost."""

import time
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from backends import lip_sync, resemblyzer, silero
from benchmarks.page import Part, Table
from benchmarks.speech_sync import MANY_FACES, NOT_SPEAKING, LipClip, Samples, fits
from schemas.records.sound import Voice
from tools.train_lip_sync import MAX_LAG
from transforms.compare_voices import VoiceConfig, compare_voices, hear_voices
from transforms.filter_clips import DEFAULT_RULES

_RATE = 16000


def voices_part(clips: Sequence[LipClip], num_pairs: int = 150) -> Part:
    """Voices: clips of one person, halves of two people joined, and two people at once in one half."""
    alone = [
        c for c in clips if not fits(c.name, (*NOT_SPEAKING, *MANY_FACES)) and len(c.samples) >= 4 * _RATE
    ]
    rng, made = np.random.default_rng(0), defaultdict(list)
    made["one person"] = [_voice(c.samples) for c in alone]
    while len(made["one, then another"]) < num_pairs:
        a, b = (alone[i] for i in rng.choice(len(alone), 2, replace=False))
        if a.person == b.person:
            continue
        n = min(len(a.samples), len(b.samples))
        other = b.samples[:n] * (a.samples.std() / max(float(b.samples.std()), 1e-6))
        half = n // 2
        made["one, then another"].append(_voice(np.concatenate([a.samples[:half], other[half:]])))
        over = a.samples[:n].copy()
        over[half:] += other[half:]
        made["one, then both at once"].append(_voice(over))
        made["both at once throughout"].append(_voice(a.samples[:n] + other))
    rows = [(what, len(found), _caught(found)) for what, found in made.items()]
    return Part(
        name="voices",
        tables=[Table(title="Voices", columns=("sound", "clips", "rejected"), rows=rows,
                      remark="rules speaker_changes and several_voices")],
        values={"rejected": {r[0]: r[2] for r in rows}},
        targets=[],
    )  # fmt: skip


def _voice(samples: Samples) -> Voice:
    speech = silero.load(0.5).find_speech(samples.astype(np.float32)).spans
    heard = hear_voices(samples.astype(np.float32), speech, resemblyzer.load(), VoiceConfig())
    return compare_voices(heard, VoiceConfig())


def _caught(found: Sequence[Voice]) -> float:
    bounds = {r.field: r.maximum for r in DEFAULT_RULES if r.field.startswith("voice.")}
    return float(
        np.mean(
            [
                any((getattr(v, f.split(".")[1]) or 0) > (bound or 0) for f, bound in bounds.items())
                for v in found
            ]
        )
    )


def cost_part(clips: Sequence[LipClip], words: tuple[float, float, float]) -> Part:
    """Real-time factors on one core, of every part of the speech steps."""
    scorer, seconds, spent = lip_sync.load(), 0.0, dict.fromkeys(("voices", "lip sync"), 0.0)
    for clip in clips:
        seconds += len(clip.samples) / _RATE
        started = time.process_time()
        _voice(clip.samples)
        spent["voices"] += time.process_time() - started
        started = time.process_time()
        face = np.zeros((len(clip.example.mouth), 478, 3)) + np.arange(478)[None, :, None]
        scorer.agreement(clip.samples, scorer.look(face, clip.example.fps, None), clip.example.fps, MAX_LAG)
        spent["lip sync"] += time.process_time() - started
    rows = [
        ("speech and voices", spent["voices"] / seconds),
        ("lip sync", spent["lip sync"] / seconds),
        ("language and words", words[0] / words[2]),
        ("alignment", words[1] / words[2]),
    ]
    total = sum(r[1] for r in rows)
    rows.append(("all", total))
    return Part(
        name="cost",
        tables=[
            Table(title="CPU seconds a second of sound", columns=("part", "real-time factor"), rows=rows)
        ],
        values=dict(rows),
        targets=[("real-time factor at most 0.4 on one core", f"{total:.3f}", total <= 0.4)],
    )
