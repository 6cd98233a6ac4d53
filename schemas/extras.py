"""Packages that only some commands use, and which extra of Mentor's brings them."""

import importlib.util

from schemas.outcomes import BadInputError


def is_installed(module: str) -> bool:
    """Return whether a module could be imported, without doing so."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even its parent
        return False


def require(extra: str, *modules: str) -> None:
    """Check that packages of an extra are installed, without importing them.

    Raises:
        BadInputError: naming those that are not, and what brings them.
    """
    missing = [module for module in modules if not is_installed(module)]
    if missing:
        raise BadInputError(
            f"{', '.join(missing)}: not installed; pip install --no-deps -r requirements-{extra}.txt "
            f"(or Mentor's extra [{extra}]) brings what this command needs"
        )
