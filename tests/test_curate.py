"""The whole chain with the real models, on tiny videos of real talkers and on broken files."""

import dataclasses
import io
import itertools
import json
import shutil
import tarfile
import wave
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from media import MediaLimits, count_frames, decode_audio, to_pcm
from pipelines.config import CurateConfig
from pipelines.elements import ClipTask
from pipelines.isolation import IsolationConfig, run_isolated
from pipelines.stages import visits_of
from schemas.layout import BIOMETRIC, KNOWN_PEOPLE
from schemas.parts import FACE_PART, PRIVATE_PARTS, VOICE_PART
from schemas.records.person import Identity
from schemas.records.source import Source
from schemas.sample import (
    check_arrays,
    check_sample,
    decode_sample,
    encode_sample,
    npz_to_arrays,
    pcm_of_wav,
    unpack_landmarks,
)
from schemas.tables import to_row
from tests.conftest import Run, run_chain
from tests.makers import EXPECTED, LATE_FRAMES, load_shards
from tests.memory_parts import MemoryParts
from transforms.assign_split import assign_split
from transforms.estimate_attributes import complete_attributes
from transforms.find_minors import bound_ages
from transforms.write_shards import assemble


def load_samples(run: Run) -> dict[str, dict[str, Any]]:
    """Load all samples with plain webdataset."""
    shards = sorted(map(str, (run.out / "shards").glob("*.tar")))
    return {sample["__key__"]: sample for sample in load_shards(*shards)}


def where_sources_end(run: Run) -> dict[str, set[str]]:
    """Return by source name: accepted, or the reasons why nothing was."""
    clips, rejections, failures = (run.rows(t) for t in ("clips", "rejections", "failures"))
    ends: dict[str, set[str]] = defaultdict(set)
    for failure in failures:
        ends[failure["source_name"]].add(f"failed in {failure['stage']}")
    for clip in clips:
        if clip["status"] == "accepted":
            ends[clip["source_name"]].add("accepted")
    with_clips = {clip["source_name"] for clip in clips}
    for rejection in rejections:
        name = rejection["source_name"]
        # Spans lost beside clips are not where a source ends.
        if "accepted" not in ends[name] and (rejection["level"] != "span" or name not in with_clips):
            ends[name].add(rejection["reason"])
    return dict(ends)


def test_every_source_ends_where_it_should(curated: Run) -> None:
    assert where_sources_end(curated) == {name: set(end.split(", ")) for name, end in EXPECTED.items()}
    assert [i.name for i in curated.summary.ignored_inputs] == ["notes.txt"]


def test_counts_add_up_at_every_stage(curated: Run) -> None:
    summary = curated.summary
    assert summary.problems == []
    for stage in summary.stages:
        assert stage.num_in == stage.num_out + stage.num_rejected + stage.num_failed, stage
        assert stage.cpu_seconds == pytest.approx(sum(stage.cpu_by_step.values()))
    for before, after in itertools.pairwise(summary.stages):
        if before.level == after.level:
            assert before.num_out == after.num_in, (before, after)
    by_stage = {s.stage: s for s in summary.stages}
    assert by_stage["probe"].num_in == len(EXPECTED) == summary.totals["sources"]
    assert by_stage["check"].num_out == summary.totals["accepted_clips"] == len(load_samples(curated))


def test_tables_and_stages_tell_the_same(curated: Run) -> None:
    totals, rejections, failures = (
        curated.summary.totals,
        curated.rows("rejections"),
        curated.rows("failures"),
    )
    videos, clips = curated.rows("videos"), curated.rows("clips")
    turned_down = sum(r["level"] == "video" for r in rejections)
    broken = sum(f["level"] == "video" for f in failures)
    assert len(videos) + turned_down + broken == totals["sources"]
    assert len({v["video_id"] for v in videos}) == len(videos)
    assert len({c["clip_id"] for c in clips}) == len(clips) == totals["clips"]
    assert {c["status"] for c in clips} <= {"accepted", "rejected"}
    rejected = [c["clip_id"] for c in clips if c["status"] == "rejected"]
    assert sorted(rejected) == sorted(r["subject_id"] for r in rejections if r["level"] == "clip")
    by_stage = {s.stage: s for s in curated.summary.stages}
    assert sum(s.num_rejected for s in by_stage.values() if s.level == "clip") == len(rejected)
    assert sum(s.num_failed for s in by_stage.values()) == len(failures)


