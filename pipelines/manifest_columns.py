"""The columns of a manifest: which there are, and which of them a header means."""

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence

from pipelines.intake_config import ManifestConfig
from schemas.outcomes import BadInputError
from schemas.visible import visible

GUARDIAN = "guardian_consent"
CONSENT = (
    "consent",
    "consent_reference",
    "consent_basis",
    "consent_scope",
    "consent_expires",
    "consent_withdrawn",
    GUARDIAN,
)
DECLARED = (
    *("title", "licence", "rights_holder", "jurisdiction", *CONSENT),
    *("speaker_id", "language", "transcript"),
)
COLUMNS = ("uri", *DECLARED)
ATTRIBUTE = "attribute"
_SPELLINGS = {"license": "licence"}
# Names under which tables hold what may forbid a use: they are refused even where others are ignored.
_MEANT = {
    **dict.fromkeys(
        ("withdrawn", "withdrawal", "withdrawnon", "revoked", "optout", "optedout"), "consent_withdrawn"
    ),
    **dict.fromkeys(
        ("expires", "expiry", "expireson", "expirydate", "validuntil", "expired"), "consent_expires"
    ),
    **dict.fromkeys(("scope", "scopes", "purpose", "alloweduse"), "consent_scope"),
    **dict.fromkeys(("basis", "legalbasis", "lawfulbasis"), "consent_basis"),
    **dict.fromkeys(("copyrightholder", "rightsowner", "copyrightowner"), "rights_holder"),
}
# What stands between the words of a name, or unseen around them.
_BLANKS = re.compile(r"[\s_\-\u200b-\u200f\u2060\ufeff]+")
# Likeness (difflib's ratio) from which an unknown name is taken for a known one misspelt: two neighbours
# swapped in `title` give .8, a letter missing, added or changed in `consent` .86 and more.
_ALIKE = 0.8
# What pandas makes of a table's index when it writes Parquet; nobody declared it.
_INDEX = re.compile(r"__index_level_\d+__")


def column_names(header: Sequence[str], config: ManifestConfig, where: str) -> Mapping[str, int]:
    """Return the place of each column that we know, by our name for it; attributes as `attribute_NAME`.

    Args:
        header: names as the manifest writes them; case, blanks, `-` and `_` make no difference.
        where: names the manifest in errors.

    Raises:
        BadInputError: if a column is there twice, unknown or misspelt, or none is `uri`.
    """
    found: dict[str, int] = {}
    unknown: list[str] = []
    for place, name in enumerate(header):
        ours = _ours(name)
        if ours is None:
            if not _INDEX.fullmatch(name):
                unknown.append(name)
        elif ours in found:
            both = f"{_shown(header[found[ours]])} and {_shown(name)}"
            raise BadInputError(f"{where}: the columns {both} are both {ours!r}; leave one")
        else:
            found[ours] = place
    _refuse_unknown(unknown, config, where, has_uri="uri" in found)
    return found


def _ours(name: str) -> str | None:
    squeezed = _squeezed(name)
    by_squeezed = {_squeezed(ours): ours for ours in COLUMNS} | _SPELLINGS
    if squeezed in by_squeezed:
        return by_squeezed[squeezed]
    words = _BLANKS.sub("_", unicodedata.normalize("NFKC", name).casefold()).strip("_")
    first, _, rest = words.partition("_")
    is_attribute = first == ATTRIBUTE and rest and "consent" not in squeezed
    return f"{ATTRIBUTE}_{rest}" if is_attribute else None


def _squeezed(name: str) -> str:
    return _BLANKS.sub("", unicodedata.normalize("NFKC", name).casefold())


def _refuse_unknown(unknown: Sequence[str], config: ManifestConfig, where: str, *, has_uri: bool) -> None:
    meant = [(name, nearest) for name in unknown if (nearest := _misspelt(name)) is not None]
    for name, nearest in meant[:1]:
        raise BadInputError(f"{where}: unknown column {_shown(name)}; did you mean {nearest!r}?")
    if not has_uri:
        there = f"; there are {', '.join(map(_shown, unknown[:5]))}" if unknown else ""
        raise BadInputError(f"{where}: no column 'uri'{there}")
    if unknown and config.extra_columns == "refuse":
        raise BadInputError(
            f"{where}: unknown {'columns' if len(unknown) > 1 else 'column'} "
            f"{', '.join(map(_shown, unknown[:5]))}; known are {', '.join(COLUMNS)} and {ATTRIBUTE}_...; "
            "rename or remove them, or set manifest.extra_columns: ignore"
        )


def _misspelt(name: str) -> str | None:
    """Return the known column that a name looks like; whatever speaks of consent looks like that."""
    squeezed = _squeezed(name)
    if squeezed in _MEANT:
        return _MEANT[squeezed]
    if "consent" in squeezed:
        near = difflib.get_close_matches(squeezed, map(_squeezed, CONSENT), n=1, cutoff=_ALIKE)
        return next((ours for ours in CONSENT if [_squeezed(ours)] == near), "consent")
    known = {_squeezed(ours): ours for ours in COLUMNS} | _SPELLINGS
    near = difflib.get_close_matches(squeezed, known, n=1, cutoff=_ALIKE)
    # `title_en` and `license_url` are names of their own.
    if near and abs(len(near[0]) - len(squeezed)) <= max(len(near[0]) // 4, 1):
        return known[near[0]]
    first = re.split(r"[\s_\-]", name.strip().casefold())[0]
    begins = difflib.get_close_matches(first, [ATTRIBUTE], n=1, cutoff=_ALIKE)
    return f"{ATTRIBUTE}_..." if begins else None


def _shown(name: str) -> str:
    return repr(visible(name)[:60]) if name.strip() else "without a name"
