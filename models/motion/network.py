"""The denoiser: a transformer over the frames of a window.

VLOGGER (arXiv 2403.08764, section 3.1) with three differences: it sees the sound ahead as well as behind,
it is told the reference frame, and frames that are already there (`known`) are given clean, so that a window
goes on where the one before it ended.

What the sound tells, mouth and cheeks, a small network of its own guesses from the sound around a frame and
from nothing else that is drawn.

B batch, T frames, D numbers of a frame (models/motion/channels.py), C of sound, W width, M of the mouth.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.diffusion import clean_from
from models.motion.channels import HEARD, NUM_CHANNELS, NUM_HEARD
from schemas.bounds import Count, Share

# The first to hear: a column of weights for each number of sound.
HEARING_LAYERS = ("sound.0", "mouth.sound.0")


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkConfig:
    """Size of the denoiser."""

    width: Count = 192
    num_layers: Count = 4
    num_heads: Count = 4
    # Relative position by a convolution over time (Baevski et al., wav2vec 2.0, 2020, section 2): any
    # length works.
    position_frames: Count = 31
    sound_context_frames: Count = 5
    dropout: Share = 0.0


class MouthGuess(nn.Module):
    """Guesses mouth and cheeks: how they move, from the sound around a frame; where they are, from the
    reference frame's face.
    """

    def __init__(self, config: NetworkConfig, sound_width: int) -> None:
        super().__init__()
        self.sound = _hearing(config, sound_width)
        self.no_sound = nn.Parameter(torch.zeros(config.width))
        self.out = nn.Linear(config.width, NUM_HEARD)
        self.rest = nn.Linear(HEARD.stop, NUM_HEARD)  # where somebody's mouth is, of their reference frame's

    def forward(self, sound_BTC: Tensor, reference_BD: Tensor, deaf_B: Tensor) -> Tensor:
        """Return (B, T, M); arguments as for `MotionDenoiser`."""
        heard = _heard(self.sound, self.no_sound, sound_BTC, deaf_B)
        return self.out(heard) + self.rest(reference_BD[:, : HEARD.stop])[:, None]


class MotionDenoiser(nn.Module):
    """Predicts clean motion x0 from noised motion, time, sound, and the reference frame."""

    def __init__(self, config: NetworkConfig, sound_width: int) -> None:
        super().__init__()
        width = config.width
        self.mouth = MouthGuess(config, sound_width)
        self.sound = _hearing(config, sound_width)
        self.no_sound = nn.Parameter(torch.zeros(width))
        self.motion = nn.Linear(NUM_CHANNELS + 1, width)
        self.reference = nn.Linear(NUM_CHANNELS, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.position = nn.Conv1d(width, width, config.position_frames, padding="same", groups=width)
        layer = nn.TransformerEncoderLayer(
            width, config.num_heads, 4 * width, config.dropout, "gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(
            layer, config.num_layers, nn.LayerNorm(width), enable_nested_tensor=False
        )
        self.out = nn.Linear(width, NUM_CHANNELS - NUM_HEARD)

    def forward(
        self,
        x_BTD: Tensor,
        t_B: Tensor,
        sound_BTC: Tensor,
        reference_BD: Tensor,
        known_BT: Tensor,
        real_BT: Tensor,
        deaf_B: Tensor,
    ) -> Tensor:
        """Return clean motion (B, T, D).

        Args:
            x_BTD: noised motion, clean where `known_BT`.
            reference_BD: the reference frame, absolute and normalised.
            real_BT: frames that are there; others are padding.
            deaf_B: elements that get no sound (for guidance).
        """
        heard = _heard(self.sound, self.no_sound, sound_BTC, deaf_B)
        told = self.reference(reference_BD) + self.time(_waves(t_B, self.no_sound.shape[0]))
        # Of what the sound tells one guess is the best: it is not drawn, so its noise is not shown.
        shown_BTD = x_BTD.clone()
        shown_BTD[..., HEARD] = torch.where(known_BT[..., None], x_BTD[..., HEARD], 0.0)
        h = self.motion(torch.cat([shown_BTD, known_BT[..., None].to(x_BTD)], -1)) + heard + told[:, None]
        h = torch.where(real_BT[..., None], h, 0.0)
        h = h + self.position(h.transpose(1, 2)).transpose(1, 2)
        answer = self.out(self.layers(h, src_key_padding_mask=~real_BT)).float()
        mouth = self.mouth(sound_BTC, reference_BD, deaf_B).float()
        # The sound says what mouth and cheeks do, so the answer is they: the mean of all that fits the sound,
        # which guidance makes as lively as people are. Of lids, gaze and pose it says little, so what is
        # there is kept and the answer is what to change.
        answer = torch.cat([answer[..., : HEARD.start], mouth, answer[..., HEARD.start :]], dim=-1)
        clean = clean_from(answer, x_BTD, t_B)
        clean[..., HEARD] = mouth
        return clean


def _hearing(config: NetworkConfig, sound_width: int) -> nn.Sequential:
    """Return what takes sound (B, C, T) to (B, W, T)."""
    width, context = config.width, config.sound_context_frames
    return nn.Sequential(
        nn.Conv1d(sound_width, width, context, padding="same"),
        nn.SiLU(),
        nn.Dropout(config.dropout),
        nn.Conv1d(width, width, context, padding="same"),
        nn.SiLU(),
        nn.Dropout(config.dropout),
    )


def _heard(hearing: nn.Sequential, no_sound_W: Tensor, sound_BTC: Tensor, deaf_B: Tensor) -> Tensor:
    """Return (B, T, W): the sound, or what stands for none."""
    heard = hearing(sound_BTC.transpose(1, 2)).transpose(1, 2)
    return torch.where(deaf_B[:, None, None], no_sound_W, heard)


def _waves(t_B: Tensor, width: int) -> Tensor:
    """Return (B, width): sines and cosines of times (Vaswani et al. 2017, section 3.5), t in [0, 1] as 0
    to 1000.
    """
    rates = torch.exp(-math.log(1e4) * torch.arange(width // 2, device=t_B.device) / (width // 2))
    angles = 1000 * t_B[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)
