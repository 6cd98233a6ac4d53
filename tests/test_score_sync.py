"""Lips and sound: offsets, repair, rivals, and the bundled scorer on made-up mouths."""

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from backends import lip_sync
from schemas.outcomes import BadInputError
from schemas.records.sound import Sync
from tests.makers import make_clip, speech
from transforms.filter_clips import DEFAULT_RULES, judge_clip
from transforms.score_sync import (
    SyncConfig,
    lip_activity,
    peak_height,
    score_sync,
    spoken_stretches,
    with_shared_offset,
)

CONFIG = SyncConfig()


def face(num_frames: int = 125, opening: npt.NDArray[np.floating] | None = None) -> npt.NDArray[np.float32]:
    """Return a face of 100 px whose lips part by `opening` px."""
    points = np.tile(np.random.default_rng(0).uniform(0, 100, (478, 3)), (num_frames, 1, 1))
    points[:, 10], points[:, 2], points[:, 152] = (50, 0, 0), (50, 60, 0), (50, 100, 0)
    points[:, 13] = (50, 70, 0)
    points[:, 14] = (50, 70, 0)
    if opening is not None:
        points[:, 14, 1] += opening
    return points.astype(np.float32)


class Peak:
    """Agrees at a given lag; or each half of a clip at a lag of its own, a little better in the second."""

    name = "peak"
    needs_pictures = False

    def __init__(self, *halves: int, height: float = 0.6) -> None:
        self.halves, self.height = (halves[0], halves[-1]), height

    def look(self, face, fps, pictures):
        return face[:, 0].astype(np.float64)

    def agreement(self, samples, seen, fps, max_lag):
        scores = np.zeros((2 * max_lag + 1, len(seen)))
        middle = len(seen) // 2
        scores[self.halves[0] + max_lag, :middle] = self.height
        scores[self.halves[1] + max_lag, middle:] = self.height
        return scores


def sync_of(scorer: Peak, num_frames: int = 125) -> Sync:
    found = score_sync(np.zeros(num_frames * 640, np.float32), face(num_frames), 25.0, scorer, CONFIG)
    assert found is not None
    return found


def test_a_constant_offset_is_repaired() -> None:
    found = sync_of(Peak(7))
    assert (found.av_offset_frames, found.repaired_frames, found.sync_confidence) == (7, 7, 0.6)
    assert sync_of(Peak(-4)).repaired_frames == -4
    assert found.unrepaired_frames == 0 and np.argmax(found.lag_scores) == 22


@pytest.mark.parametrize(
    ("scorer", "left"),
    [(Peak(1), 0), (Peak(6, height=0.25), 6), (Peak(2, 6, height=0.8), 6), (Peak(-9, 6, height=0.8), 6)],
)
def test_what_is_small_is_left_alone_and_what_is_unsure_or_not_constant_rejected(
    scorer: Peak, left: int
) -> None:
    found = sync_of(scorer)
    assert (found.repaired_frames, found.unrepaired_frames) == (0, left)
    rejection = judge_clip(dataclasses.replace(make_clip(), sync=found), DEFAULT_RULES, "sync")
    reasons = () if rejection is None else (rejection.reason, *rejection.also)
    assert ("offset_unclear" in reasons) == bool(left)


def siblings(*peaks: tuple[int, float]) -> list[tuple[int, int]]:
    """Return what was repaired and left in the clips of one video with these lags and confidences."""
    clips = [
        dataclasses.replace(make_clip(i, 125), sync=sync_of(Peak(lag, height=height)))
        for i, (lag, height) in enumerate(peaks)
    ]
    shared = [c.sync for c in with_shared_offset(clips, CONFIG) if c.sync is not None]
    return [(sync.repaired_frames, sync.unrepaired_frames) for sync in shared]


def test_clips_of_a_video_repair_each_other() -> None:
    assert siblings((4, 0.5), (4, 0.2), (3, 0.2)) == [(4, 0), (4, 0), (4, 0)]
    # Alone none of them would be sure enough.
    assert siblings((2, 0.24)) == [(0, 2)]
    # A frame is too little to repair, unless the video says two.
    assert siblings((0, 0.6), (1, 0.5)) == [(0, 0), (0, 0)]
    assert siblings((2, 0.9), (1, 0.3)) == [(2, 0), (2, 0)]


def test_a_clip_that_disagrees_with_its_video_is_sure_of_it_or_rejected() -> None:
    assert siblings((4, 0.9), (4, 0.9), (0, 0.6)) == [(4, 0), (4, 0), (0, 0)]
    assert siblings((4, 0.9), (4, 0.9), (-6, 0.6)) == [(4, 0), (4, 0), (-6, 0)]
    assert siblings((4, 0.9), (4, 0.9), (0, 0.2)) == [(4, 0), (4, 0), (4, 4)]
    assert siblings((0, 0.9), (0, 0.9), (3, 0.2)) == [(0, 0), (0, 0), (0, 3)]


