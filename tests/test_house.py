"""The house: few rooms and floors, no circles, one meaning for a name, and papers that are true."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import grimp
import pytest

import lora_viz
from lora_viz.choices.scenario import Scenario
from lora_viz.cli.app import main
from lora_viz.machine.cards import cards
from lora_viz.models.catalogue import catalogue
from scripts.import_contracts import remove_inner_imports

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lora_viz"
PACKAGES = sorted(file.parent for file in PACKAGE.rglob("__init__.py"))
MOST_IN_THE_ROOT, MOST_IN_A_FOLDER, MOST_FLOORS = 8, 15, 11
# a package whose packages are rooms of their own
DIVIDED = ("memory", "training", "explainer")


def modules_of(package: Path) -> list[str]:
    """The names of a folder's modules, without its face."""
    return sorted(file.stem for file in package.glob("*.py") if file.stem != "__init__")


def test_no_folder_has_too_many_modules() -> None:
    for package in PACKAGES:
        most = MOST_IN_THE_ROOT if package == PACKAGE else MOST_IN_A_FOLDER
        if package.name != "figures":
            assert len(modules_of(package)) <= most, package


@cache
def imports() -> tuple[tuple[str, str], ...]:
    """Who imports whom at once, within the package."""
    graph = grimp.build_graph("lora_viz", cache_dir=None)
    remove_inner_imports(graph)
    return tuple(
        (importer, imported)
        for importer in sorted(graph.modules)
        for imported in sorted(graph.find_modules_directly_imported_by(importer))
    )


def room(module: str) -> str:
    """The package that a module stands in, or the module itself in the package's root."""
    _root, *names = module.split(".")
    is_divided = len(names) > 1 and names[0] in DIVIDED and (PACKAGE / "/".join(names[:2])).is_dir()
    return ".".join(names[: 2 if is_divided else 1])


def floors(arrows: set[tuple[str, str]]) -> int:
    """How many stand above one another at most. Fails where some stand in a circle."""
    below = defaultdict(set)
    for upper, lower in arrows:
        below[upper].add(lower)

    def height(one: str, above: tuple[str, ...] = ()) -> int:
        assert one not in above, f"a circle: {' -> '.join((*above, one))}"
        return known.get(one) or known.setdefault(
            one, 1 + max((height(lower, (*above, one)) for lower in below[one]), default=0)
        )

    known: dict[str, int] = {}
    return max(map(height, list(below)))


@pytest.mark.xdist_group("imports")
def test_no_modules_import_each_other() -> None:
    assert floors(set(imports()))


@pytest.mark.xdist_group("imports")
def test_packages_stand_on_few_floors() -> None:
    arrows = {(room(upper), room(lower)) for upper, lower in imports()}
    packages = {folder.name for folder in PACKAGES if folder.parent == PACKAGE}
    between = {(upper.split(".")[0], lower.split(".")[0]) for upper, lower in arrows}
    between = {pair for pair in between if len({*pair} & packages) == 2}
    assert floors(between) <= MOST_FLOORS


