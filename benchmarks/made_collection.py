"""A made-up collection of any size: clip records as big as real ones, their faces and voices, and videos.

Nobody's clips: faces are drawn like real ones (`benchmarks.people_scale.draw`), and how many clips somebody
has is skewed: most have one or two, one in two thousand has two hundred.
"""

import dataclasses
import functools
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from backends.dlib_faces import STRANGERS, stranger_distances
from benchmarks.disk_groups import charged
from benchmarks.people_scale import WITHIN_SCALE, Factors
from benchmarks.stored_npz import stored_npz
from schemas.ids import derived_seed
from schemas.outcomes import Rejection, clip_rejection
from schemas.parts import FACE_PART, VOICE_PART
from schemas.records.clip import Clip
from schemas.records.person import Attribute
from schemas.records.picture import BodyFit
from schemas.records.sound import Phone, SpokenStretch, Sync, Transcript, Voice, Word
from schemas.records.video import Artefact, Video
from schemas.stages import stage_names
from tests.report_records import make_clip, make_shot, make_track, make_video

MAKING = "(making clips up)"  # the step
MEAN_CLIPS = 2.0
CLIP_SECONDS = 5.0
_CLIPS_A_VIDEO = 10
_SPEAKERS_SHARE, _SPEAKERS_CLIPS = 1 / 2000, 200
# Of those that come to the filters after the look, so many in a hundred are turned down there.
_LOST_SHARE = 0.2
_BATCH_PEOPLE = 2_000
_GROUPS = (
    ("age_group", ("20-29", "30-39", "40-49", "50-59", "60-69")),
    ("gender", ("feminine", "masculine")),
)
_TEXT = "well what we found in the end is that most of it was there before anybody had looked for it"


@functools.lru_cache(maxsize=2)
def people_of(num_clips: int) -> npt.NDArray[np.int64]:
    """Return the number (n) of the person whom each clip shows, in order."""
    draw = np.random.default_rng(7)
    each = draw.geometric(1 / MEAN_CLIPS, num_clips)
    each[draw.random(num_clips) < _SPEAKERS_SHARE] = _SPEAKERS_CLIPS
    return np.repeat(np.arange(num_clips), each)[:num_clips]


@dataclasses.dataclass(frozen=True, slots=True)
class Collection:
    """A collection of `num_clips` clips that pass all filters; the descriptors are in a file of `folder`."""

    folder: str
    num_clips: int

    def write_faces(self, factors: Factors) -> None:
        """Draw everybody's descriptors (n, d) and write them, float32, one after the other."""
        mean, between, within = factors
        person, draw = people_of(self.num_clips), np.random.default_rng(self.num_clips)
        self.faces.parent.mkdir(parents=True, exist_ok=True)
        with self.faces.open("wb") as file, self.strangers.open("wb") as away:
            for first in range(0, int(person[-1]) + 1, _BATCH_PEOPLE):
                start, end = np.searchsorted(person, (first, first + _BATCH_PEOPLE))
                centres = mean + _normal(draw, _BATCH_PEOPLE, len(between)) @ between
                looks = _normal(draw, int(end - start), len(within)) @ (np.float32(WITHIN_SCALE) * within)
                found = (centres[person[start:end] - first] + looks).astype(np.float32)
                file.write(found.tobytes())
                away.write(stranger_distances(found, _strangers()).astype(np.float32).tobytes())

    @property
    def faces(self) -> Path:
        """The file of descriptors."""
        return Path(self.folder) / "faces.f32"

    @property
    def strangers(self) -> Path:
        """The file of the descriptors' distances from strangers."""
        return Path(self.folder) / "strangers.f32"

    def ranges(self, size: int = 1_000) -> list[tuple[int, int]]:
        """Return the clips' numbers in pieces."""
        return [(i, min(i + size, self.num_clips)) for i in range(0, self.num_clips, size)]

    def clips(self, span: tuple[int, int]) -> Iterator[Clip]:
        """Yield the clips with numbers in [start, end)."""
        person = people_of(self.num_clips)
        starts = np.searchsorted(person, person[span[0] : span[1]])
        for number, first in zip(range(*span), starts.tolist(), strict=True):
            yield made_clip(number, int(person[number]), number - first)

    def descriptor(self, number: int) -> npt.NDArray[np.float32]:
        """Return one clip's descriptor (d,)."""
        return _row(self.faces, self.num_clips, number)

    def stranger_distance(self, number: int) -> npt.NDArray[np.float32]:
        """Return one clip's distance from strangers, a number."""
        return _row(self.strangers, self.num_clips, number)[0]


