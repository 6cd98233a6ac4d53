"""Words in other scripts than Latin: sentences that espeak-ng speaks, heard and timed as in a run.

What a robot says is heard badly: the share of letters that agree, and the rules that turn down what was
heard, are told and not judged. Whatever is heard, words must be whole, in order and within the clip, and no
rule may take the right text for a recogniser's babble.
"""

import itertools
import shutil
import unicodedata
from collections.abc import Sequence
from typing import Any

from backends import select
from benchmarks.page import Part, Table
from benchmarks.speech_numerals import synthesise
from benchmarks.speech_words import Samples
from schemas.records.clip import Clip
from schemas.records.sound import Transcript, Word
from schemas.records.source import Source
from schemas.sample import SAMPLING_RATE_HZ
from transforms.align_words import AlignConfig, align_words
from transforms.filter_clips import DEFAULT_RULES, failed_rules
from transforms.score_audio import AudioConfig
from transforms.transcribe import TranscribeConfig, find_declared, transcribe
from transforms.written_words import graphemes, split_words

# Language, espeak-ng's voice, and what it says: of article 1 of the Universal Declaration of Human Rights.
SENTENCES = (
    ("th", "th", "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ"),
    ("my", "my", "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် မွေးဖွားလာသူများ ဖြစ်သည်"),
    ("hi", "hi", "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है"),
    ("bn", "bn", "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে"),
    ("ta", "ta", "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்"),
    ("ar", "ar", "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق"),
    ("he", "he", "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם"),
    ("ko", "ko", "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다"),
    (
        "ja",
        "ja",
        "すべてのにんげんは、うまれながらにしてじゆうであり、そんげんとけんりとについてびょうどうである",
    ),
    ("zh", "cmn", "人人生而自由，在尊严和权利上一律平等。"),
)
_BABBLE = "babbled_words"
_TARGET = "spoken sentences in other scripts whose words are whole, in order and no babble"


def scripts_part() -> Part:
    """Speak, hear and time each sentence twice: as it is heard, and declared as it is written."""
    if shutil.which("espeak-ng") is None:
        missing = (_TARGET, "not measured: espeak-ng is not installed", False)
        return Part(name="scripts", tables=[], values={}, targets=[missing])
    rows: list[tuple[Any, ...]] = []
    for language, voice, text in SENTENCES:
        samples = synthesise(text, voice)
        for declared in (None, text):
            found = heard(samples, language, declared)
            words = [w.text for w in found.words]
            match = find_declared(split_words(text), words, language, True)[1]
            kind = "heard" if declared is None else "declared"
            broken = rules_broken(samples, found)
            faults = faults_of(samples, found) + [_BABBLE] * (_BABBLE in broken and declared is not None)
            measured = (len(words), match, found.syllables_per_second)
            rows.append((language, kind, *measured, ", ".join(broken), ", ".join(faults)))
    right = sum(not row[-1] for row in rows)
    columns = (
        "language", "words", "number", "letters that agree", "syllables a second", "rules broken", "faults",
    )  # fmt: skip
    return Part(
        name="scripts",
        tables=[Table(title="Sentences in other scripts", columns=columns, rows=rows)],
        values={"right": right, "of": len(rows)},
        targets=[(_TARGET, f"{right} of {len(rows)}", right == len(rows))],
    )


def heard(samples: Samples, language: str, declared: str | None) -> Transcript:
    """Return the transcript of a sound as a run makes it."""
    clip, config = clip_of(samples, language, declared), TranscribeConfig()
    recogniser = select.recogniser(config.model, config.beam_size)
    found = transcribe(samples, clip, clip.duration_seconds, recogniser)
    speech = select.speech_detector(AudioConfig().vad_threshold).find_speech(samples).spans
    aligner = select.aligner(AlignConfig().model)
    return align_words(samples, found, aligner, clip.duration_seconds, speech, AlignConfig())


def faults_of(samples: Samples, found: Transcript) -> list[str]:
    """Return what is wrong with the words of a transcript."""
    return [*_torn(found.words, found.text), *_misplaced(found.words, len(samples) / SAMPLING_RATE_HZ)]


def rules_broken(samples: Samples, found: Transcript) -> list[str]:
    """Return the rules of words that would turn a transcript's clip down."""
    clip = clip_of(samples, found.language or "", None, found)
    return [rule.name for rule, _, _ in failed_rules(clip, DEFAULT_RULES, "words")]


def _torn(words: Sequence[Word], text: str) -> list[str]:
    """Name words that begin or end within what a reader sees as one letter, or that are none."""
    marks = [w.text for w in words if unicodedata.category(w.text[0]).startswith("M")]
    letters = "".join("".join(graphemes(w.text)) for w in words)
    lost = "".join(letters.split()) != "".join("".join(split_words(text)).split())
    ends = set(itertools.accumulate(len(g) for g in graphemes("".join(text.split()))))
    torn = [
        end for end in itertools.accumulate(len("".join(w.text.split())) for w in words) if end not in ends
    ]
    return [f"torn {mark}" for mark in marks] + ["letters lost"] * lost + ["letters torn"] * bool(torn)


def _misplaced(words: Sequence[Word], seconds: float) -> list[str]:
    """Name what is wrong with the times of words."""
    spans = [(w.start_seconds, w.end_seconds) for w in words]
    known = [(start, end) for start, end in spans if start is not None and end is not None]
    faults = ["no words"] * (not words) + ["without times"] * (len(known) < len(spans))
    inside = all(0.0 <= start <= end <= seconds for start, end in known)
    ordered = all(a[0] <= b[0] and a[1] <= b[1] for a, b in itertools.pairwise(known))
    return faults + ["outside the clip"] * (not inside) + ["out of order"] * (not ordered)


def clip_of(
    samples: Samples, language: str, declared: str | None, transcript: Transcript | None = None
) -> Clip:
    """Return a clip of nothing but sound."""
    num_frames = len(samples) * 25 // SAMPLING_RATE_HZ
    source = Source(uri="", name="espeak-ng", language=language, transcript=declared)
    return Clip(
        clip_id="", video_id="", shot_id="", track_id="", source=source, start_seconds=0.0,
        end_seconds=num_frames / 25, fps=25.0, num_frames=num_frames, crop_xyxy=(0.0, 0.0, 2.0, 2.0),
        width=2, height=2, face_height_px=1.0, other_face_ratio=0.0, second_face_ratio=0.0,
        transcript=transcript,
    )  # fmt: skip
