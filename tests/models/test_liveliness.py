"""How far drawn motion is carried, and how that is measured after training."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from body.load import load_body_model
from body.topology import JOINT_INDEX
from models.motion import calibrate as calibration
from models.motion.body_points import BodyPoints
from models.motion.calibrate import calibrate
from models.motion.channels import NUM_CHANNELS, SLICES, UPPER_LIMBS, residual_vectors
from models.motion.checkpoint import MotionModel, bundled_model, load_motion, motion_bytes
from models.motion.config import CONFIGS
from models.motion.liveliness import Carried, Liveliness, deepened, livened, widened
from models.motion.sound import LogMel
from tests.models.made_shards import nodding_arrays, write_shards

PEOPLE, FRAMES = 6, 100
HEAD, ELBOW = ((JOINT_INDEX[name] - 1) * 3 for name in ("head", "left_elbow"))


def swaying(num_frames: int, number: int) -> dict[str, npt.NDArray[Any]]:
    """Return arrays of somebody who sways the head and an arm, others in another time."""
    arrays = nodding_arrays(num_frames, number)
    wave = np.sin(np.arange(num_frames) * 2 * np.pi / (20 + number)).astype(np.float32)
    arrays["smplx:body_pose"] = np.zeros_like(arrays["smplx:body_pose"])
    arrays["smplx:body_pose"][:, HEAD] = 0.2 * wave
    arrays["smplx:body_pose"][:, ELBOW + 1] = 0.3 * wave
    return arrays


def measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: Any, people: int = PEOPLE
) -> tuple[Liveliness, MotionModel]:
    """Return what is measured of a model that draws people's own motion, changed by a function."""
    model, folder = load_motion(bundled_model()), tmp_path / "OUT"
    write_shards(folder, [FRAMES] * people, num_shards=2, arrays=swaying)
    numbers = iter(range(people))

    def draw(model: MotionModel, features: Any, sound: Any, reference: Any, config: Any) -> Tensor:
        own = swaying(FRAMES, next(numbers))
        return drawn(model.scales.normalised(torch.from_numpy(residual_vectors(own, reference))))

    # A network that draws just this cannot be trained in a test.
    monkeypatch.setattr(calibration, "draw_as_learnt", draw)
    points = BodyPoints(load_body_model())
    return calibrate(model, LogMel(), points, [str(folder)], "train"), model


def halved(drawn: Tensor) -> Tensor:
    return widened(widened(drawn, SLICES["head"], 0.5), UPPER_LIMBS, 0.8)


def test_what_goes_less_far_is_carried_as_far_as_people_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, model = measured(tmp_path, monkeypatch, halved)
    trust, default = PEOPLE / (PEOPLE + 4), model.about.liveliness
    for part, wanted in (("head", 2.0), ("arms", 1.25)):
        carried = getattr(found, part)
        mixed = wanted**trust * getattr(default, part).gain ** (1 - trust)
        assert carried.gain == pytest.approx(mixed, rel=0.05) and carried.smoothing_frames == 0
    told = replace(model, about=replace(model.about, liveliness=found))
    (tmp_path / "model").write_bytes(motion_bytes(told))
    assert load_motion(tmp_path / "model").about.liveliness == found


def test_what_trembles_is_smoothed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = torch.randn(FRAMES, NUM_CHANNELS, generator=torch.Generator().manual_seed(0))

    def trembling(drawn: Tensor) -> Tensor:
        out = drawn.clone()
        out[:, UPPER_LIMBS] += 0.2 * noise[:, UPPER_LIMBS]
        return out

    found, _ = measured(tmp_path, monkeypatch, trembling)
    assert found.arms.smoothing_frames >= 0.5 and found.head.smoothing_frames == 0


def test_few_people_tell_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, model = measured(tmp_path, monkeypatch, halved, people=3)
    assert found == model.about.liveliness


def test_of_people_who_are_not_looked_at_nothing_is_told(tmp_path: Path) -> None:
    write_shards(tmp_path / "OUT", [FRAMES] * PEOPLE, num_shards=2, arrays=swaying)
    given = Liveliness(head=Carried(gain=2.5, smoothing_frames=1.0), mouth_guidance=1.1)
    model = load_motion(bundled_model())
    model = replace(model, about=replace(model.about, liveliness=given))
    points = BodyPoints(load_body_model())
    assert calibrate(model, LogMel(), points, [str(tmp_path / "OUT")], "train", most_people=0) == given


def test_the_model_that_ships_is_as_lively_as_its_configuration_says() -> None:
    assert load_motion(bundled_model()).about.liveliness == CONFIGS["bundled"]().liveliness


def test_a_part_is_carried_and_all_else_stays() -> None:
    drawn = torch.randn(50, NUM_CHANNELS, generator=torch.Generator().manual_seed(0))
    wanted = Liveliness(head=Carried(gain=2.0), arms=Carried(smoothing_frames=2.0), blink_gain=0.0)
    out = livened(drawn, wanted, 25.0)
    head = SLICES["head"]
    assert torch.allclose(out[:, head], widened(drawn, head, 2.0)[:, head], atol=1e-5)
    assert out[:, UPPER_LIMBS].std(0).mean() < 0.5 * drawn[:, UPPER_LIMBS].std(0).mean()
    others = [slice(0, head.start), slice(head.stop, UPPER_LIMBS.start), slice(UPPER_LIMBS.stop, None)]
    assert all(torch.equal(out[:, other], drawn[:, other]) for other in others)


def test_blinks_go_further_and_what_else_lids_do_stays() -> None:
    """A blink of 5 frames, lids that tremble, and eyes that are half closed for three seconds."""
    lids = torch.zeros(250, 1)
    lids[20:25, 0] = -torch.tensor([0.3, 0.9, 1.2, 0.9, 0.3])
    lids[40:100:2] = -0.3
    lids[120:195] = -1.5
    deeper = deepened(lids, 1.6, 25.0)
    assert deeper[22].item() == pytest.approx(-1.2 - 1.2) and deeper[21].item() == pytest.approx(-0.9 - 0.8)
    others = [0, 20, *range(30, 112), *range(135, 180), 230]
    assert torch.equal(deeper[others], lids[others])
    assert torch.equal(deepened(lids, 0.0, 25.0), lids) and (deeper <= lids).all()


@pytest.mark.parametrize("part", [UPPER_LIMBS, SLICES["head"]])
def test_what_goes_further_does_around_where_it_is_and_all_else_stays(part: slice) -> None:
    drawn = torch.randn(50, NUM_CHANNELS, generator=torch.Generator().manual_seed(0)) + 3
    wider = widened(drawn, part, 1.4)
    assert torch.allclose(wider.mean(0), drawn.mean(0), atol=1e-5)
    assert torch.allclose(wider[:, part].std(0), 1.4 * drawn[:, part].std(0), rtol=1e-4)
    others = [slice(0, part.start), slice(part.stop, None)]
    assert all(torch.equal(wider[:, other], drawn[:, other]) for other in others)
    assert torch.equal(widened(drawn, part, 1.0), drawn)
