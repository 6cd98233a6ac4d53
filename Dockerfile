# Mentor with its models: a Beam worker (Dataflow, worker pools) and the command line in one image.
#
#     docker build --tag IMAGE .
#     docker run --volume "$PWD:/data" IMAGE curate --input /data/videos --output /data/out
#
# Tags say exact versions. Pin them by digest where you build: `docker buildx imagetools inspect NAME` tells it.
# PyPI's PyTorch is the CUDA build. For the one without, name its index: --build-arg PIP_EXTRA_INDEX_URL=...

# Beam's boot program, of the version that requirements.txt pins.
FROM apache/beam_python3.11_sdk:2.77.0 AS beam

FROM python:3.11.11-slim-bookworm AS build
ARG PIP_EXTRA_INDEX_URL=""
ENV PATH=/opt/mentor/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/mentor
WORKDIR /build
# Packages first: they change less often than Mentor.
COPY requirements.txt requirements-gcp.txt requirements-aws.txt requirements-train.txt ./
COPY hashes hashes
RUN pip install --no-cache-dir --no-deps --require-hashes \
    -r hashes/requirements.txt -r hashes/torch.txt -r hashes/requirements-gcp.txt -r hashes/requirements-aws.txt
# Adds the NVIDIA libraries to a CUDA build of PyTorch, and nothing to one for the processor.
RUN pip install --no-cache-dir -c requirements.txt torch
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY body body
COPY media media
COPY backends backends
COPY drawing drawing
COPY lint lint
COPY transforms transforms
COPY models models
COPY pipelines pipelines
COPY reports reports
COPY commands commands
COPY configs configs
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11.11-slim-bookworm
COPY --from=beam /opt/apache/beam /opt/apache/beam
COPY --from=build /opt/mentor /opt/mentor
COPY docker/entry.sh /usr/local/bin/entry.sh
# Beam's boot program would make an environment of its own, in which Mentor is not.
ENV PATH=/opt/mentor/bin:$PATH RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1
RUN useradd --create-home --uid 10001 mentor
USER 10001
WORKDIR /home/mentor
ENTRYPOINT ["/bin/sh", "/usr/local/bin/entry.sh"]