def public_names() -> Iterator[tuple[str, str]]:
    """The name and the module of each class and function that a module defines for others."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, str(file.relative_to(PACKAGE).with_suffix(""))


# What each page says has the same name on all of them.
SAME_ON_EVERY_PAGE = {
    "formula", "table", "why", "sources", "key_number", "story", "findings", "problem", "rows",
}  # fmt: skip
# One meaning in two places: said of two kinds of thing, each in the words of its own subject.
OF_TWO_KINDS = {
    "main": "what `python -m` runs",
    "work": "a job's work, and a sweep's",
    "start": "workers, a run, a sweep",
    "stop": "workers, a run",
    "encode": "into text, and back: links, answers, tokens",
    "decode": "out of text",
    "prune": "the command and what it does",
    "described": "a drawing's words for screen readers, and a layer's in a list",
    "shortened": "a text that is too long, and a target's name",
    "read": "a kept thing, and the address",
    "compare": "measured runs with simulated ones, and scenarios",
    "number": "a widget, and LaTeX: `controls.number`, `latex.number`",
    "owner_of": "whose a run is, and whose a field is",
    "note_use": "of a kept thing, and of an upload, which is one",
    "toggle": "a target, and a widget",
    "adapt": "with PEFT: a model without weights, and one that is trained",
    "page": "the page of a name",
    "step_of": "the question about a step, and its answer on a page",
    "answer": "an answer for the page, and that of a job's question to itself",
    "places": "of jobs in their queue, and of a page's parts",
    "known_step": "a simulated step that is kept, and one for each cell of the grid",
    "memory": "a command's report, and a page's part about it",
    "magnification": "of bars that would be too short, of files and of parameters",
}
# Classes that mean two things: a reader tells them apart by their package, never by their name.
TOLD_APART_BY_PACKAGE = {
    "Block", "Box", "Card", "Event", "Moment", "Part", "Recorder", "Segment", "Steps", "Verdict",
}  # fmt: skip


def test_a_public_name_means_one_thing() -> None:
    places = defaultdict(set)
    for name, module in public_names():
        places[name].add(module)
    twice = {name for name, modules in places.items() if len(modules) > 1}
    allowed = SAME_ON_EVERY_PAGE | set(OF_TWO_KINDS) | TOLD_APART_BY_PACKAGE
    assert not twice - allowed, {name: sorted(places[name]) for name in twice - allowed}


@pytest.mark.parametrize("package", PACKAGES[1:], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_package_s_face_names_its_modules(package: Path) -> None:
    face = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    inner = [folder.name for folder in PACKAGES if folder.parent == package]
    missing = {
        name
        for name in (*modules_of(package), *inner)
        if name != "__main__" and not re.search(rf"\b{re.escape(name)}\b", face)
    }
    assert not missing, f"{package.relative_to(ROOT)} does not name {sorted(missing)}"


def test_the_architecture_names_every_package_and_nothing_that_is_gone() -> None:
    words = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for package in PACKAGES[1:]:
        assert f"`{package.relative_to(PACKAGE)}/`" in words, f"no word about {package}"
    for module in modules_of(PACKAGE):
        assert module.startswith("__") or f"`{module}.py`" in words, f"no word about {module}"
    for name in re.findall(r"`((?:[a-z_]+/)*[a-z_]+(?:\.py|/))`", words):
        known = (ROOT / name, PACKAGE / name, *PACKAGE.rglob(name.rstrip("/")))
        assert any(place.exists() for place in known), f"ARCHITECTURE.md names {name}"


def test_the_counts_in_the_readme_are_those_of_the_data() -> None:
    words = (ROOT / "README.md").read_text("utf-8")
    assert f"{len(catalogue())} in the catalogue" in words
    assert f"{len(catalogue())} models in the catalogue" in (ROOT / "CHANGELOG.md").read_text(
        "utf-8"
    )
    assert f"{len(cards())} cards" in words


def test_the_command_has_a_name() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    module, _colon, function = scripts["lora-viz"].partition(":")
    assert getattr(import_module(module), function) is main


def test_the_command_s_help_says_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["__main__.py", "count", "--help"])
    with pytest.raises(SystemExit, match="0"):
        main()
    assert capsys.readouterr().out.startswith("Usage: lora-viz count")


def test_pandas_is_named_where_the_application_s_needs_are() -> None:
    needs = (ROOT / "requirements.txt").read_text("utf-8")
    for library in ("pandas", "plotly", "streamlit", "torch", "transformers", "peft"):
        assert re.search(rf"^{library}==", needs, re.MULTILINE), library


def test_the_version_stands_once() -> None:
    assert Scenario() and lora_viz.__version__ in (ROOT / "CHANGELOG.md").read_text("utf-8")
