"""Configuration files: what they may say, and what a mistake is answered with."""

import dataclasses
import json
from pathlib import Path

import pytest

from pipelines.config import CurateConfig, config_dict, config_from, config_hash, load_config
from schemas.outcomes import BadInputError
from transforms.filter_clips import DEFAULT_RULES, Rule


def rule(config: CurateConfig, name: str) -> Rule:
    return next(r for r in config.filter.rules if r.name == name)


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_no_file_and_an_empty_file_give_the_defaults(tmp_path: Path) -> None:
    assert load_config(None) == CurateConfig()
    assert load_config(write(tmp_path, "# nothing to change\n")) == CurateConfig()


def test_a_setting_changes_itself_alone(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "clips:\n  fps: 24.0\n"))
    assert config.clips == dataclasses.replace(CurateConfig().clips, fps=24.0)
    assert dataclasses.replace(config, clips=CurateConfig().clips) == CurateConfig()


def test_a_whole_number_is_a_float_where_one_is_wanted() -> None:
    config = config_from({"clips": {"fps": 30, "min_seconds": 3}}, "run.yaml")
    assert isinstance(config.clips.fps, float) and config.clips.fps == 30.0
    assert config_hash(config) == config_hash(config_from({"clips": {"fps": 30.0, "min_seconds": 3.0}}, "x"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("clipz:\n  fps: 25\n", "clipz"),
        ("clips:\n  frames_per_second: 25\n", "frames_per_second"),
        ("clips:\n  fps: fast\n", "clips.fps"),
        ("clips:\n  fps: true\n", "clips.fps"),
        ("clips:\n  max_side_px: 10.5\n", "clips.max_side_px"),
        ("clips: 25\n", "clips"),
        ("tracks:\n  full_range: 3\n", "tracks.full_range"),
        ("- clips\n", "top level"),
        ("clips: [fps\n", "not valid YAML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BadInputError, match=named) as caught:
        load_config(write(tmp_path, text))
    assert "run.yaml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"missing\.yaml: no such file"):
        load_config(str(tmp_path / "missing.yaml"))


def test_rules_change_by_name_and_keep_their_order() -> None:
    config = config_from({"filter": {"rules": {"noisy_audio": {"minimum": 10}}}}, "run.yaml")
    assert rule(config, "noisy_audio") == dataclasses.replace(rule(CurateConfig(), "noisy_audio"), minimum=10)
    assert [r.name for r in config.filter.rules] == [r.name for r in DEFAULT_RULES]


def test_bare_on_and_off_are_modes(tmp_path: Path) -> None:
    """YAML 1.1 reads them as booleans."""
    config = load_config(
        write(tmp_path, "filter:\n  rules:\n    jump_cut: {mode: off}\n    few_hands: {mode: on}\n")
    )
    assert rule(config, "jump_cut").mode == "off"
    assert rule(config, "few_hands").mode == "on"


def test_a_new_name_makes_a_new_rule() -> None:
    new = {"field": "audio.loudness_lufs", "stage": "audio", "minimum": -40.0}
    config = config_from({"filter": {"rules": {"too_quiet": new}}}, "run.yaml")
    assert config.filter.rules[-1] == Rule(name="too_quiet", **new)


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "maybe"},
        {"minimun": 3.0},
        {"stage": "later"},
        {"field": "audio.no_such_score"},
        {"minimum": "high"},
        {"minimum": True},
        7,
        None,
    ],
)
def test_mistakes_in_rules_name_the_rule(change: object) -> None:
    with pytest.raises(BadInputError, match="noisy_audio"):
        config_from({"filter": {"rules": {"noisy_audio": change}}}, "run.yaml")


def test_a_new_rule_without_a_field_is_refused() -> None:
    with pytest.raises(BadInputError, match="mine"):
        config_from({"filter": {"rules": {"mine": {"minimum": 1.0}}}}, "run.yaml")


@pytest.mark.parametrize("changes", [{"rulez": {}}, {"rules": ["jump_cut"]}, "strict"])
def test_mistakes_in_the_filter_section_are_refused(changes: object) -> None:
    with pytest.raises(BadInputError, match="filter"):
        config_from({"filter": changes}, "run.yaml")


def test_the_hash_covers_what_changes_the_data_and_nothing_else() -> None:
    default = config_hash(CurateConfig())
    assert config_hash(config_from({"isolation": {"num_processes": 7}}, "x")) == default
    assert config_hash(config_from({"run": {"max_failed_share": 0.1}}, "x")) == default
    changed = [{"clips": {"fps": 24}}, {"filter": {"rules": {"jump_cut": {"mode": "off"}}}}]
    assert len({default, *(config_hash(config_from(c, "x")) for c in changed)}) == 3


def test_the_resolved_configuration_is_plain_json() -> None:
    json.dumps(config_dict(CurateConfig()), allow_nan=False)