def test_clips_without_lips_have_no_part_in_it() -> None:
    clips = [make_clip(0), dataclasses.replace(make_clip(1, 125), sync=sync_of(Peak(3)))]
    assert with_shared_offset(clips, CONFIG) == clips


def test_too_short_or_unseen_faces_have_no_sync() -> None:
    sound = np.zeros(80000, np.float32)
    assert score_sync(sound, face(30), 25.0, Peak(0), CONFIG) is None
    unseen = face()
    unseen[:80] = np.nan
    assert score_sync(sound, unseen, 25.0, Peak(0), CONFIG) is None


def test_a_file_that_is_no_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"(none|text)\.npz"):
        lip_sync.load(str(tmp_path / "none.npz"))
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(BadInputError, match=r"(none|text)\.npz"):
        lip_sync.load(str(tmp_path / "text.npz"))


def test_peaks_of_short_clips_are_worth_less() -> None:
    scores = np.zeros(31)
    scores[15] = 0.4
    assert peak_height(scores, 125) == peak_height(scores, 300) == 0.4
    assert peak_height(scores, 50) == pytest.approx(0.4 * np.sqrt(0.4))


def test_lip_activity_is_a_speed_in_face_heights() -> None:
    opening = 5.0 * (np.arange(101) % 2)  # 5 px in every frame, of a face of 100 px
    assert lip_activity(face(101, opening), 25.0) == pytest.approx(1.25, rel=1e-3)
    assert lip_activity(face(50), 25.0) == 0.0
    assert lip_activity(face(1), 25.0) is None


def test_the_weakest_stretch_of_speech_is_found() -> None:
    """Lips that agree for 4 s and stay shut for 3 s of somebody else's speech, or of silence."""

    def weakest(agreement: npt.NDArray[np.float64], spoken: npt.NDArray[np.bool_]) -> float | None:
        return min((s.agreement for s in spoken_stretches(agreement, spoken, 25.0)), default=None)

    agreement = np.zeros((31, 175))
    agreement[15, :100] = 0.5
    spoken = np.ones(175, bool)
    assert weakest(agreement, spoken) == 0.0
    assert weakest(agreement[:, :100], spoken[:100]) == 0.5
    spoken[100:] = False
    assert weakest(agreement, spoken) == pytest.approx(0.3)  # 30 of 50 frames spoken
    assert weakest(agreement, np.zeros(175, bool)) is None
    assert weakest(agreement[:, :40], spoken[:40]) is None
    agreement[:, 20:30] = np.nan
    assert weakest(agreement[:, :100], spoken[:100]) == 0.5


def test_words_over_shut_lips_are_not_this_persons() -> None:
    found = score_sync(np.zeros(112000, np.float32), face(175), 25.0, Shuts(100), CONFIG, [(0.0, 7.0)])
    assert found is not None and found.sync_confidence > 0.26
    rejection = judge_clip(dataclasses.replace(make_clip(), sync=found), DEFAULT_RULES, "sync")
    assert rejection is not None and "speaks_in_part" in (rejection.reason, *rejection.also)


class Shuts(Peak):
    """Agrees in lag 0 up to a frame."""

    def __init__(self, frame: int) -> None:
        super().__init__(0)
        self.frame = frame

    def agreement(self, samples, seen, fps, max_lag):
        scores = super().agreement(samples, seen, fps, max_lag)
        scores[:, self.frame :] = 0.0
        return scores


def test_correlation_finds_the_lag_and_gaps_are_bridged() -> None:
    rng = np.random.default_rng(3)
    predicted = np.cumsum(rng.standard_normal((140, 14)), axis=0)
    lags = lip_sync.lag_correlations(predicted[10:], predicted[6:136], np.full(14, 1 / 14), 8)
    assert int(np.argmax(lags)) - 8 == -4 and lags.max() == pytest.approx(1.0)
    gappy = face(60, np.sin(np.arange(60) / 3.0) + 2.0)
    whole = lip_sync.mouth_shape(gappy, 25.0)
    gappy[20:22] = np.nan
    assert np.abs(lip_sync.mouth_shape(gappy, 25.0) - whole).max() < 0.02


def test_the_bundled_scorer_finds_lips_that_move_as_it_predicts_late_by_what_they_are() -> None:
    scorer, samples = lip_sync.load(), speech(5.2)
    encoded = lip_sync.WhisperEncoder().encode(samples)
    with np.load(lip_sync.WEIGHTS, allow_pickle=False) as archive:
        predicted = lip_sync.sound_features(encoded, 130, 25.0) @ archive["map"]
    opening = predicted[:, 0] - predicted[:, 0].min()
    opening = 20 * opening / opening.max()
    early = face(130, np.roll(opening, -5))
    found = score_sync(samples, early, 25.0, scorer, CONFIG)
    assert found is not None and abs(found.av_offset_frames - 5) <= 1
    silent = score_sync(np.zeros_like(samples), early, 25.0, scorer, CONFIG)
    assert silent is not None and silent.sync_confidence < found.sync_confidence
