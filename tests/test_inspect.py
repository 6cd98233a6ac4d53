"""`inspect`: contact sheet and overlay of one clip, from parts or shard, and what it refuses."""

import dataclasses
import datetime
import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image as Pillow

from commands.command_line import main
from commands.inspect_clip import inspect_clip
from drawing import panel, sheet
from media import to_pcm
from pipelines.open_clip import usable_clip
from pipelines.run_folder import RunFolder
from pipelines.stored_clip import find_clip
from schemas.outcomes import BadInputError, Failure, Rejection
from schemas.parts import LANDMARKS_PART, VIDEO_PART
from schemas.records.clip import Clip
from schemas.records.sound import Transcript
from schemas.records.source import Terms
from tests.makers import make_audio, make_clip, tone
from tests.media_makers import RATES, constant_times, write_video
from tests.overlay_makers import WORDS, person, words
from tests.stored_run import make_summary, parts_of, publish_run, store_parts, stored_part
from transforms.clip_sound import sound_part
from transforms.write_shards import build_shard

NUM_FRAMES = 30


def add_clip(out: Path, number: int, size: tuple[int, int] = (320, 180), **changes: Any) -> Clip:
    """Write the parts of a clip of numbered pictures with a tone; returns its record."""
    clip = make_clip(number, NUM_FRAMES, width=size[0], height=size[1], status="accepted", split="train")
    transcript = Transcript(
        text=" ".join(WORDS),
        language="ko",
        language_score=0.9,
        words=words(),
        phones=(),
        declared_match=None,
        mean_log_probability=-0.3,
        syllables_per_second=3.5,
        doubtful_ratio=0.0,
        recogniser="a recogniser",
        aligner="an aligner",
    )
    clip = dataclasses.replace(clip, audio=make_audio(), transcript=transcript)
    out.mkdir(parents=True, exist_ok=True)
    video = write_video(out / "scratch.mp4", constant_times(RATES["25"], NUM_FRAMES), display_size=size)
    sound = to_pcm(tone(NUM_FRAMES / 25, 0.3))
    clip = store_parts(out, clip, parts_of(clip, video.read_bytes(), sound, person(NUM_FRAMES, size)))
    video.unlink()
    return dataclasses.replace(clip, **changes)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Clip]]:
    """A run's folder with an accepted landscape, a rejected portrait and a clip without parts."""
    out = tmp_path_factory.mktemp("run") / "out, with 'quotes'"
    clips = [
        add_clip(out, 0),
        add_clip(out, 1, (180, 320), status="rejected", transcript=None, split=None),
        make_clip(2, status="failed"),
    ]
    rejection = Rejection(
        stage="filter_audio",
        level="clip",
        subject_id=clips[1].clip_id,
        video_id=clips[1].video_id,
        source_name=clips[1].source.name,
        reason="noisy_audio",
        score=1.5,
        threshold=3.0,
        also=("no_speech",),
    )
    failure = Failure(
        stage="look",
        level="clip",
        subject_id=clips[2].clip_id,
        video_id=None,
        source_name="x",
        error_type="MediaError",
        error="broken",
        traceback="",
    )
    rules = [{"name": "noisy_audio", "field": "audio.snr_db"}, {"name": "other", "field": "fps"}]
    config = {"filter": {"rules": rules}, "audio": {"vad_threshold": 0.4}}
    publish_run(out, clips, [rejection], [failure], make_summary(config=config))
    return out, clips


@pytest.fixture
def copied(finished: tuple[Path, list[Clip]], tmp_path: Path) -> tuple[Path, list[Clip]]:
    """A copy of the finished run that a test may damage; it stands at another place."""
    out = tmp_path / "moved"
    shutil.copytree(finished[0], out, symlinks=True)
    return out, finished[1]


def probe(path: str) -> tuple[int, tuple[int, int], float, str, float, float]:
    """Return frames decoded, size, rate, sound codec, sound length in seconds and its first time."""
    with av.open(path) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        size, rate = (video.width, video.height), float(video.average_rate or 0)
        codec, count, samples, first = sound.codec_context.name, 0, 0, None
        for packet in container.demux(video, sound):
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame):
                    first = float(frame.time or 0) if first is None else first
                    samples += frame.samples
                else:
                    count += 1
        return count, size, rate, codec, samples / sound.rate, first or 0.0


@pytest.mark.parametrize("number", [0, 1], ids=["landscape", "portrait, rejected"])
def test_writes_a_sheet_and_a_video(finished: tuple[Path, list[Clip]], number: int) -> None:
    out, clips = finished
    paths = inspect_clip(str(out), clips[number].clip_id)
    folder = out / "inspect" / clips[number].clip_id
    assert paths == [str(folder / "contact_sheet.png"), str(folder / "overlay.mp4")]
    with Pillow.open(paths[0]) as picture:
        assert picture.width == sheet.WIDTH_PX and picture.height > 500
    count, size, rate, codec, seconds, first = probe(paths[1])
    assert (count, rate, codec) == (NUM_FRAMES, 25.0, "aac")
    assert size[0] >= 720
    assert seconds == pytest.approx(NUM_FRAMES / 25, abs=0.05)
    assert abs(first) < 0.03
    assert sorted(p.name for p in folder.iterdir()) == ["contact_sheet.png", "overlay.mp4"]


