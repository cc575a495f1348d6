"""One list says which pages there are; what else names them agrees with it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from lora_viz.ui.page_list import FOLDER, PAGES, SECTIONS, Page
from lora_viz.ui.page_list import page as page_of

ROOT = Path(__file__).parents[1]
WITHOUT_PICTURE = {"glossary", "this_machine", "trust"}
BESIDE_TESTS = [*(ROOT / "benchmarks").glob("*.py"), *(ROOT / "scripts").glob("*.py")]


def test_every_page_is_one_file_and_one_entry() -> None:
    assert sorted(FOLDER.rglob("*.py")) == sorted(page.file for page in PAGES)
    assert {page.section for page in PAGES} == set(SECTIONS)
    assert (
        len({page.address for page in PAGES}) == len({page.title for page in PAGES}) == len(PAGES)
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_asks_for_its_own_headline_and_areas(page: Page) -> None:
    tree = ast.parse(page.file.read_text(encoding="utf-8"))
    of_page = {
        node.func.attr: node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and getattr(node.func.value, "id", "") == "page"
    }
    name = of_page["headline"].args[0]
    assert isinstance(name, ast.Constant) and name.value == page.name
    assert ("areas" in of_page) == (page.name not in WITHOUT_PICTURE)
    assert page.answers.endswith("?")


# the pages about the explainer's sections, from §1 to §9 and its summary
IN_ITS_ORDER = [
    "full_or_lora", "decomposition", "forward_pass", "layer_map", "parameters", "rank",
    "training_process", "memory", "checkpoints", "summary",
]  # fmt: skip


def test_the_next_page_leads_through_all_pages_in_the_explainers_order() -> None:
    way = [PAGES[0]]
    while (following := page_of(way[-1].next.name)) not in way:
        way.append(following)
    assert following is PAGES[0]
    assert len(way) == len(PAGES)
    assert [one.name for one in way if one.name in IN_ITS_ORDER] == IN_ITS_ORDER


def test_the_readme_names_every_page_in_order() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.split("| page | what it shows |", 1)[1].split("\n\n", 1)[0]
    first_column = re.findall(r"^\| ([^|-][^|]*) \|", table, re.MULTILINE)
    named = [title for cell in first_column for title in cell.split(", ")]
    assert named == [page.title for page in PAGES]


@pytest.mark.parametrize("file", BESIDE_TESTS, ids=lambda file: file.stem)
def test_benchmarks_and_scripts_stand_without_the_tests(file: Path) -> None:
    assert not re.search(r"^\s*(from|import) tests\b", file.read_text("utf-8"), re.MULTILINE)
