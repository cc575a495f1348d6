# Every target works alone on a fresh clone. Stamp files in .venv say what is already installed.

VENV   := .venv
PYTHON := $(VENV)/bin/python
PIP    := $(PYTHON) -m pip install --quiet --progress-bar off --disable-pip-version-check

.PHONY: app test lint bench

app: $(VENV)/prepared
	$(PYTHON) -m streamlit run app.py

test: $(VENV)/prepared $(VENV)/dev $(VENV)/chromium
	$(PYTHON) -m pytest -n 2 --dist loadgroup

# Apart from `test`, since counting lines doubles the processor time of what is counted.
.PHONY: coverage
coverage: $(VENV)/prepared $(VENV)/dev $(VENV)/chromium
	$(PYTHON) -m pytest -n 2 --dist loadgroup --cov --cov-report=term --cov-report=html:$(VENV)/coverage

lint: $(VENV)/dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m pyright --pythonpath $(PYTHON)
	$(VENV)/bin/lint-imports

bench: $(VENV)/prepared $(VENV)/dev $(VENV)/chromium
	$(PYTHON) -m benchmarks

.PHONY: bench-accuracy
bench-accuracy: $(VENV)/dev
	$(PYTHON) -m benchmarks.accuracy

$(PYTHON):
	python3 -m venv $(VENV)

$(VENV)/app: requirements.txt pyproject.toml | $(PYTHON)
	@echo "Installing what the application needs (several minutes the first time)"
	$(PIP) -r requirements.txt -e .
	@touch $@

$(VENV)/dev: $(VENV)/app
	@echo "Installing what tests and checks need"
	$(PIP) -r requirements.txt -e ".[dev]"
	@touch $@

# The answers of the default scenario, so that the first page needs no wait.
$(VENV)/prepared: $(VENV)/app
	$(PYTHON) -m lora_viz prepare
	@touch $@

$(VENV)/chromium: $(VENV)/dev
	scripts/find_or_install_chromium.sh $(PYTHON)
	@touch $@

.PHONY: translations
translations: $(VENV)/app
	$(PYTHON) -m scripts.extract_messages $(VENV)/lora_viz.pot
	$(VENV)/bin/pybabel -q update -N -D lora_viz \
		-i $(VENV)/lora_viz.pot -d lora_viz/locale --width 100

.PHONY: theme
theme: $(VENV)/app
	$(PYTHON) -m scripts.write_theme
