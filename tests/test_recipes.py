"""A setting renames the artefacts of the stages that read it and of those that hang on them, alone."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import CurateConfig, config_from
from pipelines.elements import ClipTask
from pipelines.recipes import artefact_for, recipes_of, with_whole_models
from pipelines.stages import VISITS, VisitSections, visits_of
from schemas.records.source import Source
from tests.makers import make_clip, make_shot, make_track, make_video

FROM_LOOK = {"look", "sync", "words", "body"}
FROM_SURVEY = {"survey", "audio"} | FROM_LOOK
# Which stages a section's settings concern, as a reader of the documents expects it: written by hand, so that
# a section too many or too few in a row of the table shows.
CONCERNED = {
    "media": {"probe"} | FROM_SURVEY,
    "probe": {"probe"} | FROM_SURVEY,
    "shots": FROM_SURVEY,
    "jumps": FROM_SURVEY,
    "tracks": FROM_SURVEY,
    "clips": FROM_SURVEY,
    "audio": FROM_SURVEY,
    "voice": {"audio"},
    "cut": FROM_LOOK,
    "landmarks": FROM_LOOK,
    "quality": FROM_LOOK,
    "faces": FROM_LOOK,
    "embed": {"audio"} | FROM_LOOK,
    "attributes": FROM_LOOK,
    "sync": {"sync", "words"},
    "transcribe": {"words"},
    "align": {"words"},
    "fit_body": {"body"},
}


def leaves(section: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the path of each setting below a section."""
    for item in dataclasses.fields(section):
        value = getattr(section, item.name)
        inside = dataclasses.is_dataclass(value)
        yield from leaves(value, (*path, item.name)) if inside else iter([(*path, item.name)])


SETTINGS = [
    path
    for section in dataclasses.fields(VisitSections)
    for path in leaves(getattr(CurateConfig(), section.name), (section.name,))
]


def another(value: Any, folder: Path) -> Any:
    """Return a value of the same kind that is not this one; where a model is chosen, a model of one's own."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value * 2 + 1
    if isinstance(value, tuple):
        return (*value, *value)
    own = folder / "model.bin"
    own.write_bytes(b"weights of one's own")
    return str(own)


def changed(config: Any, path: tuple[str, ...], folder: Path) -> Any:
    """Return the configuration with one setting changed, whether it makes sense or not."""
    name, *below = path
    value = getattr(config, name)
    new = changed(value, tuple(below), folder) if below else another(value, folder)
    # Not `replace`, which would refuse values out of bounds: names are made of any.
    copy = object.__new__(type(config))
    for item in dataclasses.fields(config):
        object.__setattr__(copy, item.name, new if item.name == name else getattr(config, item.name))
    return copy


def artefacts(config: CurateConfig, media: Path) -> dict[str, str]:
    """Return the name of what each stage makes of one file, one after the other as a run does."""
    recipes = recipes_of(config)
    source = Source(uri=str(media), name="video.mp4")
    names = {"probe": artefact_for(source, VISITS["probe"], recipes).artefact_id}
    video = make_video(source=source)
    surveyed = artefact_for(video, VISITS["survey"], recipes)
    names["survey"] = surveyed.artefact_id
    clip = make_clip(artefacts=(surveyed,))
    task = ClipTask(clip=clip, video=video, track=make_track(make_shot(), 0, 2))
    for stage, visit in visits_of("clip"):
        made = artefact_for(task, visit, recipes)
        names[stage.name] = made.artefact_id
        clip = dataclasses.replace(task.clip, artefacts=(*task.clip.artefacts, made))
        task = dataclasses.replace(task, clip=clip)
    return names


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("media") / "video.mp4"
    path.write_bytes(b"the bytes are not read")
    return path


@pytest.mark.parametrize("path", SETTINGS, ids=".".join)
def test_a_setting_renames_what_it_concerns_alone(path: tuple[str, ...], media: Path, tmp_path: Path) -> None:
    before = artefacts(CurateConfig(), media)
    after = artefacts(changed(CurateConfig(), path, tmp_path), media)
    assert {stage for stage in before if before[stage] != after[stage]} == CONCERNED[path[0]]


def test_what_is_about_the_collection_renames_nothing(tmp_path: Path) -> None:
    config = CurateConfig()
    rest = {f.name for f in dataclasses.fields(config)} - {f.name for f in dataclasses.fields(VisitSections)}
    for path in (path for name in rest for path in leaves(getattr(config, name), (name,))):
        assert recipes_of(changed(config, path, tmp_path)) == recipes_of(config), path


def test_every_section_is_listed() -> None:
    assert set(CONCERNED) == {f.name for f in dataclasses.fields(VisitSections)}


def test_workers_get_models_of_the_user_by_whole_paths(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    perceived = {"model": "mine/attributes.onnx"}
    config = config_from({"sync": {"model": "mine"}, "attributes": {"perceived": perceived}}, "the test")
    sync = with_whole_models(VISITS["sync"], VISITS["sync"].settings(config))
    assert sync["sync"].model == str(tmp_path / "mine") and sync["audio"] is config.audio
    look = with_whole_models(VISITS["look"], VISITS["look"].settings(config))
    assert look["attributes"].perceived.model == str(tmp_path / "mine" / "attributes.onnx")
    assert look["embed"] is config.embed, "a model that comes with Mentor goes by name"
