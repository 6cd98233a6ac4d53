"""Train a video model over a pretrained latent diffusion model of the user's."""

from functools import partial
from pathlib import Path

from rich.console import Console

from backends.latent_diffusion import from_pretrained
from backends.select import segment_person
from commands.settle_likeness import sha256_of
from commands.training_run import TrainingRun, listened_to, load_config
from commands.video_page import write_page
from models.video.checkpoint import MODEL_FILE
from models.video.latent.checkpoint import load_latent
from models.video.latent.config import LATENT_CONFIGS, LatentConfig
from models.video.latent.train import train_latent
from schemas.outcomes import BadInputError


def train(run: TrainingRun, console: Console) -> Path:
    """Train; returns the model's file.

    Raises:
        BadInputError: if shards, configuration, folder or the pretrained model cannot be used.
    """
    if run.pretrained is None:
        raise BadInputError("--pretrained: name the folder of the model to train over")
    config = load_config(run.config, LatentConfig, LATENT_CONFIGS)
    pretrained, material = from_pretrained(Path(run.pretrained)), run.material("video")
    start = None if run.start_file is None else load_latent(run.start_file, pretrained)
    start_print = None if run.start_file is None else sha256_of(run.start_file)
    with listened_to(material, console, partial(write_page, material, segment_person)) as listen:
        train_latent(material, config, pretrained, segment_person, start, start_print, listen)
    return material.folder / MODEL_FILE
