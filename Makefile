# blendtorch: the two commands are `make demo` and `make test`; `make help` lists the rest.
#
# Downloads and builds live in the user's cache folder, so that a second clone is quick.

ifneq ($(BLENDTORCH_CACHE),)
CACHE := $(BLENDTORCH_CACHE)
else ifneq ($(XDG_CACHE_HOME),)
CACHE := $(XDG_CACHE_HOME)/blendtorch
else ifneq ($(HOME),)
CACHE := $(HOME)/.cache/blendtorch
else
CACHE := $(shell getent passwd "$$(id -u)" | cut -d: -f6)/.cache/blendtorch
endif

export BLENDTORCH_CACHE := $(CACHE)
export CARGO_TARGET_DIR ?= $(CACHE)/target
export PYTHON ?= python3.11
export PIP_ROOT_USER_ACTION := ignore

TOOLS := $(CACHE)/tools
VENV := $(CACHE)/python
LIBTORCH_DIR := $(CACHE)/libtorch-2.13.0-cpu
WHEELS := $(CARGO_TARGET_DIR)/wheels
# A path that is the same for all checkouts: with another one, torch's glue is compiled anew.
ifeq ($(LIBTORCH)$(LIBTORCH_USE_PYTORCH),)
export LIBTORCH := $(LIBTORCH_DIR)
OUR_LIBTORCH := yes
endif
# `make peers` makes them, and what tests run Cleo in; `make bench` measures beside them where they are.
VISIONSIM := $(CACHE)/peers/visionsim
CLEO := $(CACHE)/peers/cleo
BESIDE_VISIONSIM := $(if $(wildcard $(VISIONSIM)/blendtorch-requirements),--visionsim $(VISIONSIM))
BESIDE_CLEO := $(if $(wildcard $(CLEO)/blendtorch-requirements),--cleo $(CLEO)/bin/python --ffmpeg $$(command -v ffmpeg || echo $(CACHE)/ffmpeg-*/ffmpeg))
# Seconds of training in the demo.
SECONDS ?= 60

