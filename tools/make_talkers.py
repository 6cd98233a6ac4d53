"""Make shards of synthetic talkers: speech by espeak-ng and a body that articulates it.

    python -m tools.make_talkers OUT [--clips N] [--seed S] [--voices train|test] [--pictures]

Needs `make install-dev`. The shards lie in OUT/shards with their index in OUT/index, as a run's. Voices
of `test` are in none of `train`.
"""

import argparse
from pathlib import Path

from body.load import load_body_model
from tools.talkers.shards import make_talker
from transforms.shard_layout import ShardConfig, shard_name, shard_sizes
from transforms.storage import parquet_bytes, write_bytes
from transforms.write_shards import pack_shard

VOICES = {
    "train": (
        *("en-us", "en-us+m2", "en-us+m3", "en-us+m5", "en-us+m7", "en-us+f2", "en-us+f4", "en-us+f5"),
        *("en", "en+m4", "en-gb-scotland", "en-gb-scotland+f1", "en-gb-x-rp+m8", "en-029", "en-029+f2"),
        *("de", "de+f2", "fr", "es", "es+f4", "it", "it+m3", "nl", "pl", "pt-br+f1"),
    ),
    "test": ("en-us+m1", "en-us+f3", "en+f1", "en-gb-x-rp+f4", "sv", "fr-be+f5"),
}


def make_talkers(folder: Path, num_clips: int, seed: int, voices: str, with_pictures: bool) -> None:
    """Write shards of so many clips below a folder."""
    model, number = load_body_model(), 0
    for index, size in enumerate(shard_sizes(num_clips, ShardConfig())):
        name = shard_name("train", index)
        made = [make_talker(model, seed, number + i, VOICES[voices], with_pictures) for i in range(size)]
        shard = pack_shard(f"{name}.tar", sorted(made, key=lambda pair: pair[0].clip_id))
        write_bytes(str(folder / "shards" / f"{name}.tar"), shard.tar)
        write_bytes(str(folder / "index" / f"{name}.parquet"), parquet_bytes(shard.index))
        number += size
        print(f"{number} of {num_clips} clips", flush=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--clips", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--voices", choices=sorted(VOICES), default="train")
    parser.add_argument(
        "--pictures", action="store_true", help="draw the bodies (a hundredth of a second a frame)"
    )
    options = parser.parse_args()
    make_talkers(options.output, options.clips, options.seed, options.voices, options.pictures)


if __name__ == "__main__":
    main()
