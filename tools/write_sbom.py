"""Write a bill of materials (SBOM, CycloneDX 1.6): every package Mentor is pinned to, every model it runs.

    python tools/write_sbom.py dist/mentor.cdx.json     # or `make sbom`

Packages come with the SHA-256 of their releases' files (`hashes/`) and the licence that their metadata state,
models with the SHA-256 of their weights. Same pins and packages, same bytes: no time, no random number.
"""

# The classes of cyclonedx are made by a decorator that has no types.
# pyright: basic, reportCallIssue=false, reportAttributeAccessIssue=false, reportArgumentType=false

import importlib.metadata
import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from cyclonedx.contrib.license.factories import LicenseFactory  # noqa: E402
from cyclonedx.model import (  # noqa: E402
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom  # noqa: E402
from cyclonedx.model.component import Component, ComponentScope, ComponentType  # noqa: E402
from cyclonedx.model.license import License, LicenseExpression  # noqa: E402
from cyclonedx.output.json import JsonV1Dot6  # noqa: E402
from cyclonedx.schema import SchemaVersion  # noqa: E402
from cyclonedx.validation.json import JsonStrictValidator  # noqa: E402
from packageurl import PackageURL  # noqa: E402
from packaging.utils import canonicalize_name  # noqa: E402

from backends.catalogue import joined_sha256, weight_files  # noqa: E402
from backends.known import BACKENDS, Backend  # noqa: E402
from schemas.version import VERSION  # noqa: E402
from tools.pins import hashes, needs, pins, requirements  # noqa: E402

# What Mentor runs on, and what extras add. Tools for development are in no installation.
REQUIRED = "requirements.txt"
EXTRAS = ("requirements-train.txt", "requirements-gcp.txt", "requirements-aws.txt")
_ROOMS = ("backends", "body", "models")
_LONGEST_LICENCE = 100
# Words of metadata that stand for one licence, by SPDX's names.
_SPDX = {
    "Apache 2.0": "Apache-2.0", "Apache License 2.0": "Apache-2.0", "Apache 2.0 License": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0", "MIT License": "MIT", "MIT license": "MIT",
    "3-Clause BSD License": "BSD-3-Clause", "BSD 3-Clause License": "BSD-3-Clause", "PSFL": "PSF-2.0",
    "Boost Software License": "BSL-1.0", "ISC License": "ISC",
}  # fmt: skip
# Said in a file beside the package and not in its metadata.
_STATED_ELSEWHERE = {"smplx": "non-commercial scientific research (Max Planck)"}
_CLASSIFIER = "License :: "


def main() -> int:
    """Write the file that the command line names; returns 0."""
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(sbom(), encoding="utf-8")
    print(target)
    return 0


def sbom() -> str:
    """Return the bill of materials as JSON, checked against CycloneDX's schema.

    Raises:
        BadInputError: if weights are not there, or not the pinned ones.
        ValueError: if it does not hold what the schema asks for.
    """
    root = Component(name="mentor", version=VERSION, type=ComponentType.APPLICATION, bom_ref="mentor")
    libraries = {component.name: component for component in _libraries()}
    models = [(backend, _model(backend)) for backend in BACKENDS if backend.expected_sha256]
    bom = Bom(components=[*libraries.values(), *(model for _, model in models)])
    bom.metadata.component = root
    direct = {canonicalize_name(r.name) for r in requirements(ROOT / "requirements.in")}
    needed = [libraries[name] for name in sorted(direct)]
    ours = [model for backend, model in models if _carriers(backend) == {""}]
    bom.register_dependency(root, [*needed, *ours])
    for name, component in libraries.items():
        carried = [model for backend, model in models if name in _carriers(backend)]
        bom.register_dependency(component, [*_needed(name, libraries), *carried])
    return _checked(bom)


def _libraries() -> Iterator[Component]:
    for file in (REQUIRED, *EXTRAS):
        listed = hashes(file)
        for name, version in pins(file).items():
            purl = PackageURL("pypi", name=name, version=version)
            files = ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION,
                url=XsUri(purl.to_string()),
                comment="every file of the release, for whichever platform",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in listed[name]],
            )
            yield Component(
                name=name,
                version=version,
                type=ComponentType.LIBRARY,
                bom_ref=purl.to_string(),
                purl=purl,
                scope=ComponentScope.REQUIRED if file == REQUIRED else ComponentScope.OPTIONAL,
                licenses=_licences(name),
                external_references=[files],
                properties=[Property(name="mentor:pinned-in", value=file), *_notes(name)],
            )


def _notes(name: str) -> Iterator[Property]:
    """Yield what Mentor knows of a package's licences beyond its metadata, as of programs inside."""
    for backend in BACKENDS:
        if backend.packages[0] == name and not backend.expected_sha256:
            yield Property(name="mentor:licences", value=backend.licence)


def _licences(name: str) -> list[License]:
    """Return what an installed package's metadata state: an expression, a name, or else classifiers."""
    try:
        about = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return []
    stated = str(about.get("License-Expression") or about.get("License") or "").strip()
    stated = _STATED_ELSEWHERE.get(name, stated)
    if stated and stated != "UNKNOWN" and len(stated) <= _LONGEST_LICENCE and "\n" not in stated:
        return [_licence(stated)]
    classifiers = [str(c) for c in about.get_all("Classifier") or [] if str(c).startswith(_CLASSIFIER)]
    made = [_licence(c.rsplit(" :: ", 1)[-1]) for c in sorted(set(classifiers))]
    return [one for one in made if not isinstance(one, LicenseExpression)]


def _licence(stated: str) -> License:
    return LicenseFactory().make_from_string(_SPDX.get(stated, stated))


def _needed(name: str, libraries: dict[str, Component]) -> list[Component]:
    try:
        names = sorted({canonicalize_name(requirement.name) for requirement in needs(name)})
    except importlib.metadata.PackageNotFoundError:
        return []
    return [libraries[other] for other in names if other in libraries and other != name]


def _model(backend: Backend) -> Component:
    """Return a model with the files of its weights."""
    files = weight_files(backend.name)
    parts = [
        Component(
            name=path,
            type=ComponentType.FILE,
            bom_ref=f"model:{backend.name}/{module}/{path}",
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=joined_sha256([file]))],
        )
        for (module, path), file in zip(backend.weights, files, strict=True)
    ]
    shipped = _carriers(backend) == {""}
    return Component(
        name=backend.name,
        version=VERSION if shipped else importlib.metadata.version(backend.packages[0]),
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"model:{backend.name}",
        description=backend.purpose,
        licenses=[_licence(backend.licence)],
        hashes=parts[0].hashes if len(parts) == 1 else (),
        components=parts,
        properties=[
            Property(name="mentor:ships", value="in Mentor" if shipped else "in a package"),
            # As `doctor` shows it: of the files' bytes one after the other, in this order.
            Property(name="mentor:sha256-of-all-files", value=backend.expected_sha256 or ""),
        ],
    )


def _carriers(backend: Backend) -> set[str]:
    """Return the packages that a model's weights lie in; "" is Mentor."""
    return {"" if module in _ROOMS else canonicalize_name(module) for module, _ in backend.weights}


def _checked(bom: Bom) -> str:
    """Return the JSON without what differs from one time to the next: time, serial number."""
    plain = json.loads(JsonV1Dot6(bom).output_as_string())
    del plain["metadata"]["timestamp"], plain["serialNumber"]
    text = json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if (fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)) is not None:
        raise ValueError(f"the bill of materials is not as CycloneDX 1.6 wants it: {fault}")
    return text


if __name__ == "__main__":
    sys.exit(main())
