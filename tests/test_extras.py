"""A command whose packages come with an extra says so, in words, where they are missing."""

import pytest

from schemas.extras import require
from schemas.outcomes import BadInputError


def test_what_is_missing_is_named_with_what_brings_it() -> None:
    require("train", "json")
    with pytest.raises(BadInputError, match=r"no_such_module: .* -r requirements-train\.txt .*\[train\]"):
        require("train", "json", "no_such_module")
