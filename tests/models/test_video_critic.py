"""The critic of mouths and eyes: what it sees, who learns from it, training that goes on, alone or shared."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from body.topology import Part
from commands.training_run import load_config
from models.data.records import Place
from models.train import Listen, Material
from models.training import CHECKPOINTS, Progress
from models.video.checkpoint import MODEL_FILE, VideoModel, video_bytes
from models.video.config import CONFIGS, VideoConfig
from models.video.controls import Frames, VideoBatch
from models.video.critic import AdversaryConfig, MouthAndEyesCritic
from models.video.train import train_video
from schemas.outcomes import BadInputError
from tests.models.made_shards import fitted_with, nodding_arrays, write_shards
from tests.models.test_video_model import BODY, TINY
from tests.models.two_ranks import run_two_ranks

SIZE = 32
LATE = replace(TINY, adversary=AdversaryConfig(share=0.5, weight=0.5, channels=4, crop_px=16))


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Shards of a few people who nod."""
    folder = tmp_path_factory.mktemp("critic") / "OUT"
    fit = replace(fitted_with(BODY.model_id), focal_length_px=300.0)  # near: mouths and eyes are seen
    write_shards(folder, (30, 40, 26), num_shards=1, arrays=nodding_arrays, body_fit=fit)
    return str(folder)


def _train(
    shards: str, folder: Path, config: VideoConfig, listen: Listen[VideoModel] | None = None
) -> tuple[VideoModel, list[dict[str, float]]]:
    """Return the model, and the losses of each step that was made."""
    history = list[dict[str, float]]()

    def heard(progress: Progress, model: Callable[[], VideoModel]) -> None:
        history.append(progress.losses)
        if listen is not None:
            listen(progress, model)

    material = Material(shards=(shards,), folder=folder, body=BODY)
    return train_video(material, config, None, None, listen=heard), history


@pytest.fixture(scope="module")
def trained(
    shards: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, VideoModel, list[dict[str, float]]]:
    folder = tmp_path_factory.mktemp("late")
    return folder, *_train(shards, folder, LATE)


def _batch() -> VideoBatch:
    """Four frames: a mouth, an eye, a mouth whose fit is not vouched for, and neither."""
    part = torch.full((4, SIZE, SIZE), int(Part.FACE), dtype=torch.uint8)
    part[0, 10:14, 12:20] = part[2, 10:14, 12:20] = int(Part.MOUTH)
    part[1, 4:8, 20:26] = int(Part.LEFT_EYE)
    plain = torch.zeros(4, SIZE, SIZE, 3, dtype=torch.uint8)
    frames = Frames(
        photo=plain, warp=plain, position=plain, validity=part * 0, part=part, alpha=part * 0,
        flow=plain[..., :2],
    )  # fmt: skip
    counts = torch.tensor([1.0, 1.0, 0.0, 1.0])
    return VideoBatch(frames=frames, target=plain, counts=counts, after=Place(draw=0), skipped=())


def _critic(knows: bool) -> MouthAndEyesCritic:
    torch.manual_seed(0)
    critic = MouthAndEyesCritic(LATE.adversary, SIZE)
    if knows:
        torch.nn.init.normal_(critic.last.weight)
    return critic


def test_the_network_and_the_critic_learn_each_from_its_own_part() -> None:
    drawn, real, warp = (torch.randn(4, 3, SIZE, SIZE) for _ in range(3))
    drawn.requires_grad_()
    for knows in (False, True):
        critic = _critic(knows)
        parts = critic.losses(drawn, real, warp, _batch())
        (seen,) = torch.autograd.grad(parts["adversarial"], drawn, retain_graph=True)
        assert bool(seen[:2].any()) == knows and not seen[2:].any()
        assert not seen[0, :, :, :4].any() and not seen[1, :, 24:].any()  # far from mouth and eye
        parts["critic"].backward()
        assert drawn.grad is None and critic.last.weight.grad is not None
        assert critic.last.weight.grad.abs().sum() > 0
        critic.zero_grad()
        critic.losses(drawn, real, warp, _batch())["adversarial"].backward()
        assert all(parameter.grad is None for parameter in critic.parameters())
        drawn.grad = None


