"""Transcribe a clip and align its words."""

from dataclasses import replace

from backends import select
from pipelines.cpu_meter import CpuMeter
from pipelines.elements import ClipTask, VisitResult
from pipelines.visits.sound import audible_sound_of
from schemas.parts import PartReader
from transforms.align_words import AlignConfig, align_words
from transforms.score_audio import AudioConfig
from transforms.transcribe import TranscribeConfig
from transforms.transcribe import transcribe as transcribe_clip


def words_visit(
    task: ClipTask, parts: PartReader, *, audio: AudioConfig, transcribe: TranscribeConfig, align: AlignConfig
) -> VisitResult:
    """Transcribe a clip, align its words, and say which of them are doubtful."""
    meter = CpuMeter()
    clip = task.clip
    recogniser = select.recogniser(transcribe.model, transcribe.beam_size)
    aligner = select.aligner(align.model)
    meter.charge("load_models")
    samples = audible_sound_of(clip, parts)
    heard = transcribe_clip(samples, clip, task.video.duration_seconds, recogniser)
    meter.charge("transcribe")
    speech = select.speech_detector(audio.vad_threshold).find_speech(samples).spans
    transcript = align_words(samples, heard, aligner, clip.duration_seconds, speech, align)
    meter.charge("align_words")
    return VisitResult(
        outputs=(replace(task, clip=replace(clip, transcript=transcript)),), cpu_seconds=meter.seconds
    )
