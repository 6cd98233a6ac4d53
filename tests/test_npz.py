"""Files from strangers: nothing is unpickled, nothing is trusted."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from schemas.npz import read_arrays
from schemas.outcomes import BadInputError


class _Trap:
    """Would leave a file behind if anything unpickled it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def _npy_header(text: str) -> bytes:
    body = text.encode("latin1").ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body


def _archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<f8", "<f4", ">i4", "<u2", "|b1", "<U5"])
def test_arrays_come_back_as_numpy_wrote_them(tmp_path, kind, order):
    values = np.asarray(np.arange(24).reshape(2, 3, 4).astype(kind), order=order)
    np.savez_compressed(tmp_path / "a.npz", first=values, empty=np.zeros((0, 3)), other=np.ones(2))

    read = read_arrays(tmp_path / "a.npz", ["first", "empty", "absent"])

    assert sorted(read) == ["empty", "first"]
    assert read["first"].dtype == np.dtype(kind)
    np.testing.assert_array_equal(read["first"], values)
    assert read["empty"].shape == (0, 3)


def test_object_arrays_are_left_out_and_never_unpickled(tmp_path):
    mark = tmp_path / "unpickled"
    trap = np.array([_Trap(mark)], dtype=object)
    np.savez(tmp_path / "a.npz", trap=trap, sound=np.ones(3), allow_pickle=True)
    assert pickle.dumps(_Trap(mark))  # the trap is a working one

    read = read_arrays(tmp_path / "a.npz", ["trap", "sound"])

    assert list(read) == ["sound"]
    assert not mark.exists()


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000)}", "MB, more than"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (1000,)}", "of 8000 bytes"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "more than its 8 bytes"),
        ("{'descr': '<f8', 'shape': (2,)}", "header is not one of"),
        ("__import__('os').abort()", "not a sound .npz"),
        ("[1, 2]", "header is not one of"),
        ("{'descr': 'nonsense', 'fortran_order': False, 'shape': (2,)}", "not a sound .npz"),
    ],
)
def test_false_claims_are_refused(tmp_path, header, message):
    path = _archive(tmp_path / "a.npz", {"x.npy": _npy_header(header) + bytes(16)})

    with pytest.raises(BadInputError, match=message):
        read_arrays(path, ["x"])


def test_negative_and_absurd_shapes_are_left_out(tmp_path):
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}"
    path = _archive(tmp_path / "a.npz", {"x.npy": _npy_header(header) + bytes(16)})

    assert read_arrays(path, ["x"]) == {}


def test_a_header_longer_than_allowed_is_refused(tmp_path):
    content = b"\x93NUMPY\x02\x00" + (2**31).to_bytes(4, "little") + bytes(64)
    path = _archive(tmp_path / "a.npz", {"x.npy": content})

    with pytest.raises(BadInputError, match="its header claims"):
        read_arrays(path, ["x"])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"not a zip file at all"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "a.npz"
    path.write_bytes(content)

    with pytest.raises(BadInputError, match=r"a\.npz"):
        read_arrays(path, ["x"])


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(BadInputError, match="no such file"):
        read_arrays(tmp_path / "absent.npz", ["x"])
    with pytest.raises(BadInputError, match="cannot be read"):
        read_arrays(tmp_path, ["x"])


def test_a_truncated_file_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "whole.npz", x=np.random.default_rng(0).random(5000))
    whole = (tmp_path / "whole.npz").read_bytes()
    for share in (0.2, 0.5, 0.9):
        torn = tmp_path / "torn.npz"
        torn.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(BadInputError):
            read_arrays(torn, ["x"])


def test_flipped_bytes_are_found(tmp_path):
    np.savez_compressed(tmp_path / "whole.npz", x=np.random.default_rng(0).random(5000))
    damaged = bytearray((tmp_path / "whole.npz").read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    (tmp_path / "damaged.npz").write_bytes(damaged)

    with pytest.raises(BadInputError):
        read_arrays(tmp_path / "damaged.npz", ["x"])


def test_a_member_that_is_no_npy_is_refused(tmp_path):
    path = _archive(tmp_path / "a.npz", {"x.npy": b"plain text"})

    with pytest.raises(BadInputError, match=r"not in \.npy format"):
        read_arrays(path, ["x"])


def test_too_many_members_are_refused(tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(1))
    path = _archive(tmp_path / "a.npz", {f"x{i}.npy": buffer.getvalue() for i in range(600)})

    with pytest.raises(BadInputError, match="600 arrays"):
        read_arrays(path, ["x1"])
