"""Mix the weights of a video model and of one that was trained on from it.

    python -m tools.mix_models FIRST.safetensors SECOND.safetensors --share 0.75 --to MIXED.safetensors

Wortsman et al., Robust fine-tuning of zero-shot models (WiSE-FT, CVPR 2022): on what neither was trained on,
the mean of both is often better than either. `--head-flow` says how much of a correction of the flow counts
on heads from then on (`models.video.network`).
"""

import argparse
from dataclasses import replace
from pathlib import Path

from models.video.checkpoint import VideoModel, load_video, video_bytes
from models.video.network import WarpMender
from schemas.outcomes import BadInputError


def mixed(first: VideoModel, second: VideoModel, share: float, head_flow: float | None = None) -> VideoModel:
    """Return the second model with weights `share` of its own and the rest of the first's.

    Args:
        head_flow: see `WarpMender`; None: the second's.

    Raises:
        BadInputError: if they are different networks, or a share is none.
    """
    if first.about.network != second.about.network or first.about.body_model != second.about.body_model:
        raise BadInputError("the models have different networks or body models")
    head_flow = second.about.head_flow if head_flow is None else head_flow
    for name, value in (("--share", share), ("--head-flow", head_flow)):
        if not 0 <= value <= 1:
            raise BadInputError(f"{name} {value:g}: from 0 to 1")
    theirs = first.network.state_dict()
    weights = {name: theirs[name].lerp(own, share) for name, own in second.network.state_dict().items()}
    network = WarpMender(second.about.network, head_flow)
    network.load_state_dict(weights)
    return VideoModel(about=replace(second.about, head_flow=head_flow), network=network.eval())


def main() -> None:
    """Mix, and write the model."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--share", type=float, required=True, help="of the second, from 0 to 1")
    parser.add_argument("--head-flow", type=float, help="on heads, from 0 to 1; default: the second's")
    parser.add_argument("--to", type=Path, required=True)
    options = parser.parse_args()
    model = mixed(load_video(options.first), load_video(options.second), options.share, options.head_flow)
    options.to.write_bytes(video_bytes(model))


if __name__ == "__main__":
    main()