def test_a_critic_learns_to_tell_and_a_picture_to_pass() -> None:
    torch.manual_seed(1)
    real, warp, batch = 0.1 * torch.randn(4, 3, SIZE, SIZE), torch.zeros(4, 3, SIZE, SIZE), _batch()
    drawn, critic = real + 0.5, _critic(knows=False)
    optimiser = torch.optim.Adam(critic.parameters(), lr=1e-2)
    losses = list[float]()
    for _ in range(40):
        optimiser.zero_grad()
        loss = critic.losses(drawn, real, warp, batch)["critic"]
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    drawn.requires_grad_()
    (uphill,) = torch.autograd.grad(critic.losses(drawn, real, warp, batch)["adversarial"], drawn)
    nearer = drawn.detach() - 0.1 * uphill.sign()
    assert (nearer - real)[0].abs().mean() < (drawn.detach() - real)[0].abs().mean()


def test_only_the_last_steps_know_the_critic_and_the_model_does_not(
    shards: str, tmp_path: Path, trained: tuple[Path, VideoModel, list[dict[str, float]]]
) -> None:
    folder, model, history = trained
    without, plain = _train(shards, tmp_path, replace(LATE, adversary=AdversaryConfig()))
    assert history[:2] == plain[:2]
    assert ["critic" in losses for losses in history] == [False, False, True, True]
    assert history[2]["critic"] > 0 and video_bytes(model) != video_bytes(without)
    assert load_file(folder / MODEL_FILE).keys() == load_file(tmp_path / MODEL_FILE).keys()
    kept = load_file(folder / CHECKPOINTS / "step-00000004" / "state.safetensors")
    assert kept["critic.network.last.weight"].any() and "critic.exp_avg.last.weight" in kept


@pytest.mark.parametrize("killed_after", [1, 3])
def test_training_that_was_killed_goes_on_with_its_critic(
    shards: str,
    tmp_path: Path,
    trained: tuple[Path, VideoModel, list[dict[str, float]]],
    killed_after: int,
) -> None:
    def stop(progress: Progress, model: Callable[[], VideoModel]) -> None:
        # The checkpoint of a step is written after it was told of.
        if progress.step == killed_after + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _train(shards, tmp_path, LATE, stop)
    last, whole = (Path(CHECKPOINTS) / "step-00000004" / "state.safetensors", trained[0])
    _, history = _train(shards, tmp_path, LATE)
    assert history == trained[2][killed_after:]
    for name in (MODEL_FILE, last):
        assert (tmp_path / name).read_bytes() == (whole / name).read_bytes()


_RANKS = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from models.ranks import join_ranks
from models.train import Material
from models.video.train import train_video
from tests.models.test_video_critic import BODY, LATE
with join_ranks():
    train_video(Material(shards=(sys.argv[1],), folder=Path(sys.argv[2]), body=BODY), LATE, None, None)
"""


def test_two_ranks_are_one_process_with_their_batch(
    shards: str, tmp_path: Path, trained: tuple[Path, VideoModel, list[dict[str, float]]]
) -> None:
    """Gradients are averaged, so the weights agree to the rounding of a sum."""
    assert run_two_ranks(_RANKS, shards, str(tmp_path), port=29519) == [0, 0]
    last = Path(CHECKPOINTS) / "step-00000004" / "state.safetensors"
    shared, alone = (load_file(folder / last) for folder in (tmp_path, trained[0]))
    assert shared.keys() == alone.keys()
    for name, value in shared.items():
        assert torch.allclose(value, alone[name], atol=2e-4), name


def test_what_cannot_be_is_refused_by_name(tmp_path: Path) -> None:
    for px in (8, 48):
        with pytest.raises(
            BadInputError, match=rf"adversary\.crop_px {px}: should be from 16 to window_px, 32"
        ):
            MouthAndEyesCritic(AdversaryConfig(share=0.1, crop_px=px), SIZE)
    path = tmp_path / "video.yaml"
    path.write_text("adversary: {share: 1.5}\n")
    with pytest.raises(BadInputError, match=r"adversary\.share"):
        load_config(str(path), VideoConfig, CONFIGS)
