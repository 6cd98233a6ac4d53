"""Records that travel through the pipeline, one dataclass a level, linked by the parent's id.

`None` means "not computed". Spans are half-open [start, end) in seconds or frames. Times are
seconds from the presentation time of the video's first frame; boxes are `xyxy` in pixels of
the displayed picture (after rotation, with square pixels) unless a field says otherwise.
"""

from dataclasses import dataclass, is_dataclass
from typing import Literal

from schemas.published import private
from schemas.quick import quick

Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """On what terms a source may be used, as a manifest declares them (`schemas.terms`, docs/manifests.md).

    `basis` and `scope` are words of closed lists, in the lists' order, with a blank between them.
    `expires_on` is the last day on which consent holds, `withdrawn_on` the first on which it does no more
    (YYYY-MM-DD, in UTC). `licence_id` is the licence as an SPDX expression, where its words are understood;
    `jurisdiction` a code of ISO 3166-1.
    """

    basis: str | None = None
    scope: str | None = None
    expires_on: str | None = None
    withdrawn_on: str | None = None
    licence_id: str | None = None
    jurisdiction: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One input: where it is, what it is called, and what a manifest declares about it.

    `uri` opens it on this machine and is not published; `name` is its path below the input folder or the
    manifest's, the same on every machine, and is what tables and samples carry. `refusal` says why it may not
    be opened, a reason and remarks on it (`schemas.consent`); empty where nothing is against it. `consent` is
    'granted', 'refused' or 'unclear'; `speaker_id`, `consent_reference` and `rights_holder` are pseudonyms
    unless the configuration publishes them; `licence` is as it was written, `terms` hold what of it is
    understood; `language` is a code of the recogniser's. `row` is the place in the manifest that declares it
    ('line 3'). `guardian_consent`, in the words of `consent`, says whether a guardian agreed for somebody who
    is under age; only 'granted' is a yes.
    """

    uri: str = private(instead="")
    name: str
    refusal: tuple[str, ...] = private(instead=(), default=())
    title: str | None = None
    licence: str | None = None
    rights_holder: str | None = None
    consent: str | None = None
    consent_reference: str | None = None
    terms: Terms = Terms()
    guardian_consent: str | None = None
    speaker_id: str | None = None
    language: str | None = None
    transcript: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    row: str | None = private(instead=None, default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Artefact:
    """The name of what a stage made: the stage, and a hash of all that it was made from."""

    stage: str
    artefact_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockPart:
    """A stretch of a file in which its clock runs on; in the next one it starts again or jumps.

    Pictures from byte `picture_byte` and sound from `sound_byte` on belong to it (None where it has none),
    as far as their times lie within [`low_seconds`, `high_seconds`] of the file's clock; other times are
    damaged. `shift_seconds` added to the file's time gives the video's.
    """

    picture_byte: int | None
    sound_byte: int | None
    low_seconds: float
    high_seconds: float
    shift_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """One of several recordings that a file holds one after the other, each with headers of its own.

    It fills bytes [`first_byte`, `end_byte`) of the file and seconds [`start_seconds`, `end_seconds`) of the
    video. `goes_on` says that its clock goes on where the one before it ended. Streams and clock are its own,
    as in `Reading`; without streams it is left out: it cannot be read, or has pictures of another shape.
    """

    first_byte: int
    end_byte: int
    start_seconds: float
    end_seconds: float
    goes_on: bool
    picture_stream: int | None
    sound_stream: int | None
    clock: tuple[ClockPart, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How a file is read: which of its streams, how its clock runs, and how far it reaches.

    Streams are numbered as in the file; of how many of their kind each was chosen is said beside it.
    `clock` is empty where the file's clock runs through without damage, `recordings` where there is one.
    `end_seconds` is when the last that is seen or heard ends; the header may promise more.
    """

    picture_stream: int | None = None
    sound_stream: int | None = None
    num_picture_streams: int = 0
    num_sound_streams: int = 0
    end_seconds: float | None = None
    clock: tuple[ClockPart, ...] = ()
    recordings: tuple[Recording, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Video:
    """A readable video file: content hash, streams and geometry as probed from its headers.

    `duration_seconds` is the span of its pictures and sound, whichever end later, from time zero, or what the
    header promises where that is more. `reading` says how it was read; `artefacts` name what the stages of
    videos made of it. `reservations` are what the file itself says against text and data mining.
    """

    video_id: str
    source: Source
    size_bytes: int
    container: str
    duration_seconds: float
    fps: float
    num_frames_declared: int | None
    variable_frame_rate: bool
    width: int
    height: int
    rotation_degrees: int
    pixel_aspect: float
    video_codec: str
    audio_codec: str | None
    audio_sampling_rate_hz: int | None
    audio_channels: int | None
    reading: Reading = Reading()
    reservations: tuple[str, ...] = ()
    artefacts: tuple[Artefact, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """A span between two cuts. Gradual transitions at its ends lie outside the clean span.

    `cut_score` is the network's chance of the cut it starts with, None where it was not asked.
    """

    shot_id: str
    video_id: str
    start_frame: int
    end_frame: int
    start_seconds: float
    end_seconds: float
    clean_start_seconds: float
    clean_end_seconds: float
    cut_score: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FaceTrack:
    """One face followed through one shot, sampled at the detector's rate.

    `times_seconds` (n), `boxes_xyxy` (4 n, row by row) and `scores` (n) belong together.
    """

    track_id: str
    shot_id: str
    video_id: str
    start_seconds: float
    end_seconds: float
    median_height_px: float
    mean_score: float
    times_seconds: tuple[float, ...]
    boxes_xyxy: tuple[float, ...]
    scores: tuple[float, ...]


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Phone:
    """A speech sound (ARPABET without stress) with its span in seconds from the clip's start."""

    label: str
    start_seconds: float
    end_seconds: float
    score: float


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


@dataclass(frozen=True, kw_only=True, slots=True)
class LandmarkCoverage:
    """On which share of a clip's frames each part was observed."""

    face_ratio: float
    iris_ratio: float
    pose_ratio: float
    left_hand_ratio: float
    right_hand_ratio: float
    any_hand_ratio: float
    longest_face_gap_seconds: float
    face_jump: float
    extractor: str


@dataclass(frozen=True, kw_only=True, slots=True)
class VisualQuality:
    """Pictures of a clip. Angles in degrees; sizes in pixels of the source picture.

    `sharpness` is the variance of the Laplacian of the face, scaled to 128 px height;
    `stillness_ratio` the share of frames on which the head is as on the one before; motion is in face heights
    a second; `text_area_ratio` is the share of the picture that text covers on the frame with most of it,
    `text_over_face_ratio` that of the face's box on the median frame.
    """

    sharpness: float | None
    face_luma: float | None
    face_contrast: float | None
    dark_ratio: float | None
    bright_ratio: float | None
    face_height_px: float | None
    yaw_degrees: float | None
    pitch_degrees: float | None
    roll_degrees: float | None
    max_abs_yaw_degrees: float | None
    camera_motion: float
    body_motion: float | None
    mouth_motion: float | None
    stillness_ratio: float
    text_area_ratio: float | None
    text_over_face_ratio: float | None
    damaged_frames: int
    ocr: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SpokenStretch:
    """Two seconds of a clip that are mostly speech, from the clip's start, and how the lips agree there."""

    start_seconds: float
    agreement: float


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


@dataclass(frozen=True, kw_only=True, slots=True)
class BodyFit:
    """The SMPL-X-format body fitted to a clip: what all frames share, and how good the fit is.

    Parameters of each frame are in the sample's arrays (`smplx:*`); they mean something with the
    body model `model_id` alone. Errors are medians over frames of the typical distance between
    landmarks and the model's, as a share of the face's height (hairline to chin; a hand is as
    long); hands count where valid. None where a part was never seen. `*_valid_ratio` are shares of
    frames; `hand_misfit_ratio` that on which a hand was seen and the fitted one lies elsewhere (it is not
    valid there); `max_acceleration` the 99.9th percentile of the upper body's joints, m/s^2;
    `num_flips` frames on which the body turns faster than people can; `betas_norm` how far the
    shape is from the mean, in standard deviations.
    """

    model_id: str
    focal_length_px: float
    betas: tuple[float, ...]
    face_error: float | None
    body_error: float | None
    hand_error: float | None
    hand_misfit_ratio: float
    face_valid_ratio: float
    body_valid_ratio: float
    left_hand_valid_ratio: float
    right_hand_valid_ratio: float
    left_arm_valid_ratio: float
    right_arm_valid_ratio: float
    left_leg_valid_ratio: float
    right_leg_valid_ratio: float
    max_acceleration: float | None
    num_flips: int
    betas_norm: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who a clip shows, across the collection.

    `confidence` is how much nearer the clip is to its own identity than to the merging distance:
    1 - distance / threshold, at least 0. Ids are salted hashes that mean nothing elsewhere.
    `split_group` is the same for identities that look so alike that they must share a split.
    """

    identity_id: str
    confidence: float
    embedder: str
    split_group: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """One perceived or declared property of the person or the picture; 'unknown' is a value.

    `name` is age_group, gender, skin_tone, head_pose, hands, setting, clothing, language or a
    declared name such as ethnicity. `model` says who estimated it, None where it was declared.
    `score` is the number behind the category (age in years, place on the Monk scale), if there is one.
    """

    name: str
    value: str
    source: Literal["declared", "estimated"]
    confidence: float | None
    model: str | None
    score: float | None


AgeBasis = Literal["declared", "perceived", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AgeBound:
    """How old the person of a clip is at least, as far as anything says so.

    `years_at_least` is the least age that is declared, or else how old the person looks in all their clips
    less a margin, 0 where nothing tells; `basis` says which. `unguarded_years` is the same, but null where
    the manifest declares a guardian's consent: nobody asks there (rule `may_be_minor`).
    """

    years_at_least: float
    basis: AgeBasis
    unguarded_years: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FaceJump:
    """A moment at which the face leaps, between the pictures shown at two times of the video.

    `score` is how far that stands out from the motion around it.
    """

    before_seconds: float
    after_seconds: float
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PieceOf:
    """The clip of the survey that was divided at a jump cut after it had been looked at.

    `clip_id` and `start_seconds` are its own; a piece's sound is a part of that clip's. `artefacts` name what
    the stages had made of it. None and empty for a clip that is as the survey proposed it.
    """

    clip_id: str | None = None
    start_seconds: float | None = None
    artefacts: tuple[Artefact, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """A span of one shot in which one face is visible, cut to constant frame rate.

    `crop_xyxy` is in pixels of the displayed source picture, `width` and `height` are those
    of the written video. `other_face_ratio` is the height of the largest other face in the whole
    picture over this one's, `second_face_ratio` that of the largest in the crop. `artefacts` name
    what the stages made of the clip, its parts included, in order. `piece_of` names the clip that it was a
    part of; `face_jumps` are the moments at which the face moves much. `attributes` has one a name, declared
    or told by this clip alone; what was estimated of an attribute that is declared is `overruled` and not
    published; `person_attributes` are what all clips of the person tell together. `sampling_weight`
    is how often to draw the clip, relative to the average accepted clip of its split.
    """

    clip_id: str
    video_id: str
    shot_id: str
    track_id: str
    source: Source
    start_seconds: float
    end_seconds: float
    fps: float
    num_frames: int
    crop_xyxy: Box
    width: int
    height: int
    face_height_px: float
    other_face_ratio: float
    second_face_ratio: float
    piece_of: PieceOf = PieceOf()
    artefacts: tuple[Artefact, ...] = ()
    audio: AudioQuality | None = None
    landmarks: LandmarkCoverage | None = None
    face_jumps: tuple[FaceJump, ...] = private(instead=(), default=())
    quality: VisualQuality | None = None
    transcript: Transcript | None = None
    voice: Voice | None = None
    sync: Sync | None = None
    body_fit: BodyFit | None = None
    identity: Identity | None = None
    attributes: tuple[Attribute, ...] | None = None
    overruled: tuple[Attribute, ...] = private(instead=(), default=())
    person_attributes: tuple[Attribute, ...] | None = None
    age_bound: AgeBound | None = None
    sampling_weight: float | None = None
    split: str | None = None
    status: Literal["candidate", "accepted", "rejected", "failed"] = "candidate"

    @property
    def duration_seconds(self) -> float:
        """Length of the written clip."""
        return self.num_frames / self.fps


for _record_type in [kind for kind in globals().values() if is_dataclass(kind) and isinstance(kind, type)]:
    quick(_record_type)
