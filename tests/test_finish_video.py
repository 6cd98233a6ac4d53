"""A video that is made ends labelled, marked, signed and recorded; verify tells the three apart."""

import argparse
import dataclasses
import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from commands import command_line
from commands.finish_video import finish_video
from commands.safeguards import Safeguards, add_safeguard_flags, safeguards_of
from commands.verify_video import Verdict, told, verify_video
from drawing.label import LabelConfig, VisibleLabel
from media import DecodeTally, MediaLimits, PictureView, decode_video, probe_media
from media.credentials import Claim, Credentials, local_signing_key, read_credentials, sign_mp4
from media.encode import bt709_frame
from media.watermark import PUBLIC_KEY, Finding, read_watermark
from schemas.outcomes import BadInputError
from schemas.person_consent import ConsentBasis
from schemas.video_record import Making, VideoRecord
from tests.test_watermark import scene

Frame = npt.NDArray[np.uint8]
CONSENT = ConsentBasis(
    kind="statement",
    use="generate",
    picture_sha256="0" * 64,
    voice_sha256="1" * 64,
    statement="drawn by these tests",
)
MAKING = Making(use="generate", seed=3, models={"motion": "2" * 64}, consent=CONSENT, settings={"steps": 2})
WIDTH, HEIGHT, NUM_FRAMES = 301, 256, 75


def asked(*flags: str) -> Safeguards:
    parser = argparse.ArgumentParser()
    add_safeguard_flags(parser)
    return safeguards_of(parser.parse_args(flags))


def frames() -> Iterator[Frame]:
    ground = scene(WIDTH, HEIGHT)
    for index in range(NUM_FRAMES):
        frame = ground.copy()
        frame[100:140, 100:140] = index
        yield frame


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, VideoRecord]:
    out = tmp_path_factory.mktemp("made") / "talk.mp4"
    sound = np.sin(np.arange(48000) / 16000 * 440 * 2 * np.pi).astype(np.float32) * 0.3
    return out, finish_video(frames(), sound, 25.0, out, MAKING, asked())


@pytest.fixture(scope="module")
def verdict(made: tuple[Path, VideoRecord]) -> Verdict:
    return verify_video(made[0], PUBLIC_KEY, None)


def test_a_video_is_whole_and_has_its_record(made: tuple[Path, VideoRecord]) -> None:
    out, record = made
    info = probe_media(str(out), MediaLimits())
    assert (info.width, info.height, info.num_frames, info.fps) == (302, 256, NUM_FRAMES, 25.0)
    assert info.audio_sampling_rate_hz == 48000 and info.duration_seconds == pytest.approx(3.0, abs=0.1)
    beside = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert beside["making"]["consent"]["statement"] == "drawn by these tests"
    assert beside["making"]["models"] == {"motion": "2" * 64} and beside["making"]["seed"] == 3
    assert (beside["certificate"], beside["watermark_key"], beside["label"]) == (
        "test",
        "public",
        "AI-generated",
    )
    assert beside["sha256"] == record.sha256 and beside["watermark_payload"] == record.watermark_payload
    assert sorted(p.name for p in out.parent.iterdir()) == ["talk.json", "talk.mp4"]


def test_its_colours_are_the_frames(made: tuple[Path, VideoRecord]) -> None:
    picture = next(iter(decode_video(str(made[0]), MediaLimits(), DecodeTally())))
    seen = PictureView(picture.frame.width, picture.frame.height, 0, "rgb24").pixels(picture.frame)
    plain = next(frames())
    off = seen[:200, :WIDTH].astype(float) - plain[:200]
    assert np.abs(off.mean(axis=(0, 1))).max() < 3  # FFmpeg's way back to RGB is two levels dark
    assert np.abs(seen[-40:, -120:].astype(float) - plain[-40:, -120:]).mean() > 20  # the label
    red = np.full((64, 64, 3), (200, 60, 30), np.uint8)
    back = PictureView(64, 64, 0, "rgb24").pixels(bt709_frame(red))
    assert np.abs(back.astype(int) - red).max() <= 3