def covered(spans: set[tuple[float, float]]) -> float:
    """Return how many seconds lie in any of the spans."""
    at, seconds = 0.0, 0.0
    for start, end in sorted(spans):
        seconds += max(end - max(start, at), 0.0)
        at = max(at, end)
    return seconds


def test_every_second_of_a_video_is_in_a_clip_or_lost_for_a_reason(curated: Run) -> None:
    clips, rejections = curated.rows("clips"), curated.rows("rejections")
    for video in curated.rows("videos"):
        shots = [s for s in curated.rows("shots") if s["video_id"] == video["video_id"]]
        length = video["duration_seconds"]
        spans = {(c["start_seconds"], c["end_seconds"]) for c in clips if c["video_id"] == video["video_id"]}
        lost = [r for r in rejections if r["video_id"] == video["video_id"] and r["level"] == "span"]
        # What one face's clip lost to a jump may be in another face's clip; other spans are in none.
        jumps = {(r["start_seconds"], r["end_seconds"]) for r in lost if r["reason"] == "jump_cut"}
        others = [(r["start_seconds"], r["end_seconds"]) for r in lost if r["reason"] != "jump_cut"]
        accounted = covered(spans | jumps) + sum(e - s for s, e in others)
        # Less than half a picture at either end of a shot is no span of its own.
        assert accounted == pytest.approx(length, abs=len(shots) / video["fps"] + 1e-3), video["source_name"]
        gaps = sum(r["seconds"] for r in lost if r["reason"] in ("no_picture", "cut_off"))
        seen = sum(s["end_seconds"] - s["start_seconds"] for s in shots)
        assert seen + gaps == pytest.approx(length, abs=0.02), video["source_name"]


def test_failures_say_what_to_do_and_keep_the_traceback(curated: Run) -> None:
    for failure in curated.rows("failures"):
        assert failure["error_type"] == "MediaError"
        assert failure["source_name"] in failure["error"] and "\n" not in failure["error"]
        # From the visit down to the line, and nothing of who called it where.
        assert "Traceback" in failure["traceback"] and "probe_source" in failure["traceback"]
        assert (
            'File "pipelines/visits/probe.py"' in failure["traceback"]
            and "pebble" not in failure["traceback"]
        )


def test_what_is_published_names_no_place_on_the_machine(curated: Run) -> None:
    told = {}
    for table in ("videos", "shots", "face_tracks", "clips", "rejections", "failures"):
        told[table] = str(curated.rows(table))
    for path in (curated.out / "run.json", *(curated.out / "report").glob("*.html")):
        told[path.name] = path.read_text(encoding="utf-8")
    assert {"run.json", "index.html", "bias.html", "cost.html"} <= set(told)
    places = [str(place) for place in (curated.corpus, curated.out, Path.cwd())]
    assert [name for name, text in told.items() if any(place in text for place in places)] == []


def test_all_parts_of_a_sample_have_the_same_number_of_frames(curated: Run) -> None:
    samples = load_samples(curated)
    assert len(samples) == 4
    for key, sample in samples.items():
        about = json.loads(sample["json"])
        num_frames = about["num_frames"]
        assert about["key"] == key and num_frames >= 50
        with av.open(io.BytesIO(sample["mp4"]), "r") as video:
            stream = video.streams.video[0]
            assert stream.average_rate == 25 and (stream.width, stream.height) == (
                about["width"],
                about["height"],
            )
            assert sum(1 for _ in video.decode(stream)) == num_frames
        arrays = npz_to_arrays(sample["npz"])
        check_arrays(arrays, num_frames, fitted=True)
        assert {len(array) for array in arrays.values()} == {num_frames}
        check_sample(decode_sample(key, sample), count_frames)
        with wave.open(io.BytesIO(sample["wav"])) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16000, 1, 2)
            assert sound.getnframes() == num_frames * 640


