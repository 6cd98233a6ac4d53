"""Lint: look through a finished run by the rules of `lint/`, shard by shard, and say what does not hold."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from commands.lint_reading import (
    Secrets,
    below,
    has_columns,
    parquet,
    read_plain,
    read_secrets,
    table_rows,
    texts_of_page,
    texts_of_table,
    walk,
)
from commands.lint_report import Report
from commands.lint_shards import look_at_shards
from lint import bias, collection, consent, croissant, folder, published, records, summary, tables
from media.source import local_path
from pipelines.config import config_from_dict, config_hash
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from schemas.days import utc_today
from schemas.layout import (
    CROISSANT_JSON,
    CURRENT,
    EXCLUSIONS,
    EXPORT,
    INSPECT,
    LAST_RUN,
    LAYOUT_JSON,
    PUBLISHED,
    REPORT,
    RESULTS,
    RUN_JSON,
    TABLES,
    WORK,
)
from schemas.outcomes import BadInputError
from schemas.run import ERASE, RunSummary
from schemas.tables import TABLES as TABLE_SCHEMAS
from schemas.tables import arrow_schema
from schemas.terms import OF_SHARDS
from transforms.storage import join, list_folder, sha256_of

_WAITING = (
    "samples are withdrawn and still in this result: our loaders leave them out, and the next curate removes "
    "them; others' loaders read them, so do not pass this result on"
)
_OVER = (
    "samples' consents have ended by today: our loaders leave them out; the next curate, or package, makes a "
    "result without them"
)


def lint_run(output: str, progress: Callable[[str], None] = lambda _: None) -> Report:
    """Return what does not hold of the current result of a run's folder.

    Args:
        progress: is told what is looked at.

    Raises:
        BadInputError: if there is no finished run, or a file of it cannot be opened.
    """
    run = RunFolder(output)
    result = _current(run)
    report = Report(result=result.name)
    try:
        _look_at_all(run, result, report, progress)
    except OSError as error:
        raise BadInputError(
            f"{output}: {error}; if a newer result has taken this one's place, lint again"
        ) from error
    return report


def _look_at_all(run: RunFolder, result: Result, report: Report, progress: Callable[[str], None]) -> None:
    files = _look_at_folder(run, result, report)
    found = _summary(result, report)
    paths = _table_paths(result, files)
    progress(f"{len(files)} files")
    sound = _look_at_tables(paths, report)
    facts = _look_at_records(paths, sound, found, report)
    secrets = read_secrets(read_plain(join(run.root, WORK, LAST_RUN)))
    _look_at_texts(result, files, secrets, report)
    _look_at_croissant(result, files, report)
    shards = look_at_shards(result, files, found, sound, secrets, report, progress)
    excluded = folder.excluded(read_plain(join(run.root, EXCLUSIONS)))
    if facts is not None:
        clips = {row["clip_id"]: row for row in records.accepted(facts)}
        together = collection.CollectionFacts(
            index=shards.index,
            clips=clips,
            shard_sizes=shards.sizes,
            energon=read_plain(below(result.folder, "shards/.nv-meta/.info.json")),
            excluded=excluded,
        )
        report.check(collection.RULES, together)
        if number := collection.waiting(together):
            report.notes.append(f"{number} {_WAITING}")
    sizes = shards.sizes
    report.looked_at |= {"files": len(files), "shards": len(sizes), "samples": sum(sizes.values())}


def _current(run: RunFolder) -> Result:
    found = run.current()
    if found is None:
        raise BadInputError(f"{run.root}: no finished run here; `curate --output` makes one")
    for place in (join(run.root, RESULTS), found.folder) if run.is_local else ():
        if local_path(place).is_symlink():
            raise BadInputError(
                f"{place}: is a link, and leads out of the run's folder; nothing behind it was read"
            )
    return found


def _look_at_folder(run: RunFolder, result: Result, report: Report) -> dict[str, int]:
    """Check the folder's layout; returns the sizes of the result's files by their path in it."""
    files, odd = walk(result.folder)
    links: dict[str, str | None] = {}
    for name in (CURRENT, *PUBLISHED) if run.is_local else ():
        place = local_path(join(run.root, name))
        links[name] = str(place.readlink()) if place.is_symlink() else None
    for name in (LAYOUT_JSON, EXCLUSIONS) if run.is_local else ():
        if local_path(join(run.root, name)).is_symlink():
            odd[name] = "a link"
    drawn = {
        f"{room}/{name}": name.split(".")[0]
        for room in (INSPECT, EXPORT)
        for name in list_folder(join(run.root, room))
    }
    facts = folder.FolderFacts(
        is_local=run.is_local,
        result_name=result.name,
        links=links,
        layout=read_plain(join(run.root, LAYOUT_JSON)),
        exclusions=read_plain(join(run.root, EXCLUSIONS)),
        files=files,
        odd=odd,
        drawn=drawn,
    )
    report.check(folder.RULES, facts)
    return files


def _summary(result: Result, report: Report) -> RunSummary | None:
    found: RunSummary | None = None
    fault, version, digest = "", None, None
    try:
        data = read_plain(join(result.folder, RUN_JSON))
        said = json.loads(data or b"null")
        version = str(said["schema_version"]) if isinstance(said, dict) and "schema_version" in said else None
        found = result.read_summary()
    except (BadInputError, ValueError, RecursionError) as error:
        fault = str(error)[:300]
    if found is not None:
        try:
            digest = config_hash(config_from_dict(found.config, RUN_JSON))
        except BadInputError:
            digest = None
    facts = summary.SummaryFacts(version=version, summary=found, fault=fault, config_hash=digest)
    report.check(summary.RULES, facts)
    return found


def _table_paths(result: Result, files: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the files of each table."""
    paths: dict[str, list[str]] = {name: [] for name in TABLE_SCHEMAS}
    for path in sorted(files):
        room, _, name = path.partition("/")
        table = name.split("-")[0]
        if room == TABLES and name.endswith(".parquet") and table in paths:
            paths[table].append(below(result.folder, path))
    return paths


