"""The contract of a training sample: packing, names, types, and bytes that depend on nothing else."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from schemas.sample import (
    ARRAYS,
    BODY_ARRAYS,
    LANDMARK_UNITS_PER_PX,
    SampleError,
    arrays_to_npz,
    check_arrays,
    check_key,
    npz_to_arrays,
    pack_landmarks,
    to_json_bytes,
    unpack_landmarks,
)
from tests.makers import make_arrays

PIXELS = st.floats(-2000, 2000, allow_nan=False)


@given(hnp.arrays(np.float64, (3, 33, 3), elements=PIXELS))
def test_landmarks_survive_packing_to_a_thirtysecond_of_a_pixel(points: np.ndarray) -> None:
    arrays = {"pose:landmarks": pack_landmarks(points), "valid:pose": np.ones(3, bool)}
    assert (
        np.abs(unpack_landmarks(arrays, "pose:landmarks") - points).max()
        <= 0.5 / LANDMARK_UNITS_PER_PX + 1e-4
    )


def test_frames_without_landmarks_come_back_as_nan() -> None:
    points = np.full((3, 21, 3), 7.0)
    points[1] = np.nan
    packed = pack_landmarks(points)
    assert packed.dtype == np.int16 and not packed[1].any()
    arrays = {"hand:left_landmarks": packed, "valid:left_hand": np.array([True, False, True])}
    unpacked = unpack_landmarks(arrays, "hand:left_landmarks")
    assert np.isnan(unpacked[1]).all() and np.all(unpacked[[0, 2]] == 7.0)


def test_landmarks_far_outside_do_not_wrap_around() -> None:
    assert pack_landmarks(np.array([1e6, -1e6])).tolist() == [32767, -32768]


def test_archive_bytes_depend_on_nothing_but_the_arrays() -> None:
    arrays = make_arrays(5)
    backwards = {name: np.asfortranarray(arrays[name]) for name in reversed(arrays)}
    assert arrays_to_npz(arrays) == arrays_to_npz(backwards)


def test_arrays_come_back_as_they_went_in() -> None:
    arrays = make_arrays(5, seed=3)
    back = npz_to_arrays(arrays_to_npz(arrays))
    assert set(back) == set(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


def test_pickled_arrays_are_refused_both_ways() -> None:
    with pytest.raises(ValueError, match=r"pickle|Object"):
        arrays_to_npz({"a": np.array([{"x": 1}], dtype=object)})
    evil = io.BytesIO()
    np.savez(evil, a=np.array([{"x": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="pickle"):
        npz_to_arrays(evil.getvalue())


def test_archive_is_a_plain_zip_of_npy_files() -> None:
    with zipfile.ZipFile(io.BytesIO(arrays_to_npz(make_arrays(2)))) as archive:
        assert archive.namelist() == sorted(f"{name}.npy" for name in ARRAYS)
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_arrays_that_keep_the_contract_pass() -> None:
    check_arrays(make_arrays(5), 5, fitted=False)
    check_arrays(make_arrays(5, fitted=True), 5, fitted=True)


def test_a_fit_must_be_there_where_there_is_one() -> None:
    with pytest.raises(SampleError, match="smplx:"):
        check_arrays(make_arrays(5), 5, fitted=True)


@pytest.mark.parametrize("name", sorted(ARRAYS | BODY_ARRAYS))
def test_every_array_is_checked_for_presence_length_and_type(name: str) -> None:
    whole = make_arrays(5, fitted=True)
    wrong = {
        "missing": {k: v for k, v in whole.items() if k != name},
        "a frame less": whole | {name: whole[name][:4]},
        "another type": whole | {name: whole[name].astype(np.float64)},
        "another shape": whole | {name: whole[name][..., None]},
    }
    for arrays in wrong.values():
        with pytest.raises(SampleError, match=name):
            check_arrays(arrays, 5, fitted=True)


@given(st.from_regex(r"[A-Za-z0-9_-]{1,100}", fullmatch=True))
def test_plain_keys_pass(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", "a.b", "a/b", "../a", "a b", "ü", "a\n", "x" * 101])
def test_keys_that_would_break_a_tar_file_are_refused(key: str) -> None:
    with pytest.raises(SampleError):
        check_key(key)


def test_json_is_canonical_and_knows_no_nan() -> None:
    assert to_json_bytes({"b": 1, "a": "é"}) == to_json_bytes({"a": "é", "b": 1})
    assert "é" in to_json_bytes({"a": "é"}).decode()
    assert json.loads(to_json_bytes({"a": None})) == {"a": None}
    with pytest.raises(ValueError, match="JSON compliant"):
        to_json_bytes({"a": float("nan")})
