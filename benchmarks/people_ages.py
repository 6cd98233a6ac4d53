"""Age, group by group: what the network itself says, and what is told when its prior is taken out.

The one bound that was set on labelled faces (`backends/faceres.py`) was set on those of even number; the
table shows the others.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rich.console import Console

from backends.protocols.pictures import FaceEstimate
from benchmarks.page import Part, Table, print_part
from benchmarks.people_attributes import Labelled, wilson
from schemas.attributes import AGE_GROUPS, UNKNOWN, age_group
from transforms.estimate_attributes import PerceivedConfig
from transforms.estimate_attributes.perceived import judge

_COLUMNS = (
    "aged",
    "n",
    "off, years",
    "mean error [95 %]",
    "told %",
    "right group, % of all [95 %]",
    "wrong by two and more, % of all [95 %]",
    "confidence there",
)


def print_ages(faces: Sequence[Labelled]) -> None:
    """Print errors of ages and groups on the faces that no bound was set on, before and after."""
    held_out = faces[1::2]
    tables = [
        Table(
            title=f"Age, {name}: {len(held_out)} faces that no bound was set on",
            columns=_COLUMNS,
            rows=[
                _row(label, [(f.age, getattr(f, field)) for f in held_out if group in ("", age_group(f.age))])
                for label, group in (("all", ""), *((group, group) for group in AGE_GROUPS))
            ],
        )
        for name, field in (("as the network says", "plain"), ("without its prior", "estimate"))
    ]
    print_part(Part(name="ages", tables=tables, values={}), Console(width=150))


def _row(label: str, faces: Sequence[tuple[int, FaceEstimate]]) -> tuple[str, ...]:
    told = [judge(estimate, "", PerceivedConfig())[0] for _, estimate in faces]
    errors = np.array([estimate.age_years - age for age, estimate in faces])
    steps = [
        abs(AGE_GROUPS.index(a.value) - AGE_GROUPS.index(age_group(age))) if a.value != UNKNOWN else None
        for (age, _), a in zip(faces, told, strict=True)
    ]
    far = [step is not None and step > 1 for step in steps]
    sure = [a.confidence or 0.0 for a, wrong in zip(told, far, strict=True) if wrong]
    return (
        label,
        str(len(faces)),
        f"{np.abs(errors).mean():.1f}",
        _mean_interval(errors),
        f"{100 * np.mean([step is not None for step in steps]):.0f}",
        wilson(sum(step == 0 for step in steps), len(faces)),
        wilson(sum(far), len(faces)),
        f"{np.mean(sure):.2f}" if sure else "-",
    )


def _mean_interval(values: npt.NDArray[np.float64]) -> str:
    """Return a mean with its 95 % interval (normal)."""
    half = 1.96 * float(values.std(ddof=1)) / np.sqrt(len(values))
    return f"{values.mean():+.1f} [{values.mean() - half:+.1f}, {values.mean() + half:+.1f}]"
