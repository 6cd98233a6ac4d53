"""Read a manifest: a table of sources with what is declared of them."""

from collections.abc import Sequence
from pathlib import Path

from backends.languages import is_undetermined, language_code, languages_of, nearest_language
from backends.select import aligned_languages
from media import is_remote
from media.source import local_path
from pipelines.config import CurateConfig
from pipelines.intake_config import ManifestConfig
from pipelines.manifest_columns import ATTRIBUTE
from pipelines.manifest_consent import Said, guardian_consent, remarks_on_consent, said_of
from pipelines.manifest_rows import Row, read_csv, read_parquet
from pipelines.source_names import is_absolute, source_names
from schemas.outcomes import BadInputError
from schemas.records.source import Source
from schemas.visible import visible
from transforms.storage import join, read_bytes, sizes_of

MANIFEST_SUFFIXES = (".csv", ".tsv", ".parquet")


def read_manifest(location: str, config: CurateConfig) -> tuple[list[Source], tuple[str, ...]]:
    """Return the sources of a manifest, and remarks on what is done with what it declares.

    Raises:
        BadInputError: if it is not there, no table, or a row or column is not usable; names which.
    """
    where = f"--input {visible(location)}"
    rows = _rows(location, config.manifest, where)
    if not rows:
        raise BadInputError(f"{where}: the manifest has no rows")
    uris = [_uri(row, where) for row in rows]
    names = source_names(uris, location)
    folder = location.rpartition("/")[0] or "."
    languages, remarks = _languages(rows, config, where)
    said = [said_of(row, config.consent) for row in rows]
    sources = [
        _source(row, uri if is_absolute(uri) else join(folder, uri), name, language, about)
        for row, uri, name, language, about in zip(rows, uris, names, languages, said, strict=True)
    ]
    return sources, (*remarks_on_consent(rows, said), *remarks)


def _rows(location: str, config: ManifestConfig, where: str) -> list[Row]:
    if not is_remote(location) and not Path(location).is_file():
        raise BadInputError(f"{where}: no such manifest")
    try:
        size = sum(sizes_of([location]).values())
        if size > config.max_size_bytes:
            raise BadInputError(f"{where}: {size} bytes, more than manifest.max_size_bytes")
        data = read_bytes(location)
    except OSError as error:
        raise BadInputError(f"{where}: cannot be read ({visible(str(error))})") from error
    read = read_parquet if location.lower().endswith(".parquet") else read_csv
    return read(data, config, where)


def _uri(row: Row, where: str) -> str:
    """Return where a row's file is: a path, absolute or below the manifest's folder, or a remote URI."""
    uri = row.values["uri"]
    if uri is None:
        raise BadInputError(f"{where}: {row.place} has no value in its 'uri' column")
    path = uri if is_remote(uri) else str(local_path(uri))
    if "\0" in path:
        raise BadInputError(f"{where}: {row.place}: a path with a NUL byte")
    return path


def _source(row: Row, uri: str, name: str, language: str | None, said: Said) -> Source:
    attributes = tuple(
        (column.removeprefix(f"{ATTRIBUTE}_"), value)
        for column, value in sorted(row.values.items())
        if column.startswith(f"{ATTRIBUTE}_") and value is not None
    )
    return Source(
        uri=uri,
        name=name,
        refusal=said.refusal(row),
        title=row.values.get("title"),
        licence=row.values.get("licence"),
        rights_holder=row.values.get("rights_holder"),
        consent=said.consent,
        consent_reference=row.values.get("consent_reference"),
        terms=said.terms,
        guardian_consent=guardian_consent(row),
        speaker_id=row.values.get("speaker_id"),
        language=language,
        transcript=row.values.get("transcript"),
        attributes=attributes,
        row=row.place,
    )


def _languages(rows: Sequence[Row], config: CurateConfig, where: str) -> tuple[list[str | None], list[str]]:
    """Return each row's language as the recogniser's code, and remarks on what models cannot do with them.

    Raises:
        BadInputError: naming the row whose language is unknown.
    """
    declared = [row.values.get("language") for row in rows]
    if not any(declared):
        return [None] * len(rows), []
    model = config.transcribe.model
    known = languages_of(model)
    codes: dict[str, str | None] = {}
    for row, text in zip(rows, declared, strict=True):
        if text is not None and text not in codes:
            codes[text] = (
                None if is_undetermined(text) else _code(text, known, model, f"{where}: {row.place}")
            )
    found = [None if text is None else codes[text] for text in declared]
    aligned = aligned_languages(config.align.model)
    others = sorted({code for code in found if code is not None} - (aligned or known))
    if not others:
        return found, []
    return found, [
        f"{config.align.model} does not align {', '.join(others)}: "
        "words keep the recogniser's times (align.model)"
    ]


def _code(text: str, known: frozenset[str], model: str, where: str) -> str:
    code = language_code(text)
    if code in known and code is not None:
        return code
    shown = repr(visible(text)[:60])
    if code is not None:
        raise BadInputError(
            f"{where}: language {shown} ({code}) is none that the recogniser {Path(model).name} knows; "
            "choose another with transcribe.model, or leave the cell empty to have the language found"
        )
    near = nearest_language(text, known)
    help = f"did you mean {near}?" if near else "write its English name or a BCP 47 tag, such as en or pt-BR"
    raise BadInputError(f"{where}: language {shown} is unknown; {help}")
