"""Settings: what each may be. All of them are walked, so that none comes without bounds."""

import dataclasses
import json
import math
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest

from pipelines.config import (
    CurateConfig,
    config_dict,
    config_from,
    config_from_dict,
    config_hash,
    config_schema,
    load_config,
)
from pipelines.settings import settings_of
from pipelines.settings_file import read_settings_file
from schemas.outcomes import BadInputError
from transforms.balance import Quota, Target
from transforms.filter_clips import Rule

SENSELESS = (math.nan, math.inf, -math.inf, -1, 10**400)


def numbers(kind: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path of each number in a dataclass of settings, and its type as declared."""
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        if dataclasses.is_dataclass(hint):
            yield from (((name, *path), inner) for path, inner in numbers(hint))
        elif {int, float} & set(atoms(hint)):
            yield (name,), hint


def atoms(hint: Any) -> Iterator[Any]:
    """Yield the plain types that a type is made of."""
    if get_origin(hint) is typing.Literal:
        yield from (type(value) for value in get_args(hint))
    elif get_args(hint):
        for inner in get_args(hint):
            yield from atoms(inner)
    else:
        yield hint


def holding(hint: Any, value: Any) -> Any:
    """Return a setting of this type that holds a value: itself, or a mapping or list with it."""
    if get_origin(hint) is dict:
        return {"one": value}
    return [value] if get_origin(hint) is tuple else value


def nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    return {path[0]: nested(path[1:], value) if len(path) > 1 else value}


NUMBERS = [(CurateConfig, path, hint) for path, hint in numbers(CurateConfig)]
IN_LISTS = [(kind, path, hint) for kind in (Target, Quota) for path, hint in numbers(kind)]
REQUIRED = {Target: {"attributes": ["gender"]}, Quota: {"where": {"gender": "feminine"}}}


def test_the_walk_sees_the_settings() -> None:
    paths = {".".join(path) for _, path, _ in NUMBERS}
    assert len(paths) > 100
    assert {"clips.fps", "fit_body.noise.hand_mm", "balance.max_clips_per_person", "split.val_share"} <= paths
    assert {path for _, path, _ in IN_LISTS} >= {("shares",), ("max_clips",), ("min_seconds",)}


@pytest.mark.parametrize(("kind", "path", "hint"), [*NUMBERS, *IN_LISTS], ids=lambda v: str(v)[:60])
def test_senseless_numbers_are_refused_and_named(kind: type, path: tuple[str, ...], hint: Any) -> None:
    for value in SENSELESS:
        with pytest.raises(BadInputError) as caught:
            settings_of(kind, REQUIRED.get(kind, {}) | nested(path, holding(hint, value)))
        assert ".".join(path) in str(caught.value) and "\n" not in str(caught.value)
        assert len(str(caught.value)) < 250


@pytest.mark.parametrize("bound", ["minimum", "maximum"])
def test_a_rule_may_bound_a_score_below_zero_and_nothing_else(bound: str) -> None:
    rule = {"name": "quiet", "field": "audio.rms_dbfs", "stage": "audio"}
    assert getattr(settings_of(Rule, {**rule, bound: -60}), bound) == -60.0
    for value in (math.nan, math.inf, -math.inf):
        with pytest.raises(BadInputError, match=bound):
            settings_of(Rule, {**rule, bound: value})


def test_rates_and_steps_cannot_be_zero() -> None:
    for path in (
        *(
            ("clips", "fps"),
            ("clips", "max_side_px"),
            ("voice", "hop_seconds"),
            ("quality", "motion_every_frames"),
        ),
        *(("tracks", "detections_per_second"), ("faces", "every_frames"), ("shards", "clips_per_shard")),
        *(("fit_body", "smoothness", "jaw"), ("identities", "merge_distance"), ("media", "max_pixels")),
        *(("isolation", "timeout_base_seconds"), ("balance", "max_clips_per_person"), ("bias", "alpha")),
    ):
        with pytest.raises(BadInputError, match=rf"{'.'.join(path)}: should be greater than"):
            settings_of(CurateConfig, nested(path, 0))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (
            {"clips": {"target_min_seconds": 30}},
            "clips: target_min_seconds = 30 is above target_max_seconds = 10",
        ),
        ({"clips": {"min_seconds": 5}}, "min_seconds = 5 is above target_min_seconds = 4"),
        (
            {"balance": {"quotas": [{"where": {"a": "b"}, "min_clips": 5, "max_clips": 1}]}},
            "balance.quotas.0: min_",
        ),
        (
            {"filter": {"rules": {"turned_away": {"minimum": 80}}}},
            "filter.rules.turned_away: minimum = 80 is above",
        ),
        ({"split": {"val_share": 0.6, "test_share": 0.6}}, "val_share and test_share are more than 1"),
        ({"quality": {"dark_luma": 250}}, "dark_luma = 250 is not below bright_luma"),
    ],
)
def test_bounds_that_cross_are_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(BadInputError, match=named):
        config_from(changes, "run.yaml")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"clip": {"fps": 25}}, "clip: no such setting; did you mean clips?"),
        ({"clips": {"fsp": 25}}, "clips.fsp: no such setting; did you mean fps?"),
        (
            {"clips": {"min_seconds": 30, "max_seconds": 5}},
            "clips.max_seconds: no such setting; did you mean",
        ),
        ({"clips": {"crf": 20}}, "clips.crf: no such setting; did you mean cut.crf?"),
        ({"fps": 25}, "fps: no such setting; did you mean clips.fps?"),
        (
            {"filter": {"rules": {"no_speech": {"minimun": 1}}}},
            "no_speech.minimun: no such setting; did you mean min",
        ),
        (
            {"balance": {"targets": [{"attribute": ["a"]}]}},
            "targets.0.attribute: no such setting; did you mean attr",
        ),
        ({"cut": {"preset": "fastest"}}, "cut.preset: should be 'ultrafast'"),
        ({"bias": {"scores": ["audio.snr"]}}, "bias.scores: clips have no score 'audio.snr'"),
        ({"bias": {"pairs": [["gender"]]}}, "bias.pairs.0"),
    ],
)
def test_a_misspelt_key_is_answered_with_the_nearest(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(BadInputError) as caught:
        config_from(changes, "run.yaml")
    assert named in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(BadInputError) as caught:
        config_from({"clips": {"fps": 0, "crop_side": -1}, "cut": {"crf": 60}}, "run.yaml")
    assert all(key in str(caught.value) for key in ("clips.fps", "clips.crop_side", "cut.crf"))


def test_a_section_with_nothing_in_it_changes_nothing() -> None:
    assert config_from({"clips": None, "filter": None}, "x") == CurateConfig()


def test_settings_come_back_as_they_were_written_down() -> None:
    plain = json.loads(json.dumps(config_dict(CurateConfig())))
    assert config_from_dict(plain, "x") == CurateConfig()
    assert config_hash(config_from_dict(plain, "x")) == config_hash(CurateConfig())


def test_the_schema_knows_bounds_names_and_rules() -> None:
    schema = config_schema()
    defs = schema["$defs"]
    assert defs["ClipConfig"]["properties"]["fps"]["minimum"] == 1.0
    assert defs["ClipConfig"]["additionalProperties"] is schema["additionalProperties"] is False
    assert defs["FilterConfig"]["properties"]["rules"]["additionalProperties"] == {"$ref": "#/$defs/Rule"}
    json.dumps(schema, allow_nan=False)


DEEP = "a: " + "[" * 5000 + "]" * 5000
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 20))
MERGED = "a0: &a0 {k: 1}\n" + "".join(
    f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 20)
)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"clips: {fps: 25} # caf\xe9\n", "line 1 is not UTF-8"),
        (b"clips:\n  fps: 25\nclips:\n  fps: 30\n", "line 3: clips is given twice"),
        (b"clips: {fps: 24, fps: 25}\n", "line 1: fps is given twice"),
        (BOMB.encode(), "more than 100000 values"),
        (MERGED.encode(), "more than 100000 values"),
        (b"clips: &c {fps: *c}\n", "without end"),
        (b"clips: &c\n  inner: *c\n", "without end"),
        (DEEP.encode(), "not valid YAML"),
        (b"clips: !!python/object/apply:os.system [ls]\n", "not valid YAML"),
        (b"clips: {fps: 25}\n---\nclips: {fps: 30}\n", "not valid YAML"),
        (b"? {a: 1}\n: 2\n", "not valid YAML"),
        (b"clips:\x00 5\n", "not valid YAML"),
        (b"#" * (1 << 20) + b"\nclips: {}\n", "larger than 1 MiB"),
        (b"5\n", "the top level must be sections"),
    ],
)
def test_files_that_are_no_settings_end_in_one_line(tmp_path: Path, data: bytes, named: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes(data)
    with pytest.raises(BadInputError) as caught:
        read_settings_file(str(path))
    assert named in str(caught.value) and "run.yaml" in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_an_alias_stands_for_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(
        "clips: {fps: &rate 24}\nfit_body: &fit {coarse_fps: 6}\nduplicates: {steps_per_second: *rate}\n"
    )
    assert read_settings_file(str(path))["duplicates"] == {"steps_per_second": 24}


def test_settings_that_come_with_mentor_go_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_config("fast").transcribe.model == "tiny.en"
    (tmp_path / "fast").write_text("transcribe: {model: base}\n")
    assert load_config("fast").transcribe.model == "base"
    with pytest.raises(BadInputError, match="--config slow: no such file"):
        load_config("slow")