@functools.lru_cache(maxsize=2)
def _opened(path: Path, num_rows: int) -> tuple[BinaryIO, int]:
    """Return an open file, and the bytes of one of its rows."""
    return path.open("rb"), path.stat().st_size // num_rows


def _row(path: Path, num_rows: int, number: int) -> npt.NDArray[np.float32]:
    """Return a row; the file is not mapped into memory, as that would count as the steps'."""
    file, size = _opened(path, num_rows)
    return np.frombuffer(os.pread(file.fileno(), size, number * size), np.float32)


def _normal(draw: np.random.Generator, num: int, dimensions: int) -> npt.NDArray[np.float32]:
    return draw.standard_normal((num, dimensions), np.float32)


def made_clip(number: int, person: int, place: int) -> Clip:
    """Return one clip of a person: the `place`-th; ten are of one video. Its id tells its number."""
    seed = derived_seed(str(number), "made")
    rng, who = random.Random(seed), random.Random(derived_seed(str(person), "person"))
    of_video = person * 1_000 + place // _CLIPS_A_VIDEO
    video = made_video(of_video)
    start = 7.0 * (place % _CLIPS_A_VIDEO)
    track = make_track(make_shot(video, 0.0, 70.0), start, start + CLIP_SECONDS)
    return make_clip(
        video, track, start, start + CLIP_SECONDS, rng,
        clip_id=f"{seed & 0xFFFFFFFFFFF:011x}{number:09d}",
        status="candidate",
        attributes=tuple(_estimated(name, who.choice(values), rng) for name, values in _GROUPS),
        artefacts=tuple(
            Artefact(stage=s, artefact_id=f"{seed:016x}{i}")
            for i, s in enumerate(stage_names(kind="visit")[1:])  # all but the probe
        ),
        **_heard(),
    )  # fmt: skip


def number_of(clip_id: str) -> int:
    """Return the number of a made-up clip."""
    return int(clip_id[11:])


@functools.lru_cache(maxsize=64)
def made_video(number: int) -> Video:
    """Return a video of ten clips."""
    return dataclasses.replace(
        make_video(number, 75.0), video_id=f"{derived_seed(str(number), 'video'):020x}"
    )


