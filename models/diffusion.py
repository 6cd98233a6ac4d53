"""Diffusion with a network that predicts what is clean: noising, guidance, sampling.

Times t run from 0 (clean) to 1 (noise). x_t = alpha(t) x0 + sigma(t) noise, alpha^2 + sigma^2 = 1.
B batch; "..." whatever one element has.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

_OFFSET = 0.008
_FIRST = 0.995  # at 1 nothing is left of the data, and the logarithm of the ratio is infinite
Predict = Callable[[Tensor, Tensor], Tensor]
"""Clean x0 (B, ...) from x_t (B, ...) and t (B,)."""


def alpha_sigma(t: Tensor) -> tuple[Tensor, Tensor]:
    """Return alpha and sigma of times: the cosine schedule (Nichol & Dhariwal 2021, section 3.2)."""
    angle = (t + _OFFSET) / (1 + _OFFSET) * (math.pi / 2)
    return torch.cos(angle), torch.sin(angle)


def noised(x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Return x_t of clean x0 (B, ...) at times (B,)."""
    alpha, sigma = (part.reshape(-1, *[1] * (x0.ndim - 1)) for part in alpha_sigma(t))
    return alpha * x0 + sigma * noise


def clean_from(answer: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
    """Return clean x0 of a network's answer (B, ...) to x_t at times (B,): alpha x_t + sigma answer.

    At little noise x_t is kept and at much the answer counts, so the network need not learn to copy (Karras
    et al. 2022, table 1, for data of deviation 1; Salimans & Ho's 2022 velocity with its sign turned).
    """
    alpha, sigma = (part.reshape(-1, *[1] * (x_t.ndim - 1)) for part in alpha_sigma(t))
    return alpha * x_t + sigma * answer


def loss_weight(t: Tensor, most: float) -> Tensor:
    """Return (B,): 1 / sigma^2, at most `most`, for squared errors of x0 at times (B,).

    Errors of the answer then count alike at all times (Hang et al., Min-SNR, 2023, section 3.4), but for
    little noise.
    """
    _, sigma = alpha_sigma(t)
    return sigma.square().reciprocal().clamp_max(most)


def guided(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """Return classifier-free guidance (Ho & Salimans 2022, equation 6); scale 1 is the conditional answer."""
    return unconditional + scale * (conditional - unconditional)


def sample(predict: Predict, noise: Tensor, num_steps: int, limit: float) -> Tensor:
    """Return x0 from noise: DPM-Solver++ (2M) of Lu et al. (2022), algorithm 2, DDIM's second-order sibling.

    DDIM's (Song et al. 2021) few steps make data deviate less than they should; the second order mends that.

    Args:
        num_steps: evaluations of the network, at least 1.
        limit: predictions are kept within [-limit, limit] (static thresholding, Saharia et al. 2022, 2.3).
    """
    times = torch.linspace(_FIRST, 0.0, num_steps + 1, dtype=noise.dtype, device=noise.device)
    alphas, sigmas = alpha_sigma(times)
    logs = torch.log(alphas / sigmas)
    x, before = noise, noise
    for i in range(num_steps):
        clean = predict(x, times[i].expand(len(x))).clamp(-limit, limit)
        step = logs[i + 1] - logs[i]
        blend = clean
        if 0 < i < num_steps - 1:
            ratio = (logs[i] - logs[i - 1]) / step
            blend = clean + (clean - before) / (2 * ratio)
        x = sigmas[i + 1] / sigmas[i] * x - alphas[i + 1] * torch.expm1(-step) * blend
        before = clean
    return before
