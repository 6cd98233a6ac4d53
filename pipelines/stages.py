"""How each visit of the table of stages is run: one row a visit, and the sections of settings they read.

A result is named by what made it (`pipelines/artefacts.py`): the row's code version, its sections, the
weights behind its jobs, and the results of the stages it takes its inputs from. So a changed setting redoes
the stages that read it and what hangs on them, and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from media import MediaLimits
from pipelines.elements import VisitResult
from pipelines.visits.audio import audio_visit
from pipelines.visits.body import body_visit
from pipelines.visits.look import look_visit
from pipelines.visits.probe import probe_visit
from pipelines.visits.survey import survey_visit
from pipelines.visits.sync import sync_visit
from pipelines.visits.words import words_visit
from schemas.stages import STAGES, Stage
from transforms.align_words import AlignConfig
from transforms.collect_faces import CollectConfig
from transforms.compare_voices import VoiceConfig
from transforms.cut_clip import CutConfig
from transforms.detect_shots import ShotConfig
from transforms.embed_faces import EmbedConfig
from transforms.estimate_attributes import AttributeConfig
from transforms.extract_landmarks import LandmarkConfig
from transforms.find_jump_cuts import JumpConfig
from transforms.fit_body import FitConfig
from transforms.measure_quality import QualityConfig
from transforms.probe import ProbeConfig
from transforms.propose_clips import ClipConfig
from transforms.score_audio import AudioConfig
from transforms.score_sync import SyncConfig
from transforms.track_faces import TrackConfig
from transforms.transcribe import TranscribeConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitSections:
    """The settings that visits read; a visit receives only the sections that its row names."""

    media: MediaLimits = field(default_factory=MediaLimits)
    probe: ProbeConfig = field(default_factory=ProbeConfig)
    shots: ShotConfig = field(default_factory=ShotConfig)
    jumps: JumpConfig = field(default_factory=JumpConfig)
    tracks: TrackConfig = field(default_factory=TrackConfig)
    clips: ClipConfig = field(default_factory=ClipConfig)
    audio: AudioConfig = field(default_factory=AudioConfig)
    voice: VoiceConfig = field(default_factory=VoiceConfig)
    cut: CutConfig = field(default_factory=CutConfig)
    landmarks: LandmarkConfig = field(default_factory=LandmarkConfig)
    quality: QualityConfig = field(default_factory=QualityConfig)
    faces: CollectConfig = field(default_factory=CollectConfig)
    embed: EmbedConfig = field(default_factory=EmbedConfig)
    attributes: AttributeConfig = field(default_factory=AttributeConfig)
    sync: SyncConfig = field(default_factory=SyncConfig)
    transcribe: TranscribeConfig = field(default_factory=TranscribeConfig)
    align: AlignConfig = field(default_factory=AlignConfig)
    fit_body: FitConfig = field(default_factory=FitConfig)


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One row: how a visit of the table is run.

    `visit` is called with an element, a reader of parts, and `sections` by name. `jobs` are those of
    `backends.select` that it needs. `inputs` are the stages whose records or parts it reads, `declared` the
    fields of the source. `decided` are fields of the clip, by their paths, that clips decide together.
    `gives` are the fields of the clip that it fills. `code_version` is raised when
    its results change. `ram_gb` is what a process of the pool needs for it (docs/dataflow.md).
    """

    stage: str
    visit: Callable[..., VisitResult]
    sections: tuple[str, ...]
    jobs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    code_version: int = 1
    ram_gb: float = 2.0

    def settings(self, config: VisitSections) -> dict[str, Any]:
        """Return the sections of a configuration that the visit reads, by name."""
        return {name: getattr(config, name) for name in self.sections}


VISITS: Mapping[str, Visit] = {
    row.stage: row
    for row in (
        Visit(
            stage="probe",
            visit=probe_visit,
            sections=("probe", "media"),
            jobs=("media",),
            code_version=5,
            ram_gb=1.0,
        ),
        Visit(
            stage="survey",
            visit=survey_visit,
            sections=("media", "shots", "jumps", "tracks", "clips", "audio"),
            jobs=("media", "shots", "face_detection", "speech_detection"),
            inputs=("probe",),
            code_version=6,
            ram_gb=2.5,
        ),
        Visit(
            stage="audio",
            visit=audio_visit,
            sections=("audio", "voice", "embed"),
            jobs=("speech_detection", "loudness", "voices"),
            inputs=("survey",),
            gives=("audio", "voice"),
            code_version=3,
            ram_gb=1.0,
        ),
        Visit(
            stage="look",
            visit=look_visit,
            sections=("media", "cut", "landmarks", "quality", "faces", "embed", "attributes"),
            jobs=("media", "landmarks", "text_detection", "face_embedding", "attributes"),
            inputs=("survey",),
            gives=("landmarks", "face_jumps", "quality", "attributes"),
            code_version=5,
        ),
        Visit(
            stage="sync",
            visit=sync_visit,
            sections=("sync", "audio", "media"),
            jobs=("lip_sync", "speech_detection"),
            inputs=("survey", "look"),
            gives=("sync",),
            code_version=3,
            ram_gb=1.5,
        ),
        Visit(
            stage="words",
            visit=words_visit,
            sections=("audio", "transcribe", "align"),
            jobs=("speech_detection", "recognition", "alignment"),
            inputs=("survey", "sync"),
            declared=("language", "transcript"),
            decided=("sync.repaired_frames",),
            gives=("transcript",),
            code_version=5,
        ),
        Visit(
            stage="body",
            visit=body_visit,
            sections=("fit_body",),
            jobs=("body_model",),
            inputs=("look",),
            gives=("body_fit",),
            code_version=2,
            ram_gb=1.0,
        ),
    )
}


# Of the stages that are no visits: raised when their results change.
CODE_VERSIONS: Mapping[str, int] = {s.name: 1 for s in STAGES if s.kind != "visit"} | {"people": 2}
# Of the same stages: the sections of settings that they read. Rules after any stage are those of `filter`.
OTHER_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "deduplicate": (),
    "propose": ("filter",),
    "people": ("identities", "duplicates", "pool", "minors"),
    "balance": ("split", "balance"),
    "check": ("shards",),
}


def visits_of(level: str) -> list[tuple[Stage, Visit]]:
    """Return the visits of a level, in the order of the table of stages."""
    return [(s, VISITS[s.name]) for s in STAGES if s.kind == "visit" and s.level == level]
