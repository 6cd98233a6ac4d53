"""Packages that only some commands use, and which extra of Mentor's brings them."""

import importlib.util

from schemas.outcomes import BadInputError


def require(extra: str, *modules: str) -> None:
    """Check that packages of an extra are installed, without importing them.

    Raises:
        BadInputError: naming those that are not, and what brings them.
    """
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        raise BadInputError(
            f"{', '.join(missing)}: not installed; pip install --no-deps -r requirements-{extra}.txt "
            f"(or Mentor's extra [{extra}]) brings what this command needs"
        )