def test_samples_hold_a_talking_face_and_words(curated: Run) -> None:
    for sample in load_samples(curated).values():
        about, arrays = json.loads(sample["json"]), npz_to_arrays(sample["npz"])
        assert about["landmarks"]["face_ratio"] == arrays["valid:face"].mean() > 0.95
        face = unpack_landmarks(arrays, "face:landmarks")[arrays["valid:face"]]
        inside = (face[..., :2] > -20) & (face[..., :2] < [about["width"] + 20, about["height"] + 20])
        assert inside.mean() > 0.99
        # The mesh lies where the detector saw the face.
        centre = face[:, :468, :2].mean(axis=1)
        box = arrays["box:face"][arrays["valid:face"]]
        assert np.all((centre > box[:, :2]) & (centre < box[:, 2:]))
        assert about["audio"]["speech_ratio"] > 0.3 and about["transcript"]["words"]
        for word in about["transcript"]["words"]:
            assert 0 <= word["start_seconds"] <= word["end_seconds"] <= about["num_frames"] / 25
            assert word["aligner"].startswith("pocketsphinx") and word["score"] is not None
        assert len(about["transcript"]["phones"]) >= len(about["transcript"]["words"])
        assert abs(about["sync"]["av_offset_frames"]) <= 12 and about["sync"]["sync_confidence"] > 0.26
        assert about["not_computed"] == []
        assert str(curated.corpus) not in sample["json"].decode()


def test_sound_that_is_late_is_moved_in_the_sample_and_nowhere_else(curated: Run) -> None:
    """The .wav part of a repaired clip is the source's sound from as much later as the sync record says."""
    (clip,) = [c for c in curated.rows("clips") if c["source_name"] == "late sound.mp4"]
    repaired = clip["sync_repaired_frames"]
    # Three seconds tell the shift to a frame.
    assert repaired == clip["sync_av_offset_frames"] and abs(repaired - LATE_FRAMES) <= 1
    uri = str(curated.corpus / "late sound.mp4")
    whole = to_pcm(decode_audio(uri, MediaLimits(), 0.0, clip["end_seconds"] + 1.0, 16000))
    first = round((clip["start_seconds"] + repaired / 25) * 16000)
    sound = pcm_of_wav(load_samples(curated)[clip["clip_id"]]["wav"], 16000)
    assert np.array_equal(sound, whole[first : first + clip["num_frames"] * 640])


def test_hands_are_found_where_somebody_shows_them(curated: Run) -> None:
    found = {c["source_name"]: c["landmarks_any_hand_ratio"] for c in curated.rows("clips")}
    assert found["signer.mp4"] > 0.5
    assert found["a talker, with 'quotes' & ümlauts.mp4"] < 0.2


def test_the_index_of_a_shard_tells_its_contents(curated: Run) -> None:
    shards = sorted((curated.out / "shards").glob("*.tar"))
    # So few clips are a shard each.
    assert len(shards) == curated.summary.totals["accepted_clips"]
    for shard in shards:
        with tarfile.open(shard) as archive:
            members = {m.name: m.size for m in archive if m.isfile()}
        rows = pq.read_table(curated.out / "index" / f"{shard.stem}.parquet").to_pylist()
        assert [r["key"] for r in rows] == sorted(r["key"] for r in rows)
        expected = {f"{r['key']}.{p}": r[f"{p}_bytes"] for r in rows for p in ("json", "mp4", "npz", "wav")}
        assert members == expected


def test_each_frame_is_decoded_once_a_visit(curated: Run) -> None:
    decoded = {s.stage: s.frames_decoded for s in curated.summary.stages}
    whole = sum(s["end_frame"] - s["start_frame"] for s in curated.rows("shots"))
    # The last pictures of cut_short.mp4 are decoded and turn out to be damaged.
    assert whole <= decoded["survey"] <= whole + 3
    looked_at = [c for c in curated.rows("clips") if c["quality_stillness_ratio"] is not None]
    # Pieces of a divided clip are looked at once more. Seeking starts at a keyframe: a few frames before a
    # clip may come with it.
    again = sum(c["num_frames"] for c in looked_at if c["piece_of_clip_id"])
    assert decoded["look"] <= whole + again and len(looked_at) >= 3


def visit_all(source: Source, config: CurateConfig) -> tuple[ClipTask, MemoryParts]:
    """Call all visits of a source that gives one clip; returns it and the parts that were made."""
    parts = MemoryParts()
    element: Any = source
    for stage, visit in (*visits_of("video"), *visits_of("clip")):
        result = visit.visit(element, parts, **visit.settings(config))
        parts.keep(stage.name, result.parts)
        (element,) = result.outputs
    return element, parts