def test_verify_gives_three_answers(made: tuple[Path, VideoRecord], verdict: Verdict) -> None:
    found = verdict.credentials
    assert (found.integrity, found.trust) == ("intact", "test certificate")
    assert verdict.watermark.answer == "found" and verdict.watermark.payload == made[1].watermark_payload
    assert (verdict.watermark.false_alarm_log10 or 0) < -6
    assert (verdict.binding, verdict.exit_code) == ("agrees", 0)
    integrity, trust, watermark = told(verdict)
    assert integrity.startswith("integrity: intact") and "trainedAlgorithmicMedia" in integrity
    assert "nobody vouches" in trust and "by chance once in 10^" in watermark


def test_the_same_making_is_the_same_before_it_is_signed(
    made: tuple[Path, VideoRecord], tmp_path: Path
) -> None:
    sound = np.sin(np.arange(48000) / 16000 * 440 * 2 * np.pi).astype(np.float32) * 0.3
    again = finish_video(frames(), sound, 25.0, tmp_path / "again.mp4", MAKING, asked())
    assert again.unsigned_sha256 == made[1].unsigned_sha256 and again.sha256 != made[1].sha256
    other = dataclasses.replace(MAKING, seed=4)
    few = list(frames())[:2]
    assert finish_video(few, None, 25.0, tmp_path / "a.mp4", other, asked()).watermark_payload != (
        again.watermark_payload
    )


def test_a_changed_video_is_told(made: tuple[Path, VideoRecord], tmp_path: Path, capsys: Any) -> None:
    data = bytearray(made[0].read_bytes())
    data[-1500] ^= 0xFF
    changed = tmp_path / "changed.mp4"
    changed.write_bytes(data)
    assert command_line.main(["verify", str(changed), "--json"]) == 3
    answers = json.loads(capsys.readouterr().out)
    assert answers["credentials"]["integrity"] == "changed" and answers["watermark"]["answer"] == "found"
    assert answers["exit_code"] == 3


def verdict_of(integrity: Any, payload: int | None, answer: Any, mark: int | None) -> Verdict:
    trust = "none" if integrity in ("none", "damaged") else "untrusted"
    return Verdict(
        file="x.mp4",
        credentials=Credentials(integrity=integrity, trust=trust, payload=payload),
        watermark=Finding(answer=answer, payload=mark),
        watermark_key="public",
        trust_anchors=None,
    )


@pytest.mark.parametrize(
    ("integrity", "payload", "answer", "mark", "code"),
    [
        ("intact", 7, "found", 7, 0),
        ("intact", 7, "not found", None, 0),
        ("none", None, "found", 7, 0),
        ("intact", 7, "found", 8, 3),
        ("changed", 7, "found", 7, 3),
        ("damaged", None, "not found", None, 3),
        ("none", None, "not found", None, 4),
        ("none", None, "too short to say", None, 4),
    ],
)
def test_exit_codes(integrity: str, payload: int | None, answer: str, mark: int | None, code: int) -> None:
    assert verdict_of(integrity, payload, answer, mark).exit_code == code


def test_the_video_of_others_has_no_mark(capsys: Any) -> None:
    talker = Path(__file__).parent.parent / "demo" / "media" / "s1_bbaf2n.mp4"
    assert command_line.main(["verify", str(talker)]) == 4
    said = capsys.readouterr().out
    assert "integrity: none" in said and "trust: none" in said and "watermark: not found" in said


