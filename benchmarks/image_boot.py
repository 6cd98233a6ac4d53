#!/opt/mentor/bin/python
"""Stands in for Beam's boot program, by its contract: s.apache.org/beam-fn-api-container-contract.

As a pool it starts Beam's own, which starts this program anew for each worker. As a worker it asks the runner
what to do, fetches what was staged, and starts Beam's harness with the variables that it reads.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import grpc
from apache_beam.portability import common_urns
from apache_beam.portability.api import (
    beam_artifact_api_pb2,
    beam_artifact_api_pb2_grpc,
    beam_provision_api_pb2,
    beam_provision_api_pb2_grpc,
    beam_runner_api_pb2,
    endpoints_pb2,
)
from google.protobuf import json_format

_BOOT = "/opt/apache/beam/boot"


def main() -> int:
    """Be a pool or a worker; returns the exit code of what was started."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--worker_pool", action="store_true")
    parser.add_argument("--semi_persist_dir", default="/tmp")  # noqa: S108 - as Beam's
    for name in ("id", "provision_endpoint", "control_endpoint", "logging_endpoint", "artifact_endpoint"):
        parser.add_argument(f"--{name}", default="")
    flags = parser.parse_args()
    if flags.worker_pool:
        os.environ["BEAM_PYTHON_WORKER_POOL_ID"] = str(os.getpid())
        pool = "apache_beam.runners.worker.worker_pool_main"
        return _python(pool, "--service_port=50000", f"--container_executable={_BOOT}")
    if not flags.id or not flags.provision_endpoint:
        print("no id or no provision endpoint", file=sys.stderr)
        return 1
    if "RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT" not in os.environ:
        print("Beam's would make an environment in /opt/apache/beam-venv, without Mentor", file=sys.stderr)
        return 1
    return _worker(flags)


def _worker(flags: argparse.Namespace) -> int:
    metadata = [("worker_id", flags.id)]
    with grpc.insecure_channel(flags.provision_endpoint) as channel:
        provision = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        asked = beam_provision_api_pb2.GetProvisionInfoRequest()
        info = provision.GetProvisionInfo(asked, metadata=metadata).info
    control = info.control_endpoint.url or flags.control_endpoint
    logging = info.logging_endpoint.url or flags.logging_endpoint
    staged = Path(flags.semi_persist_dir) / "staged"
    files = _fetch(info, info.artifact_endpoint.url or flags.artifact_endpoint, metadata, staged)
    print(f"{flags.id}: staged {files or 'nothing'}", file=sys.stderr)
    if set(files) - {"submission_environment_dependencies.txt", "pickled_main_session"}:
        print("Beam's would install these with pip; this one does not", file=sys.stderr)
        return 1
    os.environ |= {
        "WORKER_ID": flags.id,
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "SEMI_PERSISTENT_DIRECTORY": flags.semi_persist_dir,
        "LOGGING_API_SERVICE_DESCRIPTOR": str(endpoints_pb2.ApiServiceDescriptor(url=logging)),
        "CONTROL_API_SERVICE_DESCRIPTOR": str(endpoints_pb2.ApiServiceDescriptor(url=control)),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }
    if info.status_endpoint.url:
        os.environ["STATUS_API_SERVICE_DESCRIPTOR"] = str(info.status_endpoint)
    return _python("apache_beam.runners.worker.sdk_worker_main")


def _fetch(
    info: beam_provision_api_pb2.ProvisionInfo, address: str, metadata: list[tuple[str, str]], folder: Path
) -> list[str]:
    """Fetch what was staged for the job into a folder; returns the files' names."""
    names: list[str] = []
    with grpc.insecure_channel(address) as channel:
        artefacts = beam_artifact_api_pb2_grpc.ArtifactRetrievalServiceStub(channel)
        asked = beam_artifact_api_pb2.ResolveArtifactsRequest(artifacts=info.dependencies)
        for artefact in artefacts.ResolveArtifacts(asked, metadata=metadata).replacements:
            if artefact.role_urn == common_urns.artifact_roles.STAGING_TO.urn:
                role = beam_runner_api_pb2.ArtifactStagingToRolePayload.FromString(artefact.role_payload)
                name = role.staged_name
            else:
                name = hashlib.sha256(artefact.type_payload).hexdigest()
            folder.mkdir(parents=True, exist_ok=True)
            wanted = beam_artifact_api_pb2.GetArtifactRequest(artifact=artefact)
            chunks = artefacts.GetArtifact(wanted, metadata=metadata)
            (folder / Path(name).name).write_bytes(b"".join(chunk.data for chunk in chunks))
            names.append(name)
    return names


def _python(module: str, *arguments: str) -> int:
    return subprocess.run(["python", "-m", module, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
