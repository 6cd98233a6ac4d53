"""What is heard in a clip: how well, who, which words, and whether the lips go with it."""

from dataclasses import dataclass

from schemas.published import private
from schemas.quick import quick


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class AudioQuality:
    """Sound of a clip, measured on its 16 kHz mono samples."""

    loudness_lufs: float | None
    rms_dbfs: float
    peak_dbfs: float
    clipping_ratio: float
    speech_ratio: float
    speech_seconds: float
    speech_probability: float | None
    snr_db: float | None
    vad: str


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """How many people are heard in a clip; None where there is too little speech to compare.

    `change_score` is the largest distance (1 - cosine) between the voice before and after any moment;
    `foreign_ratio` the share of the speech that is not in the most frequent voice.
    """

    num_voices: int | None
    change_score: float | None
    foreign_ratio: float | None
    embedder: str


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A word as it is written, with the span in which it is spoken, in seconds from the clip's start.

    `spoken` is how it is said where that differs ("$5.20": "five dollars twenty"); `score` the
    aligner's, 0 to 1; `interpolated` words were not found in the sound, their times lie between
    those of their neighbours. `filler` marks hesitations ("um", "uh"), those that the recogniser left out
    included. `doubt` says why a word or its place may be wrong, None where nothing speaks against it:
    guessed (two hearings differ, and the recogniser is unsure), moved (aligner and recogniser place it
    apart), silent (no speech there), unfit (it does not sound like that), not_found (interpolated).
    """

    text: str
    start_seconds: float | None
    end_seconds: float | None
    score: float | None
    interpolated: bool
    aligner: str
    spoken: str | None = None
    filler: bool = False
    doubt: str | None = None


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Phone:
    """A speech sound (ARPABET without stress) with its span in seconds from the clip's start."""

    label: str
    start_seconds: float
    end_seconds: float
    score: float


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Transcript:
    """What is said in a clip, in which language, and who says so.

    `declared_match` is the share of letters in which the manifest's transcript, where there is
    one, agrees with what was heard; the text and words are then the manifest's. `phones` are empty
    where the aligner gives none. `doubtful_ratio` is the share of words with a doubt;
    `syllables_per_second` counts those of the text, in any script, over the whole clip.
    """

    text: str
    language: str | None
    language_score: float | None
    words: tuple[Word, ...]
    phones: tuple[Phone, ...]
    declared_match: float | None
    mean_log_probability: float | None
    syllables_per_second: float
    doubtful_ratio: float
    recogniser: str
    aligner: str


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class SpokenStretch:
    """Two seconds of a clip that are mostly speech, from the clip's start, and how the lips agree there."""

    start_seconds: float
    agreement: float


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Sync:
    """Agreement of lips and sound (docs/sync.md says what the numbers mean).

    `av_offset_frames` is how far the source's sound was late, as measured; `repaired_frames` how
    far it was then moved in the clip, 0 where nothing was changed, `unrepaired_frames` how far the two
    lie apart, 0 below what can be told. `lag_scores` are the correlations at all lags, lag 0 in the
    middle. `sync_confidence` is the peak of the correlation of the lips with what the sound predicts,
    above its median over the lags, and `weakest_agreement` the same over the 2 s of speech where it is
    least (`stretches` has all of them); `lip_activity` how fast the lips open and close while speech is
    heard, in face heights a second; `rival_margin` by how much the lips agree better than those of another
    face visible at the same time, over the speech that both clips have, `weakest_margin` the same over the
    2 s of speech where it is least, None where there is none.
    """

    av_offset_frames: int
    repaired_frames: int
    unrepaired_frames: int
    sync_confidence: float
    weakest_agreement: float | None
    lip_activity: float | None
    rival_margin: float | None
    weakest_margin: float | None = None
    lag_scores: tuple[float, ...]
    stretches: tuple[SpokenStretch, ...] = private(instead=(), default=())
    scorer: str
