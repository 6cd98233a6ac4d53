"""Look through a whole video once: shots, faces, speech; gives candidate clips and their sound."""

import tempfile
from collections.abc import Sequence
from typing import IO

import numpy as np

from backends import select
from media import (
    DecodeTally,
    MediaLimits,
    decode_audio,
    to_pcm,
)
from pipelines.cpu_meter import CpuMeter
from pipelines.elements import ClipTask, VisitResult
from pipelines.scan_video import scan_video, shots_of
from schemas.outcomes import Rejection
from schemas.parts import PartReader
from schemas.records.video import FaceTrack, Shot, Video
from schemas.sample import SAMPLING_RATE_HZ, wav_of_pcm
from transforms import detect_shots, find_gaps, find_jump_cuts, propose_clips, track_faces
from transforms.clip_sound import MARGIN_SECONDS, Pcm, cut_with_margin, made_louder, sound_part
from transforms.score_audio import AudioConfig

# Sound is decoded in pieces of this length, so that memory does not grow with the video.
_LISTEN_SECONDS = 300.0

Spans = list[tuple[float, float]]


def survey_visit(
    video: Video,
    _: PartReader,
    *,
    media: MediaLimits,
    shots: detect_shots.ShotConfig,
    jumps: find_jump_cuts.JumpConfig,
    tracks: track_faces.TrackConfig,
    clips: propose_clips.ClipConfig,
    audio: AudioConfig,
) -> VisitResult:
    """Look through a whole video once; gives candidate clips, and the sound of each as a part.

    Raises:
        MediaError: if most of the video cannot be decoded.
    """
    meter = CpuMeter()
    with tempfile.TemporaryFile() as tape:
        speech = _listen(video, media, audio, tape)
        meter.charge("find_speech")
        tally = DecodeTally()
        scores, samples = scan_video(video, media, shots, jumps, tracks, tally, meter)
        found = shots_of(video, scores, tally, shots)
        times = np.asarray(scores.seconds)
        faces, tasks, lost = _propose(video, found, samples, speech, times, tracks, clips)
        meter.charge("propose_clips")
        parts = _cut_sounds(tasks, tape)
        meter.charge("cut_sound")
    return VisitResult(
        outputs=tuple(tasks),
        rejections=(*find_gaps.find_gaps(video, found), *lost),
        shots=tuple(found),
        tracks=tuple(faces),
        parts=parts,
        cpu_seconds=meter.seconds,
        frames_decoded=tally.frames,
    )


def _propose(
    video: Video,
    shots: Sequence[Shot],
    samples: Sequence[track_faces.SampledFaces],
    speech: Spans,
    times: np.ndarray,
    tracks: track_faces.TrackConfig,
    clips: propose_clips.ClipConfig,
) -> tuple[list[FaceTrack], list[ClipTask], list[Rejection]]:
    """Return the faces followed through the shots, the clips of them, and the spans without one."""
    faces: list[FaceTrack] = []
    tasks: list[ClipTask] = []
    lost: list[Rejection] = []
    for shot in shots:
        here = track_faces.build_tracks(shot, samples, tracks)
        proposed, rejected = propose_clips.propose_clips(video, shot, here, speech, times, clips)
        by_id = {t.track_id: t for t in here}
        tasks += [ClipTask(clip=c, video=video, track=by_id[c.track_id]) for c in proposed]
        faces += here
        lost += rejected
    return faces, tasks, lost


def _listen(video: Video, media: MediaLimits, audio: AudioConfig, tape: IO[bytes]) -> Spans:
    """Return the spans of speech in a whole video; its samples go to the tape, decoded once for all.

    What is heard after the last picture goes there too: a clip at the end whose sound is late has it there.
    """
    detector = select.speech_detector(audio.vad_threshold)
    spans: Spans = []
    start = 0.0
    rate = video.audio_sampling_rate_hz or SAMPLING_RATE_HZ
    # HE-AAC decodes to twice the rate that its header says.
    piece = min(_LISTEN_SECONDS, max(media.max_sound_samples // (2 * rate) - MARGIN_SECONDS, 1.0))
    last = video.duration_seconds if video.reading.end_seconds is None else video.reading.end_seconds
    while start < last:
        end = min(start + piece, last)
        beyond = MARGIN_SECONDS if end == last else 0.0
        samples = decode_audio(video.source.uri, media, start, end + beyond, SAMPLING_RATE_HZ, video.reading)
        seen = samples[: round((end - start) * SAMPLING_RATE_HZ)]
        spans += [(start + s, start + e) for s, e in detector.find_speech(made_louder(seen)).spans]
        tape.write(to_pcm(samples).tobytes())
        start = end
    return spans


def _cut_sounds(tasks: Sequence[ClipTask], tape: IO[bytes]) -> dict[str, bytes]:
    tape.flush()
    if not tape.tell():
        return {}
    whole: Pcm = np.memmap(tape, np.int16, "r")
    return {
        sound_part(task.clip): wav_of_pcm(cut_with_margin(whole, task.clip), SAMPLING_RATE_HZ)
        for task in tasks
    }
