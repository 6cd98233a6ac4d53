"""A body model by path: the one that ships with the program, or a user's SMPL-X file."""

from pathlib import Path

from body.embedded import load_embedded
from body.model import BodyModel, with_components
from body.smplx_format import load_smplx
from body.topology import NUM_BETAS, NUM_EXPRESSION


def load_body_model(
    path: Path | str | None = None, num_betas: int = NUM_BETAS, num_expression: int = NUM_EXPRESSION
) -> BodyModel:
    """Return the embedded model, or the one of a SMPLX_*.npz file.

    Args:
        num_betas, num_expression: how many components to keep; fewer if the file has fewer.

    Raises:
        BadInputError: if the file is not a sound SMPL-X model.
    """
    model = load_embedded() if path is None else load_smplx(Path(path))
    return with_components(model, num_betas, num_expression)
