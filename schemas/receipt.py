"""What a receipt of an erasure says (`schemas.erasure` signs it), with the types of its values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from schemas.outcomes import BadInputError


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """By which kind of name something was erased, that name as a keyed hash, and why."""

    by: Literal["source", "speaker", "identity", "clip"]
    name: str
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """How much went."""

    clips: int
    accepted_clips: int
    sources: int
    videos_in_part: int
    artefact_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """The names of the results before and after."""

    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedFile:
    """A file of the result, with its SHA-256 before and after; None where it was not there."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A model that learnt from how many erased samples, as far as its card tells (`known`)."""

    folder: str
    num_samples: int | None
    known: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched:
    """What the search in the end looked at, and in how many places it found something."""

    files: int
    bytes: int
    members_of_shards: int
    sounds: int
    pictures_of_clips: int
    faces: int
    nearest_face: float | None
    faces_within_merging_distance: int
    left: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Hidden:
    """What was erased, as keyed hashes, to search for it again."""

    ids: tuple[str, ...]
    bytes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """All that a receipt says but its signature."""

    receipt_id: str
    begun: str
    ended: str
    request: Asked
    erased: Erased
    excluded_clips: tuple[str, ...]
    results: Results
    files: tuple[ChangedFile, ...]
    models: tuple[Model, ...]
    search: Searched
    not_erased: tuple[str, ...]
    hidden: Hidden
    signer: Literal["own", "made here"]
    public_key: str


_READER = TypeAdapter(Receipt)


def checked_receipt(told: Mapping[str, Any], where: str) -> Receipt:
    """Return what a receipt says.

    Args:
        where: the file's name, for the error.

    Raises:
        BadInputError: if something is missing or of another type.
    """
    try:
        return _READER.validate_python(told)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise BadInputError(f"{where}: not the receipt of an erasure ({key}: {first['msg']})") from error
