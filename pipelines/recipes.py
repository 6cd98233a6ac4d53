"""What names an artefact: everything that its stage makes it from."""

import dataclasses
import functools
import glob
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from backends.select import JOBS, identity_of
from media.reservations import side_files
from media.source import is_remote, local_path, whole_uri
from pipelines.artefacts import artefact_id, artefact_of
from pipelines.config import CurateConfig, config_dict
from pipelines.elements import ClipTask
from pipelines.stages import CODE_VERSIONS, OTHER_SECTIONS, VISITS, Visit, VisitSections
from schemas.consent import refusal
from schemas.ids import ID_HEX_DIGITS
from schemas.plain import to_plain
from schemas.records.source import Source
from schemas.records.video import Artefact, Video
from schemas.run import StageRecipe
from schemas.stages import STAGES
from schemas.tables import SCHEMA_VERSION
from transforms.filter_clips import score_of
from transforms.storage import map_files

# What is raised of a file that cannot be looked at: no path at all, or a filesystem that Beam does not know.
CANNOT_LOOK = (OSError, ValueError, BeamIOError)


def recipes_of(config: VisitSections) -> dict[str, str]:
    """Return the hash of what makes each visit's results but its inputs: code, settings, weights.

    A setting that chooses a model counts by the bytes of the model, wherever it lies.

    Raises:
        BadInputError: if a model is not there or not the pinned one.
    """
    return {name: _recipe(visit, config) for name, visit in VISITS.items()}


def stage_recipes(config: CurateConfig, known: Sequence[StageRecipe] | None = None) -> list[StageRecipe]:
    """Return with which code, settings and models each stage works, in the order of the stages.

    Args:
        known: the recipes of the run whose artefacts are used; None if this run made or found them itself.

    Raises:
        BadInputError: if a model is not there or not the pinned one.
    """
    plain = config_dict(config)
    visits = [_visit_recipe(visit, config, plain) for visit in VISITS.values()] if known is None else known
    made = {recipe.stage: recipe for recipe in visits if recipe.stage in VISITS}
    for stage, sections in OTHER_SECTIONS.items():
        made[stage] = StageRecipe(
            stage=stage,
            code_version=CODE_VERSIONS[stage],
            sections=list(sections),
            settings_sha256=settings_sha256(plain, sections),
        )
    return [made[stage.name] for stage in STAGES if stage.name in made]


