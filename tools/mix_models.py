"""Make a video model of one, and of another that was trained on from it, which suits people of neither.

    python -m tools.mix_models FIRST.safetensors SECOND.safetensors --share 0.5 --flow 0.8 --residual 0.7 \\
        --head-flow 0.55 --colour-off-head 0 --to MIXED.safetensors

Of what it learnt from few people a network is too sure on others. The mean of both models' weights is
often better than either (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022). And a
share of what it answers is better than all of it (shrinkage): of the flow, of the residual, of the flow
on heads, and of colour elsewhere.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from models.video.checkpoint import VideoModel, load_video, video_bytes, video_model
from models.video.learnt_from import together
from models.video.network import FLOW, RESIDUAL
from schemas.outcomes import BadInputError


def mixed(first: VideoModel, second: VideoModel, share: float) -> VideoModel:
    """Return the second model with weights `share` of its own and the rest of the first's.

    Raises:
        BadInputError: if they are different networks, or the share is none.
    """
    if first.about.network != second.about.network or first.about.body_model != second.about.body_model:
        raise BadInputError("the models have different networks or body models")
    _check("--share", share)
    theirs = first.network.state_dict()
    weights = {name: theirs[name].lerp(own, share) for name, own in second.network.state_dict().items()}
    learnt_from = together(first.about.learnt_from, second.about.learnt_from)
    return video_model(replace(second.about, learnt_from=learnt_from), weights)


def held_back(
    model: VideoModel, flow: float, residual: float, head_flow: float, colour_off_head: float = 1.0
) -> VideoModel:
    """Return a model of which shares of its answers count.

    Args:
        flow, residual: its last layer is made so much smaller.
        head_flow, colour_off_head: how much of that flow counts on heads, and of the residual's colour
            elsewhere (`WarpMender`).

    Raises:
        BadInputError: if a share is none.
    """
    shares = {"flow": flow, "residual": residual, "head-flow": head_flow, "colour-off-head": colour_off_head}
    for name, value in shares.items():
        _check(f"--{name}", value)
    weights = dict(model.network.state_dict())
    for name in ("last.weight", "last.bias"):
        weights[name] = weights[name].clone()
        weights[name][FLOW] *= flow
        weights[name][RESIDUAL] *= residual
    return video_model(replace(model.about, head_flow=head_flow, colour_off_head=colour_off_head), weights)


def _check(name: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise BadInputError(f"{name} {share:g}: from 0 to 1")


def main() -> None:
    """Mix, hold back, and write the model."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--share", type=float, required=True, help="of the second, from 0 to 1")
    parser.add_argument("--flow", type=float, default=1.0, help="of the flow's correction (default: all)")
    parser.add_argument("--residual", type=float, default=1.0, help="of the residual (default: all)")
    parser.add_argument("--head-flow", type=float, default=1.0, help="of that flow, on heads (default: all)")
    parser.add_argument(
        "--colour-off-head",
        type=float,
        default=1.0,
        help="of the residual's colour, off heads (default: all)",
    )
    parser.add_argument("--to", type=Path, required=True)
    options = parser.parse_args()
    model = mixed(load_video(options.first), load_video(options.second), options.share)
    model = held_back(model, options.flow, options.residual, options.head_flow, options.colour_off_head)
    options.to.write_bytes(video_bytes(model))


if __name__ == "__main__":
    main()