def videos(span: tuple[int, int], num_clips: int) -> Iterator[Video]:
    """Yield the videos that begin with clips of these numbers."""
    person = people_of(num_clips)
    starts = np.searchsorted(person, person[span[0] : span[1]])
    for number, first in zip(range(*span), starts.tolist(), strict=True):
        if (number - first) % _CLIPS_A_VIDEO == 0:
            yield made_video(int(person[number]) * 1_000 + (number - first) // _CLIPS_A_VIDEO)


def lost(clip: Clip) -> tuple[Clip, Rejection] | None:
    """Return, for one in five clips, another of the same video that a rule turned down, and why."""
    if derived_seed(clip.clip_id, "lost") % 100 >= 100 * _LOST_SHARE:
        return None
    other = dataclasses.replace(clip, clip_id=f"f{clip.clip_id[1:]}", body_fit=None, status="rejected")
    return other, clip_rejection(other, "filter_look", "dark_face", 30.0, 40.0)


def _estimated(name: str, value: str, rng: random.Random) -> Attribute:
    sure = round(rng.uniform(0.6, 1.0), 3)
    years = {"age_group": int(value[:2]) + 5.0}.get(name) if name == "age_group" else None
    return Attribute(
        name=name, value=value, source="estimated", confidence=sure, model="faceres", score=years
    )


@functools.lru_cache(maxsize=1)
def _heard() -> dict[str, Any]:
    """Return what words, lips, voices and bodies are like: as long as real ones, the same for all."""
    words = tuple(
        Word(text=w, start_seconds=i / 4, end_seconds=i / 4 + 0.2, score=0.9, interpolated=False, aligner="a")
        for i, w in enumerate(_TEXT.split())
    )
    phones = tuple(
        Phone(label="AH", start_seconds=i / 10, end_seconds=i / 10 + 0.1, score=0.5) for i in range(50)
    )
    return {
        "transcript": Transcript(
            text=_TEXT, language="en", language_score=0.9, words=words, phones=phones, declared_match=None,
            mean_log_probability=-0.2, syllables_per_second=4.0, doubtful_ratio=0.0, recogniser="whisper",
            aligner="pocketsphinx",
        ),
        "voice": Voice(num_voices=1, change_score=0.2, foreign_ratio=0.0, embedder="resemblyzer"),
        "sync": Sync(
            av_offset_frames=0, repaired_frames=0, unrepaired_frames=0, sync_confidence=0.4,
            weakest_agreement=0.3, lip_activity=0.5, rival_margin=None, scorer="lips",
            lag_scores=tuple(i / 100 for i in range(31)),
            stretches=tuple(SpokenStretch(start_seconds=float(i), agreement=0.3) for i in range(4)),
        ),
        "body_fit": BodyFit(
            model_id="smplx", focal_length_px=900.0, betas=tuple(i / 7 for i in range(10)), face_error=0.02,
            body_error=0.05, hand_error=0.05, hand_misfit_ratio=0.0, face_valid_ratio=1.0,
            body_valid_ratio=1.0, left_hand_valid_ratio=0.4, right_hand_valid_ratio=0.4,
            left_arm_valid_ratio=0.6, right_arm_valid_ratio=0.6, left_leg_valid_ratio=0.0,
            right_leg_valid_ratio=0.0, max_acceleration=9.0, num_flips=0, betas_norm=1.0,
        ),
    }  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class MadeParts:
    """The face and the voice of one clip as if a visit had stored them (a `schemas.parts.PartReader`)."""

    collection: Collection
    number: int

    def read(self, stage: str, part: str) -> bytes:
        """Return a part's bytes; a print of five seconds is random, so nobody copies anybody."""
        with charged(MAKING):
            return self._made(part)

    def _made(self, part: str) -> bytes:
        draw = np.random.default_rng(self.number)
        if part == VOICE_PART:
            return stored_npz({"voice": self._voice(draw)})
        if part != FACE_PART:
            raise FileNotFoundError(part)
        return stored_npz(
            {
                "descriptor": self.collection.descriptor(self.number),
                "print_sound": draw.integers(0, 220, (100, 32), np.uint8),
                "print_face": draw.integers(-300, 300, (62, 63), np.int16),
                "print_face_hz": np.array(12.5, np.float32),
                "stranger_distance": self.collection.stranger_distance(self.number),
                "num_views": np.array(5, np.int32),
                "embedder": np.array("dlib+faceres"),
            }
        )

    def _voice(self, draw: np.random.Generator) -> npt.NDArray[np.float32]:
        """Return a unit vector (256,) at about 0.15 (1 - cosine) from others of the same person."""
        person = int(people_of(self.collection.num_clips)[self.number])
        own = _own_voice(person)
        voice = (own + 0.4 * draw.standard_normal(256)).astype(np.float32)
        return voice / np.float32(np.linalg.norm(voice))

    def uri(self, stage: str, part: str) -> str:
        """Nothing of a made-up clip can be opened."""
        raise FileNotFoundError(part)


@functools.lru_cache(maxsize=64)
def _own_voice(person: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(person).standard_normal(256)


@functools.lru_cache(maxsize=1)
def _strangers() -> npt.NDArray[np.float32]:
    with np.load(STRANGERS, allow_pickle=False) as archive:
        return archive["centres"].astype(np.float32)
