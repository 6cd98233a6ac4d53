"""A motion's file: the way there and back, and files that are none."""

from pathlib import Path

import numpy as np
import pytest

from body.load import load_body_model
from body.track import TRACK_PARAMETERS
from body.track_file import read_track, track_bytes
from schemas.outcomes import BadInputError
from schemas.sample import arrays_to_npz, npz_to_arrays
from tests.body.track_makers import make_track


def test_a_motion_comes_back_as_it_was(tmp_path: Path) -> None:
    track = make_track(load_body_model())
    path = tmp_path / "m.npz"
    path.write_bytes(track_bytes(track))
    again = read_track(path)
    for name in (*TRACK_PARAMETERS, "betas"):
        assert np.array_equal(getattr(again, name), getattr(track, name)), name
    assert {part: mask.tolist() for part, mask in again.valid.items()} == {
        part: mask.tolist() for part, mask in track.valid.items()
    }
    for name in ("fps", "focal_length_px", "width", "height", "model_id"):
        assert getattr(again, name) == getattr(track, name)
    assert track_bytes(again) == track_bytes(track)


@pytest.mark.parametrize("damage", ["text", "missing", "nan", "camera", "frames", "one number"])
def test_files_that_are_no_motion_are_refused_by_name(damage: str, tmp_path: Path) -> None:
    data = track_bytes(make_track(load_body_model()))
    arrays = npz_to_arrays(data)
    if damage == "missing":
        del arrays["smplx:jaw"]
    elif damage == "nan":
        arrays["smplx:jaw"][3] = np.nan
    elif damage == "camera":
        arrays["camera"] = np.zeros(3)
    elif damage == "frames":
        arrays["smplx:jaw"] = arrays["smplx:jaw"][:5]
    elif damage == "one number":
        arrays["smplx:transl"] = np.array(1.0, np.float32)
    path = tmp_path / "m.npz"
    path.write_bytes(b"no" if damage == "text" else arrays_to_npz(arrays))
    with pytest.raises(BadInputError, match=r"m\.npz"):
        read_track(path)