def _look_at_tables(paths: Mapping[str, Sequence[str]], report: Report) -> set[str]:
    """Check each file of each table; returns the tables that have all columns of this version."""
    sound = {table for table, files in paths.items() if files}
    for table, files in paths.items():
        wanted = arrow_schema(table)
        for file in files:
            facts = tables.TableFacts(table=table, file=f"{TABLES}/{file.rsplit('/', 1)[-1]}", schema=None)
            try:
                with parquet(file) as opened:
                    for _ in opened.iter_batches():  # damage shows only when values are read
                        pass
                    schema = opened.schema_arrow
                    facts = tables.TableFacts(table=table, file=facts.file, schema=schema)
                    if not has_columns(schema, wanted):
                        sound.discard(table)
            except BadInputError as error:
                sound.discard(table)
                facts = tables.TableFacts(table=table, file=facts.file, schema=None, fault=str(error)[-300:])
            report.check(tables.RULES, facts)
    if unsound := sorted(paths.keys() - sound):
        report.notes.append(f"not compared with anything, as they are not whole: {', '.join(unsound)}")
    return sound


def _look_at_records(
    paths: Mapping[str, Sequence[str]], sound: set[str], found: RunSummary | None, report: Report
) -> records.RecordFacts | None:
    """Check the tables together, and beside run.json; returns their rows, None where one is not whole."""
    if not records.COLUMNS.keys() <= sound:
        return None
    rows = {name: table_rows(paths[name], columns) for name, columns in records.COLUMNS.items()}
    publish = found.config.get("publish", {}) if found else {}
    scopes = found.config.get("consent", {}).get("scopes") if found else ()
    facts = records.RecordFacts(
        rows=rows,
        published=frozenset(name for name, value in publish.items() if value is True),
        consent_day=found.consent_day if found else None,
        scopes=frozenset(OF_SHARDS if scopes is None else map(str, scopes)),
        balanced=found is None or found.command != ERASE,
    )
    report.check(records.RULES, facts)
    report.check(consent.RULES, facts)
    if number := consent.over_by(facts, utc_today()):
        report.notes.append(f"{number} {_OVER}")
    if found is not None:
        report.check(summary.COUNTED_RULES, _counted(found, rows))
        if set(bias.TABLES) <= sound:
            report.check(bias.RULES, _bias_facts(found, facts, paths))
    report.looked_at |= {name: len(rows[name]) for name in ("videos", "clips")}
    return facts


def _counted(found: RunSummary, rows: Mapping[str, records.Rows]) -> summary.CountedFacts:
    seconds: dict[str, float] = defaultdict(float)
    for row in rows["rejections"]:
        seconds[row["reason"]] += row["seconds"] or 0.0
    hours = [
        c["num_frames"] / c["fps"] / 3600 for c in rows["clips"] if c["status"] == "accepted" and c["fps"]
    ]
    return summary.CountedFacts(
        summary=found,
        num_rows={name: len(of) for name, of in rows.items()},
        statuses=Counter(row["status"] for row in rows["clips"]),
        rejections=Counter((r["stage"], r["level"], r["reason"]) for r in rows["rejections"]),
        rejected_seconds=seconds,
        failures=Counter((r["stage"], r["level"]) for r in rows["failures"]),
        accepted_hours=sum(hours),
    )


def _bias_facts(
    found: RunSummary, facts: records.RecordFacts, paths: Mapping[str, Sequence[str]]
) -> bias.BiasFacts:
    least = found.config.get("bias", {}).get("min_people")
    return bias.BiasFacts(
        rows={name: table_rows(paths[name], arrow_schema(name).names) for name in bias.TABLES},
        min_people=least if isinstance(least, int) else 0,
        split_clips=Counter(str(row["split"]) for row in records.accepted(facts)),
    )


def _look_at_texts(result: Result, files: Mapping[str, int], secrets: Secrets, report: Report) -> None:
    """Check what pages, tables and run.json say in words; samples are looked at with their shards."""
    for path in sorted(files):
        if path.split("/")[0] not in (RUN_JSON, CROISSANT_JSON, REPORT, TABLES):
            continue
        try:
            for piece in _pieces(result, path):
                report.check(published.RULES, secrets.facts(path, piece))
        except BadInputError:
            continue  # a finding of its own


def _look_at_croissant(result: Result, files: Mapping[str, int], report: Report) -> None:
    """Hash the shards, indices and tables, and compare them with what croissant.json tells."""
    told = croissant.told_files(read_plain(join(result.folder, CROISSANT_JSON)))
    wanted = [path for path in files if croissant.is_told(path)]
    found = {path: sha256_of(below(result.folder, path)) for path in sorted(wanted)} if told else {}
    report.check(croissant.RULES, croissant.CroissantFacts(told=told, found=found))


def _pieces(result: Result, path: str) -> Iterator[bytes]:
    place = below(result.folder, path)
    if path.endswith(".parquet"):
        yield from texts_of_table(place)
    else:
        yield texts_of_page(read_plain(place) or b"")
