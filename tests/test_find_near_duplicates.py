"""Near-duplicates: copies are proven on sound and picture; other takes of the same words are none."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from body.face_mesh import SKIN
from schemas.sample import npz_to_arrays
from tests.makers import RATE, noise, speech
from tests.print_makers import make_print
from transforms.clip_print import ClipPrint
from transforms.find_near_duplicates import (
    DuplicateConfig,
    FacePrinter,
    candidate_pairs,
    candidates,
    copies_among,
    prove,
    sound_print,
)
from transforms.find_near_duplicates.correlate import Shelf, best_shifts
from transforms.find_near_duplicates.face_print import MIRROR
from transforms.find_near_duplicates.series import at_places, played_at, quick
from transforms.find_near_duplicates.sound_print import HZ, detail, raised

CONFIG = DuplicateConfig()


def one_face(count: int) -> np.ndarray:
    return np.zeros((count, 8), np.float32)


# ---- Proof -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "speed"), [(0.0, 1.0), (1.0, 1.0), (0.0, 1.05), (0.5, 0.95), (0.3, 0.98)])
def test_a_copy_is_proven_at_its_shift_and_speed(start: float, speed: float) -> None:
    kept, copy = make_print(1), make_print(1, 3.0, start=start, speed=speed, noise=1)
    ((pair, about),) = candidate_pairs(one_face(2), [kept.sound, copy.sound], CONFIG).items()
    found = prove(kept, copy, about, CONFIG)
    assert pair == (0, 1) and found is not None and not found.mirrored
    assert found.speed == pytest.approx(speed, abs=0.006)
    assert found.shift_seconds == pytest.approx(start, abs=0.1)
    assert min(found.sound, found.picture) > 0.7


def test_a_mirrored_copy_is_found_and_told() -> None:
    kept, copy = make_print(1), make_print(1, noise=2)
    mirrored = dataclasses.replace(copy, face=(copy.face * MIRROR).astype(np.int16))
    found = prove(kept, mirrored, 1.0, CONFIG)
    assert found is not None and found.mirrored


def test_sound_alone_or_pictures_alone_prove_nothing() -> None:
    kept, other = make_print(1), make_print(2)
    assert prove(kept, dataclasses.replace(other, sound=kept.sound), 1.0, CONFIG) is None
    assert prove(kept, dataclasses.replace(other, face=kept.face), 1.0, CONFIG) is None


def test_pictures_must_agree_at_the_moment_at_which_the_sound_does() -> None:
    late = make_print(1, start=1.0)
    assert prove(make_print(1), dataclasses.replace(make_print(1), face=late.face), 1.0, CONFIG) is None
    near = make_print(1, start=0.2)
    assert prove(make_print(1), dataclasses.replace(make_print(1), face=near.face), 1.0, CONFIG) is not None


def test_frame_rates_may_differ() -> None:
    kept, copy = make_print(1), make_print(1)
    rows = np.arange(0, len(copy.face) - 1, 12.5 / 15.0)
    faster = dataclasses.replace(copy, face=at_places(copy.face, rows).astype(np.int16), face_hz=15.0)
    assert prove(kept, faster, 1.0, CONFIG) is not None


@pytest.mark.parametrize("still", ["sound", "face"])
def test_what_does_not_change_is_like_nothing(still: str) -> None:
    clip = make_print(1)
    clip = dataclasses.replace(clip, **{still: np.full_like(getattr(clip, still), 7)})
    assert copies_among(one_face(2), [clip, clip], CONFIG) == {}


def test_takes_of_nearly_the_same_words_all_stay() -> None:
    """Half of what is heard and of how the face moves is common to all takes."""
    common, own = make_print(0), [make_print(1 + i) for i in range(30)]
    takes = [
        dataclasses.replace(
            common,
            sound=((common.sound.astype(int) + p.sound) // 2).astype(np.uint8),
            face=((common.face + p.face) // 2).astype(np.int16),
        )
        for p in own
    ]
    assert copies_among(one_face(30), takes, CONFIG) == {}


# ---- Among a person's clips --------------------------------------------------------------------------


def test_the_first_of_several_copies_stays() -> None:
    clips = [make_print(2), make_print(1), make_print(1, noise=1), make_print(3), make_print(1, 3.0, noise=2)]
    gone = copies_among(one_face(5), clips, CONFIG)
    assert {j: i for j, (i, _) in gone.items()} == {2: 1, 4: 1}


def test_a_copy_of_a_copy_is_compared_with_what_stays() -> None:
    """b shows most of a, c most of b, but c little of a: c is no copy of anything that is kept."""
    a, b, c = (make_print(1, 4.0, start=start) for start in (0.0, 1.6, 3.2))
    assert {j: i for j, (i, _) in copies_among(one_face(2), [b, c], CONFIG).items()} == {1: 0}
    assert {j: i for j, (i, _) in copies_among(one_face(3), [a, b, c], CONFIG).items()} == {1: 0}


def test_copies_among_very_many_clips_are_found_within_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_BLOCK_SIZE", 12)
    faces = np.random.default_rng(0).normal(0, 0.1, (60, 8)).astype(np.float32)
    clips = [make_print(i, 2.5) for i in range(60)]
    for i in (0, 20, 40):
        faces[i + 1], clips[i + 1] = faces[i] + 0.001, make_print(i, 2.5, noise=i)
    found = copies_among(faces, clips, CONFIG)
    assert {j: i for j, (i, _) in found.items()} == {1: 0, 21: 20, 41: 40}


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_next_to_nothing_is_no_copy(rows: int) -> None:
    clip = make_print(1)
    short = dataclasses.replace(clip, sound=clip.sound[:rows], face=clip.face[:rows])
    assert copies_among(one_face(3), [clip, short, short], CONFIG) == {}


# ---- Series ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_all_shifts_at_once_find_the_best_one(seed: int) -> None:
    draw = np.random.default_rng(seed)
    series = draw.standard_normal((40, 3)).astype(np.float32)
    others = [draw.standard_normal((n, 3)).astype(np.float32) for n in (25, 40, 12)]
    others[0][3:20] += 2 * series[10:27]
    least = np.array([12, 20, 6])
    score, shift = best_shifts(series, Shelf.of(others, 40), least)
    for other, need, found, at in zip(others, least, score, shift, strict=True):
        by_one: dict[int, float] = {}
        for s in range(-len(other) + 1, 40):
            a = series[max(s, 0) : s + len(other)]
            b = other[max(-s, 0) :][: len(a)]
            if len(a) >= need:
                by_one[s] = float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))
        assert found == pytest.approx(max(by_one.values()), abs=1e-4)
        assert at == max(by_one, key=lambda s: by_one[s])


def test_a_series_is_played_at_another_speed() -> None:
    ramp = np.arange(11.0)[:, None]
    assert played_at(ramp, 2.0)[:, 0].tolist() == [0, 2, 4, 6, 8, 10]
    assert played_at(ramp, 0.5)[:, 0].tolist() == [i / 2 for i in range(21)]
    assert at_places(ramp, np.array([0.25, 9.75, 10.0]))[:, 0].tolist() == [0.25, 9.75, 10.0]


def test_what_is_quick_is_relative_to_the_mean_around_it() -> None:
    series = np.random.default_rng(0).standard_normal((50, 2)) + np.arange(50)[:, None]
    found = quick(series, hz=10.0, memory_seconds=0.6)
    assert found[20] == pytest.approx(series[20] - series[17:24].mean(axis=0))
    assert np.abs(quick(np.ones((9, 2)), 10.0, 0.6)).max() < 1e-9


# ---- Sound -------------------------------------------------------------------------------------------


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    x, y = detail(a, HZ), detail(b, HZ)
    return float((x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum()))


def test_volume_equaliser_and_a_little_noise_do_not_change_a_sound() -> None:
    samples = speech(3.0)
    spectrum = np.fft.rfft(samples)
    treble = np.fft.irfft(spectrum * np.geomspace(0.3, 2.0, len(spectrum)), len(samples))
    plain = sound_print(samples, RATE)
    assert plain.shape == (61, 32) and plain.max() > 200
    assert np.abs(plain.astype(int) - sound_print(0.25 * samples, RATE)).max() <= 2
    assert agreement(plain, sound_print(treble, RATE)) > 0.98
    assert agreement(plain, sound_print(samples + noise(3.0, 0.001), RATE)) > 0.8
    assert agreement(plain, sound_print(speech(3.0, start=14.0), RATE)) < 0.3


def test_a_tape_that_runs_faster_sounds_higher() -> None:
    samples, speed = speech(3.0), 1.06
    tape = np.interp(np.arange(0, len(samples) - 1, speed), np.arange(len(samples)), samples)
    faster = played_at(sound_print(tape, RATE), 1 / speed)
    plain = sound_print(samples, RATE)[: len(faster)]
    back = raised(faster, -np.log2(speed) * 32 / np.log2(20))
    assert agreement(plain, back) > agreement(plain, faster) + 0.1


@pytest.mark.parametrize("tone_hz", [300.0, 1000.0, 3000.0])
def test_a_tone_is_loudest_in_the_band_that_it_is_in(tone_hz: float) -> None:
    samples = np.sin(2 * np.pi * tone_hz * np.arange(RATE) / RATE)
    band = np.searchsorted(np.geomspace(200.0, 4000.0, 33), tone_hz) - 1
    assert (sound_print(samples, RATE)[2:-3].argmax(axis=1) == band).all()


def test_silence_has_a_print() -> None:
    assert not np.ptp(detail(sound_print(np.zeros(RATE), RATE), HZ))
    assert sound_print(np.zeros(0), RATE).shape == (1, 32)


# ---- Pictures ----------------------------------------------------------------------------------------


def talking_pictures(count: int = 40, side: int = 160) -> tuple[list[np.ndarray], np.ndarray]:
    """Return pictures of a textured blob that moves, and landmarks around where it is."""
    draw = np.random.default_rng(0)
    texture = cv2.GaussianBlur(draw.uniform(0, 255, (side, side, 3)).astype(np.float32), (0, 0), 5)
    path = np.cumsum(draw.normal(0, 1.0, (count, 2)), axis=0)
    pictures: list[np.ndarray] = []
    face = np.full((count, 478, 3), np.nan, np.float32)
    ring = np.linspace(0, 2 * np.pi, len(face[0, SKIN]), endpoint=False)
    for i, (x, y) in enumerate(path):
        move = np.array([[1, 0, x], [0, 1, y]])
        pictures.append(
            cv2.warpAffine(texture, move, (side, side), borderMode=cv2.BORDER_REFLECT).astype(np.uint8)
        )
        face[i] = 0
        face[i, SKIN, 0] = side / 2 + x + 30 * np.sin(ring)
        face[i, SKIN, 1] = side / 2 + y - 40 * np.cos(ring)
    return pictures, face


def printed(pictures: list[np.ndarray], face: np.ndarray, fps: float = 25.0) -> np.ndarray:
    printer = FacePrinter(fps, 80.0)
    for picture in pictures:
        printer.update(picture)
    return printer.finish(face)


def moves(print_: np.ndarray) -> np.ndarray:
    return quick(print_.astype(float), 12.5, 1.0)


def alike(a: np.ndarray, b: np.ndarray) -> float:
    x, y = moves(a), moves(b)
    return float((x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum()))


def test_a_mirror_image_has_the_mirrored_print() -> None:
    pictures, face = talking_pictures()
    flipped = face * [-1, 1, 1] + [pictures[0].shape[1] - 1, 0, 0]
    mirrored = printed([np.ascontiguousarray(p[:, ::-1]) for p in pictures], flipped.astype(np.float32))
    plain = printed(pictures, face)
    assert plain.shape == (20, 63)
    assert alike(plain, mirrored * MIRROR) > 0.97 > 0.6 > alike(plain, mirrored)


def test_a_crop_and_a_smaller_picture_have_the_same_print() -> None:
    pictures, face = talking_pictures()
    cropped = printed([p[10:, 14:] for p in pictures], face - np.array([14, 10, 0], np.float32))
    small = [cv2.resize(p, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA) for p in pictures]
    plain = printed(pictures, face)
    assert alike(plain, cropped) > 0.99
    assert alike(plain, printed(small, face * np.float32(0.7))) > 0.95


def test_gaps_in_the_landmarks_are_bridged_and_no_face_at_all_gives_no_rows() -> None:
    pictures, face = talking_pictures()
    gaps = face.copy()
    gaps[:14] = gaps[30:] = np.nan
    assert alike(printed(pictures, face), printed(pictures, gaps)) > 0.9
    assert printed(pictures, np.full_like(face, np.nan)).shape == (0, 63)


def test_far_from_any_frame_with_a_face_the_nearest_ones_tell_where_it_is() -> None:
    pictures, face = talking_pictures()
    still, once = [pictures[0]] * 100, np.full((100, 478, 3), np.nan, np.float32)
    once[50] = face[0]
    whole = printed(still, np.repeat(face[:1], 100, axis=0))
    assert (printed(still, once) == whole).all() and whole.any()


@pytest.mark.parametrize(("fps", "hz"), [(24.0, 12.0), (25.0, 12.5), (30.0, 15.0), (60.0, 12.0), (9.0, 9.0)])
def test_prints_have_about_a_dozen_rows_a_second(fps: float, hz: float) -> None:
    assert FacePrinter(fps, 80.0).hz == hz


# ---- Real takes --------------------------------------------------------------------------------------


def grid_takes() -> list[ClipPrint]:
    """Return prints of a man's sentences of one grammar, all in one room (tests/fixtures/README.md)."""
    arrays = npz_to_arrays((Path(__file__).parent / "fixtures" / "grid_prints.npz").read_bytes())
    names = sorted({name.rpartition("_")[0] for name in arrays})
    return [
        ClipPrint(sound=arrays[f"{name}_sound"], face=arrays[f"{name}_face"], face_hz=12.5) for name in names
    ]


def test_no_sentence_of_a_real_talker_is_a_copy_of_another_and_each_is_of_itself() -> None:
    takes = grid_takes()
    count = len(takes)
    assert count == 14 and copies_among(one_face(count), takes, CONFIG) == {}
    parts = [dataclasses.replace(t, sound=t.sound[20:], face=t.face[13:]) for t in takes]
    found = copies_among(one_face(2 * count), [*takes, *parts], CONFIG)
    assert {j: i for j, (i, _) in found.items()} == {count + i: i for i in range(count)}
