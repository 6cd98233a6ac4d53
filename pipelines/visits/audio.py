"""Score a clip's sound and compare its voices."""

from dataclasses import replace

from backends import select
from pipelines.cpu_meter import CpuMeter
from pipelines.elements import ClipTask, VisitResult
from pipelines.visits.sound import sound_of
from schemas.parts import VOICE_PART, PartReader
from schemas.sample import arrays_to_npz
from transforms import compare_voices, embed_faces, score_audio
from transforms.clip_sound import made_louder


def audio_visit(
    task: ClipTask,
    parts: PartReader,
    *,
    audio: score_audio.AudioConfig,
    voice: compare_voices.VoiceConfig,
    embed: embed_faces.EmbedConfig,
) -> VisitResult:
    """Score a clip's sound and compare its voices; gives the voice if people are to be recognised."""
    meter = CpuMeter()
    samples = sound_of(task.clip, parts)
    detector = select.speech_detector(audio.vad_threshold)
    audible = made_louder(samples)
    heard = detector.find_speech(audible)
    quality = score_audio.score_audio(samples, heard, detector.name)
    meter.charge("score_audio")
    voices = compare_voices.hear_voices(audible, heard.spans, select.voice_embedder(), voice)
    compared = compare_voices.compare_voices(voices, voice)
    meter.charge("compare_voices")
    done = replace(task, clip=replace(task.clip, audio=quality, voice=compared))
    middle = voices.middle if embed.enabled else None
    made = {} if middle is None else {VOICE_PART: arrays_to_npz({"voice": middle})}
    return VisitResult(outputs=(done,), parts=made, cpu_seconds=meter.seconds)
