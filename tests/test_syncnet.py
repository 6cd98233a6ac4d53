"""A SyncNet by path: its inputs as Wav2Lip makes them, and the lag it finds, on a network of a few bytes."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from backends import faceres, syncnet
from schemas.outcomes import BadInputError
from tests.onnx_maker import write_brightness_syncnet
from transforms.score_sync import SyncConfig, score_sync

FPS, FRAMES = 25, 100


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> syncnet.SyncNet:
    path = tmp_path_factory.mktemp("syncnet") / "tiny.onnx"
    write_brightness_syncnet(path)
    return syncnet.SyncNet(str(path))


def face() -> npt.NDArray[np.float32]:
    """Return a still face that fills the middle of a picture of 128 px."""
    points = np.random.default_rng(0).uniform(24, 104, (478, 3))
    points[0], points[1] = (24, 24, 0), (104, 104, 0)
    return np.tile(points, (FRAMES, 1, 1)).astype(np.float32)


def talk(late_frames: int) -> tuple[npt.NDArray[np.float32], list[npt.NDArray[np.uint8]]]:
    """Return noise whose loudness is the pictures' brightness, some frames later."""
    rng = np.random.default_rng(1)
    level = np.convolve(rng.normal(size=FRAMES + 40), np.hanning(5), mode="same")
    level = (level - level.min()) / np.ptp(level)
    pictures = [np.full((128, 128, 3), round(40 + 200 * level[20 + t]), np.uint8) for t in range(FRAMES)]
    loud = np.repeat(10 ** (2 * level[20 - late_frames : 20 - late_frames + FRAMES] - 2), 16000 // FPS)
    return (loud * rng.normal(0, 0.3, len(loud))).astype(np.float32), pictures


@pytest.mark.parametrize("late", [0, 6, -5])
def test_the_lag_between_loudness_and_brightness_is_found(network: syncnet.SyncNet, late: int) -> None:
    sound, pictures = talk(late)
    found = score_sync(sound, face(), FPS, network, SyncConfig(), (), iter(pictures))
    assert found is not None and abs(found.av_offset_frames - late) <= 1
    assert found.sync_confidence > 0.2 and found.scorer.startswith("syncnet-")


def test_frames_without_a_face_count_for_nothing(network: syncnet.SyncNet) -> None:
    _, pictures = talk(0)
    hidden = face()
    hidden[30:40] = np.nan
    seen = network.look(hidden, FPS, pictures)
    gone = np.flatnonzero(np.isnan(seen[:, 0]))
    assert gone.tolist() == [*range(26, 40), *range(FRAMES - 4, FRAMES)]


def test_pictures_are_the_lower_half_of_the_face_in_bgr() -> None:
    picture = np.zeros((128, 128, 3), np.uint8)
    picture[70:, :, 0] = 255
    mouth = syncnet.mouth_picture(picture, face()[0])
    assert mouth is not None and mouth.shape == (3, 48, 96)
    assert mouth[2, -1].min() == 1 and mouth[:2].max() == 0
    assert syncnet.mouth_picture(picture, np.full((478, 3), np.nan)) is None


def test_the_spectrogram_is_as_loud_as_the_sound() -> None:
    seconds = np.arange(16000) / 16000
    tone = syncnet.mel_spectrogram((0.5 * np.sin(2 * np.pi * 1000 * seconds)).astype(np.float32))
    assert tone.shape == (80, 81) and tone.min() >= -4 and tone.max() <= 4
    assert 22 <= int(tone.mean(axis=1).argmax()) <= 35  # 1 kHz among 80 mel bands up to 7.6 kHz
    assert syncnet.mel_spectrogram(np.zeros(16000, np.float32)).max() == -4


def test_other_networks_and_frame_rates_are_refused(network: syncnet.SyncNet) -> None:
    with pytest.raises(BadInputError, match=r"faceres\.onnx: takes .* a SyncNet takes"):
        syncnet.SyncNet(str(faceres.WEIGHTS))
    with pytest.raises(BadInputError, match="25 pictures a second"):
        network.look(face(), 30.0, [])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"none\.onnx: no such file"):
        syncnet.load(str(tmp_path / "none.onnx"))