def directly(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call in a process of its own: WhisperX leaves lazy modules behind that Hypothesis trips over."""
    return run_isolated(function, *arguments, config=IsolationConfig(num_processes=1), media_seconds=10)


def test_the_chain_gives_what_its_visits_give_directly(curated: Run) -> None:
    """Beam only wires: called one after the other the visits make the same record and the same bytes."""
    source = Source(uri=str(curated.corpus / "sub" / "说话的人.mp4"), name="sub/说话的人.mp4")
    config = curated.config
    task, parts = directly(visit_all, source, config)
    assert isinstance(task, ClipTask) and isinstance(parts, MemoryParts)
    (row,) = [r for r in curated.rows("clips") if r["source_name"] == source.name]
    (clip,) = bound_ages([complete_attributes(task.clip)], config.minors)  # nobody else's clip is theirs
    direct = to_row(assign_split(clip, config.split))
    # Who somebody is, and how often to draw a clip, takes the whole collection to tell.
    identity = [f"identity_{field.name}" for field in dataclasses.fields(Identity)]
    # What the visits made has names in a run's folder alone.
    for column in ("artefacts", "status", "sampling_weight", "person_attributes", *identity):
        assert row.pop(column) != direct.pop(column)
    assert json.dumps(row) == json.dumps(direct)
    made = encode_sample(assemble(task.clip, parts, "a hash"))
    sample = load_samples(curated)[task.clip.clip_id]
    for part in ("mp4", "wav", "npz"):
        assert made[part] == sample[part], part
    (clip,) = [c for c in curated.rows("clips") if c["clip_id"] == task.clip.clip_id]
    assert [a["stage"] for a in clip["artefacts"]] == ["survey", *(s.name for s, _ in visits_of("clip"))]
    for artefact in clip["artefacts"]:
        stage = artefact["stage"]
        made_here = parts.of(stage)
        assert {n: part_file(curated, clip, stage, n).read_bytes() for n in made_here} == made_here


def part_file(run: Run, clip: dict[str, Any], stage: str, part: str) -> Path:
    """Return where a part of a clip lies in a run's folder."""
    (artefact,) = [a["artefact_id"] for a in clip["artefacts"] if a["stage"] == stage]
    owner = clip["video_id"]
    room = "biometric" if part in PRIVATE_PARTS else "artefacts"
    return run.out / room / owner[:2] / owner / f"{stage}-{artefact}" / part


def test_faces_are_kept_in_one_folder_and_nowhere_else(curated: Run) -> None:
    """Descriptors are biometric data: they may be deleted without a trace of them staying behind."""
    looked_at = [c for c in curated.rows("clips") if c["quality_stillness_ratio"] is not None]
    stored = [part_file(curated, clip, "look", FACE_PART) for clip in looked_at]
    registry = [p for room in KNOWN_PEOPLE for p in (curated.out / BIOMETRIC / room).glob("*")]
    private = {p for p in (curated.out / BIOMETRIC).rglob("*") if p.is_file()}
    voices = {p for p in private if p.name == VOICE_PART}
    assert private == {*registry, *stored, *voices}
    heard = {
        part_file(curated, c, "audio", VOICE_PART) for c in curated.rows("clips") if c["voice_num_voices"]
    }
    assert voices and voices <= heard
    vectors = [npz_to_arrays(p.read_bytes())["descriptor"] for p in stored]
    numbers = {float(np.round(value, 4)) for vector in vectors for value in vector if abs(value) > 0.1}
    for sample in load_samples(curated).values():
        arrays = npz_to_arrays(sample["npz"])
        assert not any(vector.size in array.shape for array in arrays.values() for vector in vectors)
        about = json.loads(sample["json"])
        assert about["identity"]["identity_id"] and not list(floats_of(about, numbers))
    for table in ("videos", "shots", "face_tracks", "clips", "rejections", "failures"):
        for row in curated.rows(table):
            lists = [v for v in row.values() if isinstance(v, list)]
            assert not any(len(v) in (128, 1024, 1152) for v in lists), table
    elsewhere = [p for p in curated.out.rglob("*") if p.is_file() and "biometric" not in p.parts]
    raw = [vector[:8].tobytes() for vector in vectors]
    assert not any(part in p.read_bytes() for p in elsewhere for part in raw)


def floats_of(value: Any, wanted: set[float]) -> Iterator[float]:
    """Yield lists of numbers in JSON that share many values with `wanted`."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        same = [v for v in value if isinstance(v, float) and round(v, 4) in wanted]
        if len(same) > 8:
            yield from same
        for item in value:
            yield from floats_of(item, wanted)


def test_people_are_recognised_and_described(curated: Run) -> None:
    people = curated.summary.people
    # Two of the four are one woman.
    assert (people.num_faces, people.num_identities, people.too_near) == (4, 3, [])
    for clip in curated.rows("clips"):
        told = {a["name"]: a for a in clip["attributes"]}
        if clip["status"] != "accepted":
            continue
        assert {"age_group", "gender", "skin_tone", "head_pose", "hands", "language"} <= set(told)
        assert told["gender"]["model"].startswith("faceres-") and told["gender"]["source"] == "estimated"
    genders = {
        c["source_name"]: a["value"]
        for c in curated.rows("clips")
        if c["status"] == "accepted"
        for a in c["attributes"]
        if a["name"] == "gender"
    }
    assert genders["a talker, with 'quotes' & ümlauts.mp4"] == genders["late sound.mp4"] == "feminine"
    assert genders["sub/说话的人.mp4"] == "masculine"


def test_run_json_and_the_report_are_there(curated: Run) -> None:
    about = json.loads((curated.out / "run.json").read_text(encoding="utf-8"))
    assert about["config"]["transcribe"]["model"] == "tiny.en"
    assert about["totals"] == curated.summary.totals
    hashed = {b["name"]: b["weights_sha256"] for b in about["backends"]}
    assert all(hashed[n] for n in ("mediapipe-face-mesh", "transnetv2", "silero-vad", "whisper-tiny.en"))
    assert (curated.out / "report" / "index.html").stat().st_size > 10_000
    assert "4 accepted" in curated.text


def test_nothing_unfinished_is_left_behind(curated: Run) -> None:
    leftovers = [p for p in curated.out.rglob("*") if p.suffix in (".tmp", ".partial")]
    assert leftovers == []
    # Of this run's work only what the next one asks for, and its own result.
    assert sorted(p.name for p in (curated.out / "work").iterdir()) == ["last_run.json", "lease.json"]
    assert [p.name for p in (curated.out / "results").iterdir()] == [
        (curated.out / "current").readlink().name
    ]


@pytest.fixture(scope="module")
def rerun(curated: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """A first run, and the same videos moved and shuffled, into another folder, in processes of Beam's own.

    Faults of coders and pickling show only where elements cross processes.
    """
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    moved = shutil.copytree(curated.corpus, elsewhere / "the same, moved")
    flags = ["--runner=FnApiRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2"]
    return curated, run_chain(moved, elsewhere / "another out", flags, num_processes=1, seed=5)


def test_worker_processes_and_another_order_end_every_source_alike(rerun: tuple[Run, Run]) -> None:
    first, again = rerun
    assert where_sources_end(again) == where_sources_end(first)
    assert again.summary.problems == []
    counts = ("stage", "level", "num_in", "num_out", "num_rejected", "num_failed", "frames_decoded")
    for before, after in zip(first.summary.stages, again.summary.stages, strict=True):
        assert [getattr(before, c) for c in counts] == [getattr(after, c) for c in counts]


@pytest.mark.parametrize("folder", ["shards", "tables"])
def test_worker_processes_and_another_order_give_the_same_bytes(rerun: tuple[Run, Run], folder: str) -> None:
    first, again = (run.digests(folder) for run in rerun)
    assert first and first == again


@pytest.mark.parametrize("folder", ["artefacts", "biometric"])
def test_worker_processes_and_another_place_make_the_same_parts(rerun: tuple[Run, Run], folder: str) -> None:
    """Named alike too, but for the probe's, which are told by the place of their file."""
    first, again = (
        {name: digest for name, digest in run.digests(folder).items() if not name.endswith("/record.json")}
        for run in rerun
    )
    assert first and first == again
    records = [{n for n in run.digests("artefacts") if "/probe-" not in n} for run in rerun]
    assert records[0] == records[1]


@pytest.mark.parametrize("page", ["index.html", "bias.html"])
def test_the_pages_are_the_same_bytes_too(rerun: tuple[Run, Run], page: str) -> None:
    first, again = ((run.out / "report" / page).read_bytes() for run in rerun)
    assert first == again
