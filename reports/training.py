"""The page of a model in training: curves of its losses, and pictures of what it draws."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reports import formats
from reports.summary import render

WIDTH, HEIGHT = 640, 150
_MAX_POINTS = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Strip:
    """A row of pictures (PNG) and what it shows."""

    caption: str
    png: bytes


def training_page(
    title: str, facts: Sequence[tuple[str, str]], history: Sequence[dict[str, float]], strips: Sequence[Strip]
) -> bytes:
    """Return the page, UTF-8.

    Args:
        facts: names and values that say what is trained on what.
        history: rows with "step" and losses by name.
    """
    names = [name for name in (history[-1] if history else {}) if name != "step"]
    return render(
        "training.html.j2",
        {
            "title": formats.printable(title, 80),
            "facts": [(formats.printable(n, 80), formats.prose(v, 400)) for n, v in facts],
            "curves": [_curve(name, history) for name in names],
            "strips": [
                (formats.prose(s.caption, 400), base64.b64encode(s.png).decode("ascii")) for s in strips
            ],
            "width": WIDTH,
            "height": HEIGHT,
        },
    )


def _curve(name: str, history: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Return a loss as points of a line, on a logarithmic scale."""
    rows = [(row["step"], row[name]) for row in history if name in row and np.isfinite(row[name])]
    rows = rows[:: max(1, len(rows) // _MAX_POINTS)] + rows[-1:]
    steps = np.array([step for step, _ in rows])
    values = np.log10(np.maximum([value for _, value in rows], 1e-9))
    low, high = float(values.min()), float(values.max())
    span = max(high - low, 1e-3)
    x = steps / max(float(steps.max()), 1.0) * WIDTH
    y = HEIGHT - 6 - (values - low) / span * (HEIGHT - 12)
    return {
        "name": formats.printable(name, 40),
        "points": " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True)),
        "first": f"{rows[0][1]:.3g}",
        "last": f"{rows[-1][1]:.3g}",
        "top": f"{10**high:.3g}",
        "bottom": f"{10**low:.3g}",
        "steps": f"{int(steps.max()):,}",
    }
