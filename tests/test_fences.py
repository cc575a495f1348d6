"""The contracts between packages: kept by the code, and refused where something breaks them."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = Path(sys.executable).parent / "lint-imports"
pytestmark = pytest.mark.xdist_group("imports")  # which are looked up once

# What is planted: in which module, what it says, and the chain that the report must name.
PLANTED = {
    "a computing package draws": (
        "costs/ranks.py",
        "from lora_viz.figures import rank_cost",
        "lora_viz.costs.ranks -> lora_viz.figures.rank_cost",
    ),
    "a figure knows a page": (
        "figures/memory_bars.py",
        "from lora_viz.ui.memory import words",
        "lora_viz.figures.memory_bars -> lora_viz.ui.memory.words",
    ),
    "the command line knows a page": (
        "cli/reports.py",
        "from lora_viz.ui.kit import page",
        "lora_viz.cli.reports -> lora_viz.ui.kit.page",
    ),
    "a computing package knows Streamlit": (
        "memory/fit.py",
        "import streamlit",
        "lora_viz.memory.fit -> streamlit",
    ),
    "a figure knows Streamlit": (
        "figures/start_idea.py",
        "import streamlit",
        "lora_viz.figures.start_idea -> streamlit",
    ),
    "a computing package knows Plotly": (
        "training/update/rebuild.py",
        "import plotly.graph_objects",
        "lora_viz.training.update.rebuild -> plotly",
    ),
    "a page loads torch": (
        "ui/memory/words.py",
        "import torch",
        "lora_viz.ui.memory.words -> torch",
    ),
    "a page loads transformers through what it imports": (
        "machine/cards.py",
        "from lora_viz.models import meta",
        "-> lora_viz.machine.cards -> lora_viz.models.meta -> transformers",
    ),
    "a job loads torch before its first event": (
        "training/jobs/record.py",
        "from lora_viz.training.work import trainer",
        "lora_viz.training.jobs.record -> lora_viz.training.work.trainer -> torch",
    ),
    "packages import each other": (
        "models/catalogue.py",
        "from lora_viz.adapter import layout",
        "lora_viz.models",
    ),
    "a page starts a process": (
        "ui/planner/search.py",
        "import subprocess",
        "lora_viz.ui.planner.search -> subprocess",
    ),
    "a computing package starts a process": (
        "memory/simulate.py",
        "import multiprocessing",
        "lora_viz.memory.simulate -> multiprocessing",
    ),
    "a figure knows a report": (
        "figures/memory_curve.py",
        "from lora_viz.report import making",
        "lora_viz.figures.memory_curve -> lora_viz.report.making",
    ),
    "words know a report": (
        "figures/wording/needs.py",
        "from lora_viz.report import facts",
        "lora_viz.figures.wording.needs -> lora_viz.report.facts",
    ),
    "a report knows a page": (
        "report/making.py",
        "from lora_viz.ui.session import state",
        "lora_viz.report.making -> lora_viz.ui.session.state",
    ),
    "a report knows Streamlit": (
        "report/html.py",
        "import streamlit",
        "lora_viz.report.html -> streamlit",
    ),
    "a report loads torch": (
        "report/facts.py",
        "import torch",
        "lora_viz.report.facts -> torch",
    ),
    "a page makes slides": (
        "ui/take_home/place.py",
        "import pptx",
        "lora_viz.ui.take_home.place -> pptx",
    ),
    "a report but for its PDF starts a process": (
        "report/powerpoint.py",
        "import subprocess",
        "lora_viz.report.powerpoint -> subprocess",
    ),
    "a new package stands on no floor": ("loose/__init__.py", "", "lora_viz.loose"),
}
# An import inside a function is made in a worker: this must not be refused.
MEANT = (
    "costs/one_layer.py",
    "def read_in_a_worker():\n    from lora_viz.models import meta\n    return meta",
)


def test_import_contracts_are_kept() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the package with everything planted in it."""
    copy = tmp_path_factory.mktemp("planted")
    shutil.copytree(
        ROOT / "lora_viz",
        copy / "lora_viz",
        ignore=shutil.ignore_patterns("data", "static", "locale", "*_assets", "__pycache__"),
    )
    shutil.copy(ROOT / "pyproject.toml", copy)
    (copy / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/import_contracts.py", copy / "scripts")
    for module, line, _chain in (*PLANTED.values(), (*MEANT, "")):
        file = copy / "lora_viz" / module
        file.parent.mkdir(exist_ok=True)
        with file.open("a", encoding="utf-8") as out:
            out.write(f"\n{line}\n")
    done = _lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("violation", PLANTED)
def test_a_planted_violation_is_refused(violation: str, refusals: str) -> None:
    _module, _line, chain = PLANTED[violation]
    assert chain in refusals


def test_an_import_inside_a_function_is_meant(refusals: str) -> None:
    assert "lora_viz.costs.one_layer" not in refusals


def _lint(where: Path) -> subprocess.CompletedProcess[str]:
    """import-linter on the package that stands in `where`, in lines long enough for any chain."""
    return subprocess.run(
        [LINT, "--no-cache"],
        cwd=where,
        env={**os.environ, "PYTHONPATH": str(where), "COLUMNS": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_pages_import_what_is_drawn_and_no_library_but_streamlit() -> None:
    """`pages/` and `app.py` are no package, so import-linter does not see them."""
    allowed = {"lora_viz", "streamlit", "starlette", *sys.stdlib_module_names}
    for file in (ROOT / "app.py", *(ROOT / "pages").rglob("*.py")):
        foreign = _imported_by(file) - allowed
        assert not foreign, f"{file.relative_to(ROOT)} imports {foreign}"
        assert not _imported_by(file) & {"subprocess", "multiprocessing"}, file


def _imported_by(file: Path) -> set[str]:
    """The top-level packages that a file imports, in functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_nothing_starts_a_process_by_other_means() -> None:
    """What the contract about processes cannot see, since it stands in modules that all may use."""
    other_means = {"system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp", "startfile"}
    for file in (ROOT / "lora_viz").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Attribute):
                called = ast.unparse(node)
                assert not (called.startswith("os.") and node.attr in other_means), (file, called)
            names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else ()
            assert "ProcessPoolExecutor" not in names, file