@pytest.mark.parametrize("data", [b"junk", b"\x00\x00\x00\x20ftypisom" + b"\xff" * 5000])
def test_files_that_are_no_video_are_2(data: bytes, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "junk.mp4"
    path.write_bytes(data)
    assert command_line.main(["verify", str(path)]) == 2
    assert "junk.mp4" in capsys.readouterr().err
    assert command_line.main(["verify", str(tmp_path / "none.mp4")]) == 2


def test_what_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[Frame]:
        yield next(frames())
        raise RuntimeError("the network gave up")

    safeguards, out = asked(), tmp_path / "talk.mp4"
    for given, said in (
        (broken(), "gave up"),
        (iter(()), "needs a frame"),
        ([scene(256, 256), scene(256, 200)], "fit"),
        ([scene(100, 100)], "cannot be marked"),
    ):
        with pytest.raises((BadInputError, RuntimeError, ValueError), match=said):
            finish_video(given, None, 25.0, out, MAKING, safeguards)
    with pytest.raises(BadInputError, match=r"is an \.mp4 file"):
        finish_video(frames(), None, 25.0, tmp_path / "talk.avi", MAKING, safeguards)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BadInputError, match="cannot be written"):
        finish_video([scene(256, 256)], None, 25.0, tmp_path / "file" / "a.mp4", MAKING, safeguards)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--payload", "65536"), "from 0 to 65535"),
        (("--tsa", "file:///etc"), "http"),
        (("--certificate", "a.pem"), "belong together"),
        (("--certificate", "none.pem", "--private-key", "none.pem"), "none.pem: cannot be read"),
        (("--label-text", " "), "label.text"),
        (("--label-height", "0.9"), "label.height_share"),
        (("--watermark-key", "none.key"), "none.key: cannot be read"),
    ],
)
def test_flags_that_cannot_be_used_are_named(flags: tuple[str, ...], said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        asked(*flags)


def test_what_is_weak_or_left_out_is_said() -> None:
    said = " ".join(asked("--no-label").warnings())
    assert "test certificate" in said and "public key" in said and "no visible label" in said


@pytest.mark.parametrize("ground", [0, 128, 255])
@pytest.mark.parametrize("corner", ["top left", "top right", "bottom left", "bottom right"])
def test_a_label_is_legible_on_any_ground(ground: int, corner: Any) -> None:
    """By WCAG's contrast of the brightest to the darkest that is drawn, where it belongs and nowhere else."""
    plain = np.full((200, 300, 3), ground, np.uint8)
    drawn = VisibleLabel(300, 200, LabelConfig(corner=corner)).draw(plain)
    rows, columns = np.nonzero((drawn != plain).any(axis=2))
    assert (rows.max() < 100) == corner.startswith("top")
    assert (columns.mean() < 150) == corner.endswith("left")
    low, high = drawn[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].min(), drawn.max()
    luminance = [(float(v) / 255) ** 2.2 for v in (low, high)]
    assert (luminance[1] + 0.05) / (luminance[0] + 0.05) >= 4.5


def test_a_label_is_as_large_as_it_is_set_and_fits() -> None:
    plain = np.zeros((400, 400, 3), np.uint8)
    high = [
        int(np.ptp(np.nonzero(VisibleLabel(400, 400, LabelConfig(height_share=s)).draw(plain))[0]))
        for s in (0.03, 0.06)
    ]
    assert high[1] > 1.6 * high[0]
    long = LabelConfig(text="Diese Person hat das nie gesagt: mit KI erzeugt", height_share=0.2)
    columns = np.nonzero(VisibleLabel(200, 400, long).draw(plain[:, :200]))[1]
    assert columns.max() < 200 and columns.min() > 0
    with pytest.raises(ValueError, match="does not fit"):
        VisibleLabel(200, 400, long).draw(plain)


def test_credentials_that_name_another_mark_are_told(
    tmp_path: Path, made: tuple[Path, VideoRecord], verdict: Verdict
) -> None:
    """Somebody signs the marked video anew, as something else."""
    claim = Claim(title="x", source="made", payload=made[1].watermark_payload ^ 1, description="x")
    forged = tmp_path / "forged.mp4"
    forged.write_bytes(
        sign_mp4(made[0].read_bytes(), claim, local_signing_key(datetime.datetime.now(datetime.UTC)))
    )
    verdict = dataclasses.replace(
        verdict, credentials=read_credentials(forged), watermark=read_watermark(str(forged), PUBLIC_KEY)
    )
    assert (verdict.credentials.integrity, verdict.binding, verdict.exit_code) == ("intact", "differs", 3)
    assert read_watermark(str(forged), b"a key of somebody else's").answer == "not found"
