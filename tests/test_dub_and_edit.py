"""`dub`, `track` and `edit` from the command line: what they change and leave, and what they refuse."""

import datetime
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from body.track_file import read_track, track_bytes
from commands import command_line
from commands.settle_likeness import consent_template
from media import MediaLimits, decode_audio, probe_media
from media.credentials import read_credentials
from pipelines.person_video import PersonVideo, read_person
from tests.media_makers import RATES, constant_times, run_ffmpeg, write_video
from tests.test_photo import TALKER

Frames = list[npt.NDArray[np.uint8]]
CONSENT = ["--i-have-consent", "a recording made for research"]


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighteen frames of a talker."""
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    run_ffmpeg(ffmpeg.output(ffmpeg.input(str(TALKER), t=0.72), str(path), crf=12, ac=1))
    return path


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.05, 8000).astype(np.float32), 16000)
    return path


@pytest.fixture(scope="module")
def person(talk: Path) -> PersonVideo:
    return read_person(talk)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Frames:
    """The frames that are given to the label, the watermark and the encoder."""
    from commands import remake_video

    taken: Frames = []
    finish = remake_video.finish_video

    def taking(frames: Any, *rest: Any) -> Any:
        def noted() -> Any:
            for frame in frames:
                taken.append(frame.copy())
                yield frame

        return finish(noted(), *rest)

    monkeypatch.setattr(remake_video, "finish_video", taking)
    return taken


def test_a_dubbed_video_differs_at_the_mouth_alone(
    talk: Path, voice: Path, person: PersonVideo, given: Frames, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "dubbed.mp4"
    assert (
        command_line.main(["dub", "--video", str(talk), "--audio", str(voice), "--out", str(out), *CONSENT])
        == 0
    )
    said = capsys.readouterr().out
    assert "18 frames of 360x288 px, 18 of them changed" in said and "about" in said
    face = person.reference.face_points
    lids, chin = face[[145, 374], 1].max(), face[152, 1]
    shown = list(person.footage.frames())
    assert len(given) == len(shown) == 18
    for frame, source in zip(given, shown, strict=True):
        rows, columns = np.nonzero((frame != source).any(2))
        assert lids < rows.min() and rows.max() < chin + 0.4 * (chin - lids)
        assert face[:, 0].min() - 12 < columns.min() and columns.max() < face[:, 0].max() + 12
    record = json.loads(out.with_suffix(".json").read_text())
    assert record["making"]["use"] == "dub" and set(record["making"]["models"]) == {"motion", "video"}
    found = read_credentials(out)
    assert found.source_types == ("compositeWithTrainedAlgorithmicMedia",) and found.integrity == "intact"
    info = probe_media(str(out), MediaLimits())
    assert info.fps == pytest.approx(25.0) and info.num_frames == 18
    heard = decode_audio(str(out), MediaLimits(), 0.0, 0.7)
    assert np.abs(heard[2000:7000]).mean() > 20 * np.abs(heard[9000:]).mean()  # the voice, then silence


def test_eyes_are_edited_by_a_changed_track_and_the_rest_and_the_sound_stay(
    talk: Path, person: PersonVideo, given: Frames, tmp_path: Path, capsys: Any
) -> None:
    motion, out = tmp_path / "motion.npz", tmp_path / "edited.mp4"
    assert command_line.main(["track", "--video", str(talk), "--out", str(motion)]) == 0
    track = read_track(motion)
    assert (track.num_frames, track.fps) == (18, 25.0) and track.valid["face"].all()
    eyes = {
        name: getattr(track, name) + np.array([0, 0.3, 0], np.float32) for name in ("left_eye", "right_eye")
    }
    motion.write_bytes(track_bytes(replace(track, **eyes).taken(slice(0, 12))))
    edited = ["edit", "--video", str(talk), "--motion", str(motion), "--parts", "gaze", "--out", str(out)]
    assert command_line.main([*edited, *CONSENT, "--geometry-alone"]) == 0
    said = capsys.readouterr().out
    assert "ends after 0.5 s" in said and "12 of them changed" in said
    face = person.reference.face_points
    shown = list(person.footage.frames())
    for index, (frame, source) in enumerate(zip(given, shown, strict=True)):
        rows, columns = np.nonzero((frame != source).any(2))
        assert len(rows) > 0 if index < 10 else index < 12 or not len(rows)
        if len(rows):
            assert face[10, 1] < rows.min() and rows.max() < face[1, 1]
            assert face[:, 0].min() < columns.min() and columns.max() < face[:, 0].max()
    record = json.loads(out.with_suffix(".json").read_text())
    assert record["making"]["use"] == "edit" and record["making"]["settings"]["parts"] == "gaze"
    before, after = (decode_audio(str(p), MediaLimits(), 0.1, 0.6) for p in (talk, out))
    assert np.corrcoef(before, after)[0, 1] > 0.98


def test_nobody_is_tracked_who_may_be_a_child_unless_somebody_answers(
    talk: Path, person: PersonVideo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr("commands.remake_video.read_person", lambda *_: person)
    monkeypatch.setattr("commands.settle_age.perceived_years", lambda _: 16.0)
    out = tmp_path / "motion.npz"
    track = ["track", "--video", str(talk), "--out", str(out)]
    assert command_line.main(track) == 2
    assert "looks 16 years old and may be under 18" in capsys.readouterr().err and not out.exists()
    template = consent_template(talk, None, datetime.date.today())
    consent = tmp_path / "consent.yaml"
    filled = {
        'person: ""': "person: A child",
        'consent: ""': "consent: granted",
        'purpose: ""': "purpose: a test",
    }
    for empty, said in filled.items():
        template = template.replace(empty, said)
    consent.write_text(template + "guardian: A parent\n")
    assert command_line.main([*track, "--consent", str(consent)]) == 2
    assert "edit" in capsys.readouterr().err  # the template grants `generate` alone
    consent.write_text(consent.read_text().replace("[generate]", "[edit]"))
    assert command_line.main([*track, "--consent", str(consent)]) == 0 and out.exists()
    out.unlink()
    assert command_line.main([*track, "--person-is-adult"]) == 0 and out.exists()


def test_a_long_stretch_is_fitted_in_pieces_that_share_an_open_mouth(
    talk: Path, person: PersonVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.person_video._FIT_SECONDS", 0.36)
    pieces = read_person(talk).followed
    assert [(one.start, one.track.num_frames) for one in pieces] == [(0, 9), (9, 9)]
    (whole,) = person.followed
    depth = np.concatenate([one.track.transl[:, 2] for one in pieces])
    assert np.allclose(depth, whole.track.transl[:, 2], rtol=0.1)
    assert whole.open_mouth is not None and pieces[0].open_mouth is not None
    assert pieces[0].open_mouth is pieces[1].open_mouth
    assert whole.open_mouth[1].num_frames == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"--i-have-consent": None}, "--consent"),
        ({"--out": "talk.avi"}, ".mp4"),
        ({"--video": "none.mp4"}, "none.mp4"),
        ({"--audio": "none.wav"}, "none.wav"),
        ({"--steps": "0"}, "from 1 to 50"),
        ({"--motion-model": "none.safetensors"}, "none.safetensors"),
        ({"--audio": "silent"}, "silent from beginning to end"),
        ({"--video": "sound"}, "sound and no pictures"),
        ({"--video": "faceless"}, "no face is seen"),
        ({"--audio": "long"}, "lasts 2.0 s and"),
    ],
)
def test_what_cannot_be_dubbed_is_refused(
    change: dict[str, str | None], reason: str, talk: Path, voice: Path, tmp_path: Path, capsys: Any
) -> None:
    inputs, outputs = tmp_path / "in", tmp_path / "out"
    inputs.mkdir()
    outputs.mkdir()
    arguments: dict[str, str | None] = {
        "--video": str(talk),
        "--audio": str(voice),
        "--out": str(outputs / "dubbed.mp4"),
        "--i-have-consent": "a recording made for research",
    } | {name: _input(value, talk, inputs) for name, value in change.items()}
    listed = [part for name, value in arguments.items() if value is not None for part in (name, value)]
    assert command_line.main(["dub", *listed]) == 2
    assert reason in capsys.readouterr().err
    assert not list(outputs.iterdir())


def _input(kind: str | None, talk: Path, folder: Path) -> str | None:
    """Return the path of a file of a kind, or what is no kind as it is."""
    wav, video = folder / "made.wav", folder / "made.mp4"
    if kind in ("silent", "sound", "long"):
        samples = np.random.default_rng(1).normal(0, 0.0 if kind == "silent" else 0.1, 32000)
        soundfile.write(wav, samples.astype(np.float32), 16000)
        return str(wav)
    if kind == "faceless":
        write_video(video, constant_times(RATES["25"], 12))
        return str(video)
    return kind


def test_parts_that_are_none_are_refused(talk: Path, capsys: Any) -> None:
    for parts in ("", "nose", "gaze,nose"):
        edited = ["edit", "--video", str(talk), "--motion", "m.npz", "--parts", parts, "--out", "a.mp4"]
        assert command_line.main([*edited, *CONSENT]) == 2
        assert "--parts" in capsys.readouterr().err