@pytest.mark.parametrize("number", [0, 1], ids=["accepted", "rejected"])
def test_nothing_is_drawn_once_a_consent_has_ended(copied: tuple[Path, list[Clip]], number: int) -> None:
    out, clips = copied
    terms = (Terms(expires_on="2026-11-27"), Terms(withdrawn_on="2026-11-28"), Terms())
    ending = [
        dataclasses.replace(clip, source=dataclasses.replace(clip.source, terms=term))
        for clip, term in zip(clips, terms, strict=True)
    ]
    publish_run(out, ending)
    shutil.rmtree(out / "inspect", ignore_errors=True)
    last = datetime.date(2026, 11, 27)
    assert find_clip(RunFolder(str(out)).finished(), clips[number].clip_id)  # it is still told about
    with pytest.raises(BadInputError, match=r"held until 2026-11-27 \(consent_.*2 of the 3 clips") as told:
        inspect_clip(str(out), clips[number].clip_id, last + datetime.timedelta(days=1))
    assert "\n" not in str(told.value) and not (out / "inspect").exists()
    RunFolder(str(out)).exclusions.add([clips[number].clip_id])
    with pytest.raises(BadInputError, match=r"withdrawn or erased .*1 of the 3 clips"):
        inspect_clip(str(out), clips[number].clip_id, last)


def test_the_last_day_of_a_consent_is_one_of_it(copied: tuple[Path, list[Clip]]) -> None:
    out, clips = copied
    clip = dataclasses.replace(
        clips[0], source=dataclasses.replace(clips[0].source, terms=Terms(expires_on="2026-11-27"))
    )
    publish_run(out, [clip])
    assert usable_clip(
        RunFolder(str(out)), RunFolder(str(out)).finished(), clip.clip_id, datetime.date(2026, 11, 27)
    )


def test_the_left_picture_is_the_clip_and_the_right_one_is_drawn_on(
    finished: tuple[Path, list[Clip]],
) -> None:
    out, clips = finished
    video = inspect_clip(str(out), clips[0].clip_id)[1]
    with av.open(video) as container:
        frame = list(container.decode(video=0))[12].to_ndarray(format="rgb24").astype(int)
    with av.open(str(stored_part(out, clips[0], "look", VIDEO_PART))) as container:
        source = list(container.decode(video=0))[12].to_ndarray(format="rgb24")
    shown = panel.resize(source, (720, 404)).astype(int)
    left, right = frame[50 : 50 + 404, :720], frame[50 : 50 + 404, 720:1440]
    assert np.abs(left - shown).mean() < 4
    assert np.abs(right - shown).mean() > 8


def test_a_prefix_is_enough_and_the_command_prints_the_paths(
    finished: tuple[Path, list[Clip]], capsys: pytest.CaptureFixture[str]
) -> None:
    out, clips = finished
    assert main(["inspect", str(out), clips[0].clip_id[:12]]) == 0
    printed = capsys.readouterr().out.replace("\n", "")
    assert "contact_sheet.png" in printed and "overlay.mp4" in printed


def test_rejected_and_failed_clips_say_why(finished: tuple[Path, list[Clip]]) -> None:
    out, clips = finished
    result = RunFolder(str(out)).finished()
    rejected = find_clip(result, clips[1].clip_id)
    assert rejected.verdict == "rejected: noisy_audio (score 1.5, threshold 3), also no_speech"
    assert rejected.broken_columns == {"audio_snr_db"}
    assert find_clip(result, clips[2].clip_id).verdict == "failed in look: MediaError: broken"
    assert find_clip(result, clips[0].clip_id).verdict == "accepted"


@pytest.mark.parametrize("key", ["../x", "", "zzz", "/etc/passwd", "*", "0" * 300, "a\nb", "[a-z]"])
def test_an_unknown_or_hostile_key_is_refused_with_some_that_exist(
    finished: tuple[Path, list[Clip]], key: str
) -> None:
    out, clips = finished
    with pytest.raises(BadInputError) as refused:
        inspect_clip(str(out), key)
    assert any(clip.clip_id in str(refused.value) for clip in clips)
    assert main(["inspect", str(out), key]) == 2