def settings_sha256(plain: Mapping[str, Any], sections: Sequence[str]) -> str:
    """Return the hash of some sections of a configuration as run.json has it."""
    chosen = {name: plain[name] for name in sections}
    return hashlib.sha256(json.dumps(chosen, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _visit_recipe(visit: Visit, config: CurateConfig, plain: Mapping[str, Any]) -> StageRecipe:
    return StageRecipe(
        stage=visit.stage,
        code_version=visit.code_version,
        sections=list(visit.sections),
        settings_sha256=settings_sha256(plain, visit.sections),
        models=_models(visit, config)[1],
        recipe=_recipe(visit, config),
    )


def own_models(config: VisitSections) -> list[tuple[str, str]]:
    """Return the jobs that models of the user's do, with their paths."""
    found: list[tuple[str, str]] = []
    for visit in VISITS.values():
        sections = {name: dataclasses.asdict(section) for name, section in visit.settings(config).items()}
        for job in visit.jobs:
            setting = JOBS[job].setting
            choice = None if setting is None else _take(sections, setting)
            if choice not in JOBS[job].embedded:
                found.append((job, str(choice)))
    return found


def with_whole_models(visit: Visit, sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return a visit's sections with the user's models by absolute paths, for workers in whatever folder."""
    whole = dict(sections)
    for job in visit.jobs:
        if (setting := JOBS[job].setting) is None:
            continue
        section, *path = setting.split(".")
        choice = functools.reduce(getattr, path, whole[section])
        if choice not in JOBS[job].embedded:
            whole[section] = _replaced(whole[section], path, whole_uri(str(choice)))
    return whole


def _replaced(section: Any, path: Sequence[str], value: Any) -> Any:
    """Return a section with the setting at a path replaced."""
    name, *rest = path
    return dataclasses.replace(
        section, **{name: _replaced(getattr(section, name), rest, value) if rest else value}
    )


def _recipe(visit: Visit, config: VisitSections) -> str:
    return _digest([visit.stage, visit.code_version, *_models(visit, config)])


def _models(visit: Visit, config: VisitSections) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a visit's sections without the settings that choose models, and who does each of its jobs."""
    sections = {name: dataclasses.asdict(section) for name, section in visit.settings(config).items()}
    models: dict[str, str] = {}
    for job in visit.jobs:
        setting = JOBS[job].setting
        models[job] = identity_of(job, None if setting is None else _take(sections, setting))
    return sections, models


def _take(sections: dict[str, Any], setting: str) -> str | None:
    """Remove a setting, named by its path, and return it."""
    *path, last = setting.split(".")
    place: dict[str, Any] = sections
    for name in path:
        place = place[name]
    return place.pop(last)


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:ID_HEX_DIGITS]


def inputs_hash(sources: Sequence[Source], config: CurateConfig, recipes: Mapping[str, str]) -> str:
    """Return a hash of all that a run's result is made from: the same hash, the same result.

    Files are told by place, size and time of change; those whose people did not agree are not looked at.
    """
    remote = any(is_remote(source.uri) for source in sources)
    states = map_files(_state, sources, remote)
    seen = [[to_plain(source), state] for source, state in zip(sources, states, strict=True)]
    sections = dataclasses.asdict(config)
    for without_effect in ("isolation", "run"):
        sections.pop(without_effect)
    return _digest([SCHEMA_VERSION, CODE_VERSIONS, dict(recipes), sections, sorted(seen, key=str)])


def _state(source: Source) -> str:
    if refusal(source):
        return ""
    try:
        return _fingerprint(source)
    except CANNOT_LOOK as error:
        return type(error).__name__


def source_owner(source: Source) -> str:
    """Return who owns what is known of a source before its content: its place, as a hash."""
    place = source.uri if is_remote(source.uri) else str(local_path(source.uri).absolute())
    return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:ID_HEX_DIGITS]


def owner_of(element: Any) -> str:
    """Return the owner of what a visit makes of an element."""
    if isinstance(element, Source):
        return source_owner(element)
    return element.video_id if isinstance(element, Video) else element.clip.video_id


def artefact_for(element: Any, visit: Visit, recipes: Mapping[str, str]) -> Artefact:
    """Return the name of what a visit makes of an element.

    Raises:
        OSError: if a source cannot be looked at.
    """
    if isinstance(element, Source):
        inputs = [_fingerprint(element)]
    elif isinstance(element, Video):
        # What the probe found, wherever it found it: a moved file is the same video.
        found = {
            k: v for k, v in to_plain(element).items() if k not in ("source", "artefacts", "reservations")
        }
        inputs = [recipes["probe"], _digest(found)]
    else:
        inputs = _clip_inputs(element, visit)
    return Artefact(stage=visit.stage, artefact_id=artefact_id(recipes[visit.stage], inputs))


def _clip_inputs(task: ClipTask, visit: Visit) -> list[str]:
    clip = task.clip
    made = [artefact_of(clip.artefacts, stage) for stage in visit.inputs]
    told = [getattr(clip.source, name) for name in visit.declared]
    told += [score_of(clip, path) for path in visit.decided]
    return [clip.clip_id, *["" if a is None else a.artefact_id for a in made], json.dumps(told)]


def _fingerprint(source: Source) -> str:
    """Return what tells that a file is as it was, without reading it: place, size, time of change.

    What lies beside it and speaks of it is a part of it (`media.reservations.side_files`).
    """
    if is_remote(source.uri):
        found = FileSystems.match([glob.escape(source.uri)])[0].metadata_list
        if not found:
            raise FileNotFoundError(f"{source.uri}: no such file")
        return _digest([source.uri, found[0].size_in_bytes, found[0].last_updated_in_seconds])
    path = local_path(source.uri)
    status = path.stat()
    beside = [[side.name, side.stat().st_size, side.stat().st_mtime_ns] for side in side_files(path)]
    return _digest([str(path.absolute()), status.st_size, status.st_mtime_ns, *beside])