# The room whose tests `make test` runs, as docs/testing.md lists them; without one it runs all.
ROOM ?=
CARGO_TESTS := $(if $(ROOM),--manifest-path $(ROOM)/Cargo.toml,--workspace)
ifneq ($(ROOM),)
ifeq ($(wildcard $(ROOM)/Cargo.toml),)
$(error there is no room '$(ROOM)'; docs/testing.md lists them)
endif
endif
PYTHON_TESTS := $(if $(ROOM),$(if $(wildcard tests/$(ROOM)/*.py),tests/$(ROOM)),tests)
CARGO_AS_MATURIN := scripts/as-maturin.sh $(CARGO_TARGET_DIR) cargo
# A process for each core, but no more than memory has room for: each has Blenders of its own. Who has
# no test left takes from the others; neighbours stay together, for what a file makes once.
ON_CORES := --numprocesses auto --maxprocesses 4 --dist worksteal

# What is started in the background of a script ignores Ctrl-C, and so would all that tests start,
# whose endings are tested.
DEFAULT_SIGNALS := env --default-signal=INT,HUP

# One target at a time: they share the cache, and cargo uses all cores by itself.
.NOTPARALLEL:
.PHONY: help demo test checked lint bench peers soak chaos scale findings setup python-env system blender-program stand-ins libtorch clean own-build

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: setup ## several Blenders render, and a network learns from them at that moment
	cargo build --release -p blendtorch-examples --features tch --bin train
	$(CARGO_TARGET_DIR)/release/train --launch examples/train/launch.json \
		--out out/demo --seconds $(SECONDS)

test: checked ## every test, Rust and Python, with real Blender; ROOM=btt: those of a room
	$(DEFAULT_SIGNALS) $(CARGO_AS_MATURIN) test $(CARGO_TESTS) --all-features
	$(if $(ROOM),$(DEFAULT_SIGNALS) $(CARGO_AS_MATURIN) test -p blendtorch-tests --test rooms $(ROOM)::)
	$(if $(PYTHON_TESTS),$(DEFAULT_SIGNALS) $(VENV)/bin/python -m pytest $(PYTHON_TESTS) $(ON_CORES) -q)

# All that tests run, compiled once and not optimised as for use. The downloads that only Python
# needs go on meanwhile.
checked: own-build stand-ins blender-program libtorch $(CACHE)/.tools ## what tests run, compiled and laid where they find it
	scripts/beside.sh "scripts/venv.sh $(VENV) scripts/requirements/python.txt && \
		scripts/venv.sh $(CLEO) scripts/requirements/peers-cleo.txt" \
		"scripts/wheel.sh $(TOOLS) $(WHEELS)/checked --profile dev --features built-with-tests && \
		$(CARGO_AS_MATURIN) build --workspace --all-features --all-targets"
	$(CARGO_TARGET_DIR)/debug/blendtorch setup --wheel $(WHEELS)/checked/*.whl
	$(CARGO_TARGET_DIR)/debug/blendtorch setup --video
	scripts/install-wheel.sh $(VENV) $(WHEELS)/checked/*.whl
	@echo "The blendtorch in Blender and in $(VENV) is the tests' own now: checked, and slower." \
		"\`make setup python-env\` brings back the fast one."

lint: own-build libtorch $(CACHE)/.tools ## formatting, clippy, documentation, ruff, mypy
	$(PYTHON) scripts/rooms.py
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps --quiet
	$(TOOLS)/bin/ruff format --check .
	$(TOOLS)/bin/ruff check .
	$(TOOLS)/bin/mypy

bench: setup python-env ## throughput, latency, memory beside the original's way: out/bench.json, out/bench.png; networks of neurons beside C: out/neurons; networks as scenes: out/networks; surfaces drawn by ourselves: out/solid.json; EEVEE without a GPU: out/eevee.json; how many instances: out/instances.json
	cargo build --release -p blendtorch-benches
	$(CARGO_TARGET_DIR)/release/bench --python $(VENV)/bin/python --out out $(BESIDE_VISIONSIM)
	$(CARGO_TARGET_DIR)/release/neurons --out out/neurons
	$(CARGO_TARGET_DIR)/release/networks --out out/networks
	$(if $(BESIDE_CLEO),scripts/install-wheel.sh $(CLEO) $(WHEELS)/fast/*.whl)
	$(VENV)/bin/python benches/networks.py --out out/networks/scenes.json $(BESIDE_CLEO)
	$(VENV)/bin/python benches/solid.py --out out/solid.json
	$(VENV)/bin/python benches/eevee.py --out out/eevee.json
	$(VENV)/bin/python benches/instances.py --out out/instances.json

peers: setup python-env ## us beside the original's way, libzmq and other Blenders, added to docs/peers.md; PEERS="--help" says more
	cargo build --release -p blendtorch-benches
	scripts/peers.sh $(PEERS)

soak: setup ## what tests do, for longer; the demo's Blenders a hundred times, on busy cores; SOAK="--help" says more
	BLENDTORCH_LIVES=250 $(DEFAULT_SIGNALS) cargo test -p blendtorch-transport --test lives
	cargo build --release -p blendtorch-examples --bin minimal
	scripts/soak.sh $(SOAK)

# A check and no bench: it fails where a goal is missed.
chaos: setup python-env ## kill -9 of producers, Blenders, launchers and trainers, counted: out/chaos.json, out/chaos.png; CHAOS="--quick" is a minute
	cargo build --release -p blendtorch-benches --bin chaos
	$(DEFAULT_SIGNALS) $(CARGO_TARGET_DIR)/release/chaos --python $(VENV)/bin/python --out out $(CHAOS)

scale: own-build system ## how far a fleet's head goes, over hosts that are simulated: out/scale.json; SCALE="--help" says more
	cargo build --release -p blendtorch-benches --bin scale
	$(CARGO_TARGET_DIR)/release/scale --out out $(SCALE)

setup: own-build system libtorch $(CACHE)/.tools ## the managed Blender, our package and libtorch, in the cache folder
	cargo build --release -p blendtorch-launcher -p blendtorch-cli
	$(CARGO_TARGET_DIR)/release/blendtorch setup \
		--wheel "$$(scripts/wheel.sh $(TOOLS) $(WHEELS)/fast --release)"

# torch for Python is 2.7 GB: only what needs it asks for it.
python-env: $(CACHE)/.tools
	scripts/venv.sh $(VENV) scripts/requirements/python.txt
	scripts/install-wheel.sh $(VENV) $(WHEELS)/fast/*.whl

# Every checkout of this user builds in one folder.
own-build:
	@scripts/own-build.sh $(CARGO_TARGET_DIR)

system:
	@scripts/system.sh

# A second Blender, for tests alone: what else runs takes the managed one.
blender-program: system
	@scripts/blender-deb.sh

# In the tests, network namespaces stand for hosts, a virtual display for one, and for a cluster's
# Slurm one that they start themselves.
stand-ins:
	@scripts/system.sh iproute2 xvfb
	@scripts/slurm-deb.sh

# LIBTORCH or LIBTORCH_USE_PYTORCH in the environment win.
libtorch: system
ifdef OUR_LIBTORCH
	@scripts/libtorch.sh $(LIBTORCH_DIR)
	@ln -sfn $(LIBTORCH_DIR) .libtorch
endif

.PHONY: $(CACHE)/.tools
$(CACHE)/.tools: system
	@scripts/venv.sh $(TOOLS) scripts/requirements/tools.txt

findings: ## what surprised us in other people's software, seen again (fetches packages)
	@failed=; for finding in findings/*.sh; do \
		echo "$$finding"; sh "$$finding" || failed="$$failed $$finding"; done; \
	test -z "$$failed" || { echo "not as it was:$$failed" >&2; exit 1; }

clean: ## what this clone made; the cache folder stays
	rm -rf out target