def test_an_ambiguous_key_lists_what_it_could_mean(tmp_path: Path) -> None:
    clips = [make_clip(0, clip_id="ab1"), make_clip(1, clip_id="ab2"), make_clip(2, clip_id="cd")]
    publish_run(tmp_path, clips)
    with pytest.raises(BadInputError, match=r"2 keys begin with 'ab'; for example: ab1, ab2"):
        inspect_clip(str(tmp_path), "ab")


def test_a_key_in_the_table_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    publish_run(tmp_path / "out", [make_clip(0, clip_id="../../stolen", status="accepted")])
    with pytest.raises(BadInputError, match="a key that is none"):
        inspect_clip(str(tmp_path / "out"), "../")
    assert not (tmp_path / "stolen").exists()


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no finished run here"):
        inspect_clip(str(tmp_path), "a")
    publish_run(tmp_path, [])
    with pytest.raises(BadInputError, match="has no clips"):
        inspect_clip(str(tmp_path), "a")


def test_without_parts_the_shard_serves(copied: tuple[Path, list[Clip]]) -> None:
    out, clips = copied
    folder = RunFolder(str(out))
    clip, result = clips[0], folder.finished()
    shard = build_shard("train-000000.tar", [clip], folder.places(result).parts_of, "a hash")
    result.write_shard("train-000000", shard)
    shutil.rmtree(out / "artefacts")
    assert probe(inspect_clip(str(out), clip.clip_id)[1])[0] == NUM_FRAMES
    tar = out / "shards" / "train-000000.tar"
    data = bytearray(tar.read_bytes())
    data[data.index(b"mdat") + 100] ^= 255
    tar.write_bytes(data)
    with pytest.raises(BadInputError, match="the shard is damaged"):
        inspect_clip(str(out), clip.clip_id)


def test_without_parts_and_shard_the_error_says_how_the_clip_ended(finished: tuple[Path, list[Clip]]) -> None:
    out, clips = finished
    with pytest.raises(BadInputError, match=r"no pictures to look at.*failed in look"):
        inspect_clip(str(out), clips[2].clip_id)


def test_parts_that_lie_outside_the_run_are_not_read(copied: tuple[Path, list[Clip]], tmp_path: Path) -> None:
    out, clips = copied
    part = stored_part(out, clips[0], "look", VIDEO_PART)
    part.rename(tmp_path / "elsewhere.mp4")
    part.symlink_to(tmp_path / "elsewhere.mp4")
    with pytest.raises(BadInputError, match="no pictures to look at"):
        inspect_clip(str(out), clips[0].clip_id)


@pytest.mark.parametrize("field", ["video_id", "artefact_id"])
def test_names_in_the_table_that_lead_elsewhere_are_not_followed(
    copied: tuple[Path, list[Clip]], field: str
) -> None:
    out, clips = copied
    look = next(a for a in clips[0].artefacts if a.stage == "look")
    if field == "video_id":
        hostile = dataclasses.replace(clips[0], video_id=f"../{clips[0].video_id}")
    else:
        artefact_id = f"x/../../../../../../stolen/{look.artefact_id}"
        artefacts = tuple(dataclasses.replace(a, artefact_id=artefact_id) for a in clips[0].artefacts)
        hostile = dataclasses.replace(clips[0], artefacts=artefacts)
    publish_run(out, [hostile])
    parts = RunFolder(str(out)).places(RunFolder(str(out)).finished()).parts_of(hostile)
    with pytest.raises(FileNotFoundError, match="not a name"):
        parts.read("look", VIDEO_PART)
    with pytest.raises(BadInputError, match="no pictures to look at"):
        inspect_clip(str(out), hostile.clip_id)


def _pickled() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("face:landmarks.npy", "w") as member:
        np.lib.format.write_array(member, np.array([{}], object), allow_pickle=True)
    return buffer.getvalue()


DAMAGE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "npz": (LANDMARKS_PART, lambda: b"not an archive"),
    "wav": ("sound", lambda: b"RIFF not a wave"),
    "mp4": (VIDEO_PART, lambda: b"not a video"),
    "pickle": (LANDMARKS_PART, _pickled),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_parts_are_named(copied: tuple[Path, list[Clip]], kind: str) -> None:
    out, clips = copied
    part, data = DAMAGE[kind]
    place = ("survey", sound_part(clips[0])) if part == "sound" else ("look", part)
    stored_part(out, clips[0], *place).write_bytes(data())
    with pytest.raises(BadInputError, match=r"damaged|cannot be decoded"):
        inspect_clip(str(out), clips[0].clip_id)


def test_a_video_with_too_few_frames_is_named(copied: tuple[Path, list[Clip]]) -> None:
    out, clips = copied
    path = stored_part(out, clips[0], "look", VIDEO_PART)
    write_video(path, constant_times(RATES["25"], NUM_FRAMES - 1))
    with pytest.raises(BadInputError, match=f"{NUM_FRAMES - 1} of {NUM_FRAMES} frames"):
        inspect_clip(str(out), clips[0].clip_id)
