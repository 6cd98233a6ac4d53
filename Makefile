# Mentor: `make demo` curates the recordings of demo/media, `make test` runs the tests. `make help` lists the rest.
#
# Variables: PYTHON (a Python 3.11), VENV (where packages go), OUT (where the demo's results go),
# DATA (the folder `make bench` measures), HASHES (no: packages of an index whose files are others than PyPI's),
# SECONDS (of the processor that `make fuzz` spends on each target).

PYTHON ?= $(shell for p in python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
OUT ?= out/demo
# By what right the demo makes people talk: written into the records of its videos. The signer looks young, and
# nobody declares an age: that this is an adult, in a company's office and with its badge, is said here.
RIGHT := recordings published under CC BY 4.0 (demo/media/ATTRIBUTION.md), shown here as a test
DATA ?=
HASHES ?= yes
SECONDS ?= 60

RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --no-input

# The pins of some files, with the hashes that hashes/ lists of them.
pins = $(foreach file,$(1),-r $(if $(filter no,$(HASHES)),,hashes/)$(file))

# The build of PyTorch that the index prefers, checked (tools/pin_hashes.py says why it does not come with the others).
TORCH := $(VENV)/torch-download
CHECKED_TORCH = $(PIP) download --quiet --no-deps -c requirements.txt --dest $(TORCH) torch && \
	$(PIP) install --quiet --no-deps --no-index --find-links $(TORCH) --require-hashes -r hashes/torch.txt && rm -r $(TORCH)

.PHONY: help demo test lint type bench install install-dev gcp aws audit fuzz hashes sbom
.DELETE_ON_ERROR:

help:
	@echo "make demo              install, curate the recordings of demo/media into $(OUT), train on them, let two people talk"
	@echo "make test              install and run the tests"
	@echo "make lint, make type   ruff; pyright"
	@echo "make bench DATA=DIR    measure speed on the videos of a folder"
	@echo "make gcp, make aws     add what gs:// and Dataflow, or s3://, need"
	@echo "make audit             look up known faults of the pinned packages (asks PyPI)"
	@echo "make sbom              write dist/mentor.cdx.json, the bill of materials"
	@echo "make hashes            write hashes/ anew after a pin has changed (asks the index)"
	@echo "make fuzz              fuzz all that reads files of strangers, SECONDS for each reader"

demo: install
	$(RUN) run_pipeline.py curate --input demo/media/manifest.csv --output "$(OUT)" --config demo/config.yaml
	$(RUN) run_pipeline.py train motion "$(OUT)" --config demo
	$(RUN) run_pipeline.py animate --audio demo/media/s32_sbwe5n.mp4 --reference demo/media/signing_again.mkv \
		--out "$(OUT)/talk/motion.npz" --person-is-adult
	$(RUN) run_pipeline.py train video "$(OUT)" --config demo
	$(RUN) run_pipeline.py generate --audio demo/media/s32_sbwe5n.mp4 --image demo/media/signing_again.mkv \
		--out "$(OUT)/talk/signer.mp4" --i-have-consent "$(RIGHT)" --person-is-adult
	$(RUN) run_pipeline.py generate --audio demo/media/s32_sbwe5n.mp4 --image demo/media/s4_sgbc3n.mp4 \
		--motion-model "$(OUT)/models/motion/motion.safetensors" \
		--video-model "$(OUT)/models/video/video.safetensors" \
		--out "$(OUT)/talk/talker.mp4" --i-have-consent "$(RIGHT)"

# Two processes of one thread each; a file's tests share what they made.
test: install-dev
	OMP_NUM_THREADS=1 $(RUN) -m pytest -n 2 --dist loadfile

lint: install-dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

type: install-dev
	$(RUN) -m pyright --pythonpath $(RUN)

bench: install
	@test -n "$(DATA)" || { echo "make bench: say which videos, e.g. make bench DATA=/path/to/videos" >&2; exit 2; }
	$(RUN) benchmarks/curate.py --data "$(DATA)"

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

# --no-deps: requirements.txt names every package, and mediapipe and rapidocr must not bring their own OpenCV.
# The second step does nothing for a CPU build of torch; for a CUDA build it adds the NVIDIA libraries.
$(VENV)/.installed: requirements.txt requirements-train.txt hashes/requirements.txt hashes/requirements-train.txt hashes/torch.txt
	@test -n "$(PYTHON)" || { echo "Mentor needs Python 3.11 (make PYTHON=/path/to/python3.11)" >&2; exit 2; }
	"$(PYTHON)" -m venv $(VENV)
	$(if $(filter no,$(HASHES)),,$(CHECKED_TORCH))
	$(PIP) install --quiet --no-deps $(call pins,requirements.txt requirements-train.txt)
	$(PIP) install --quiet -c requirements.txt torch
	@touch $@

# gs:// and s3:// are tested against servers on this machine.
TESTED := requirements-dev.txt requirements-gcp.txt requirements-aws.txt
$(VENV)/.installed-dev: $(VENV)/.installed $(TESTED) $(addprefix hashes/,$(TESTED))
	$(PIP) install --quiet --no-deps $(call pins,$(TESTED))
	@touch $@

gcp aws: install
	$(PIP) install --quiet --no-deps $(call pins,requirements-$@.txt)

audit: install-dev
	$(PIP) install --quiet --no-deps $(call pins,requirements-audit.txt)
	$(RUN) -m pip_audit --strict --require-hashes --disable-pip \
		$(foreach file,$(wildcard hashes/*.txt),-r $(file))

sbom: install-dev gcp aws
	$(RUN) tools/write_sbom.py dist/mentor.cdx.json

# Without hashes: a pin that has changed has none yet.
hashes: install
	$(PIP) install --quiet --no-deps -r requirements-audit.txt
	$(RUN) tools/pin_hashes.py

fuzz: install-dev
	$(PIP) install --quiet --no-deps $(call pins,requirements-fuzz.txt)
	$(RUN) -m tools.fuzz --seconds $(SECONDS)
