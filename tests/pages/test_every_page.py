"""Every page opens for the catalogue's models, and for links and uploads that are wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.i18n import set_language
from lora_viz.models.catalogue import catalogue
from lora_viz.ui.page_list import PAGES, Page
from tests.application import file_of, opened

ABOUT = ("What “the explainer” is", "“설명서”란")
MANY_STEPS = 3  # simulated ones; a page that asks for more has tests of its own with fewer
AFFORDABLE = [page for page in PAGES if page.steps <= MANY_STEPS]


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    set_language("en")


# simulated steps take seconds; one model of each kind of architecture has them here
SIMULATED = {"gpt2", "llama-3.2-1b", "mixtral-8x7b", "t5-base", "bert-base", "gemma-2-2b"}


def look_at(app: AppTest, page: Page) -> None:
    """Turn to a page, on which nothing goes wrong."""
    app.switch_page(str(page.file)).run()
    assert not app.exception, f"{page.name}: {app.exception[0].value}"
    assert not app.error, f"{page.name}: {app.error[0].value}"
    assert_explainer_is_introduced(app, page)


def assert_explainer_is_introduced(app: AppTest, page: Page) -> None:
    """A page that speaks of the explainer, or points at a section of it, says what it is."""
    (box,) = [one for one in app.main.expander if one.label in ABOUT] or [None]
    inside = {one.value for one in box.markdown} if box else set()
    words = {one.value for one in (*app.main.markdown, *app.main.caption)} - inside
    if any(re.search("explainer|our project|설명서", one) for one in words):
        assert box, page.name
    assert bool(box) == page.speaks_of_explainer


# the other models of a kind differ in their sizes; all pages have them from the same answers
COUNTING = ("parameters", "layer_map", "checkpoints")
FIRST_OF_THEIR_KIND = {
    entry.config["model_type"]: key for key, entry in reversed(catalogue().items())
}.values()


@pytest.mark.parametrize("model", catalogue())
def test_every_page_opens_for_every_kind_of_model_and_those_that_count_for_each(model: str) -> None:
    app = opened(model=model)
    for page in AFFORDABLE:
        if model not in FIRST_OF_THEIR_KIND and page.name not in COUNTING:
            continue
        if page.steps and model not in SIMULATED:
            continue
        if not page.is_about_model and model != "gpt2":
            continue
        look_at(app, page)
        assert [title.value for title in app.title] == [page.headline]


@pytest.mark.parametrize(
    "query",
    [
        {"method": "full"},
        {"method": "qlora", "rslora": "1", "dora": "1"},
        {"bias": "all", "base_dtype": "bfloat16", "adapter_dtype": "float16"},
        {"rank": "1"},
        {"rank": "1024"},
        {"targets": "all-linear"},
        {"targets": "wte,lm_head"},
        {"targets": r".*attn\.c_attn"},
        {"optimizer": "sgd", "lang": "ko"},
        {"model": "custom:2x64x2x300x64"},
    ],
    ids=str,
)
def test_every_page_opens_for_every_kind_of_setting(query: dict[str, str]) -> None:
    set_language(query.get("lang", "en"))  # AppTest names options outside of the app's own thread
    app = opened(**query)
    for page in AFFORDABLE:
        look_at(app, page)


@pytest.mark.parametrize("page", [page.name for page in PAGES if page.is_about_model])
def test_every_page_explains_a_model_that_cannot_be_read(page: str) -> None:
    app = opened(page, model="no-such-model")
    assert not app.exception
    assert [message.value for message in app.error] == [
        "“no-such-model” is not a model: use a name of the catalogue, a hub id such as "
        "openai-community/gpt2, a folder or a config.json."
    ]


def test_a_wrong_value_in_a_link_gives_one_message_and_the_default() -> None:
    app = opened(rank="5000", alpha="32")
    (message,) = app.warning
    assert "Rank r cannot be “5000”" in message.value and "1 to 1,024" in message.value
    assert app.session_state["scenario"].rank == 8
    assert app.session_state["scenario"].alpha == 32
    assert not app.run().warning


def messages(app: AppTest) -> list[str]:
    """What the page warns of, or says in place of its numbers."""
    return [unescape(one.value.replace("\\", "")) for one in (*app.warning, *app.error)]


def test_a_target_in_vain_is_named_on_every_page_with_a_number_of_the_adapter() -> None:
    app = opened(
        model="tiny-gpt2",
        targets="c_attn,nothing_like_it",
        seq_len="16",
        batch_size="1",
        planned_methods="lora",
    )
    for page in PAGES:
        app.switch_page(str(page.file)).run()
        named = [one for one in messages(app) if "nothing_like_it" in one]
        # Compare begins with the scenario by each method, two of them with an adapter
        assert len(named) == (2 if page.name == "compare" else page.is_about_model), page.name
        assert all("“nothing_like_it”" in one and "attn.c_attn" in one for one in named)
    app.switch_page(file_of("parameters")).run()
    set_language("ko")
    app.segmented_control(key="sidebar:language").set_value("ko").run()
    (korean,) = [one for one in messages(app) if "nothing_like_it" in one]
    assert "No layer" not in korean


def test_targets_that_all_match_nothing_are_refused_on_every_page() -> None:
    app = opened(model="tiny-gpt2", targets="nothing_like_it", seq_len="16", planned_methods="lora")
    for page in PAGES:
        app.switch_page(str(page.file)).run()
        refusals = [one for one in messages(app) if "No layer matches" in one]
        assert bool(refusals) == (page.is_about_model or page.name == "compare"), page.name
        assert all("nothing_like_it" in one and "attn.c_attn" in one for one in refusals)
        if page.name == "training_lab":
            assert app.button(key="start-training").disabled


def test_every_linear_layer_replaces_names_and_a_name_replaces_it() -> None:
    app = opened("parameters", model="mistral-7b", rank="64")
    sidebar, on_page = (f"{place}:target_modules" for place in ("sidebar", "page"))

    def used() -> tuple[str, ...]:
        shown = {tuple(app.multiselect(key=key).value) for key in (sidebar, on_page)}
        assert shown == {app.session_state["scenario"].target_modules}
        return shown.pop()

    assert used() == ("q_proj", "v_proj")
    app.multiselect(key=sidebar).select("all-linear").run()
    assert used() == ("all-linear",)
    assert "167,772,160" in " ".join(one.value for one in app.markdown)
    app.multiselect(key=on_page).select("mlp.up_proj").run()
    assert used() == ("mlp.up_proj",)
    app.multiselect(key=on_page).select("all-linear").run()
    assert used() == ("all-linear",)


def test_a_list_that_is_cleared_says_what_is_used() -> None:
    app = opened("parameters")
    app.multiselect(key="sidebar:target_modules").set_value([]).run()
    assert messages(app) == [
        "Target modules: at least one is needed, so yours stay: c_attn, attn.c_proj."
    ]
    assert app.multiselect(key="sidebar:target_modules").value == ["c_attn", "attn.c_proj"]
    app.multiselect(key="page:target_modules").set_value(["mlp.c_fc"]).run()
    set_language("ko")
    app.segmented_control(key="sidebar:language").set_value("ko").run()
    app.multiselect(key="page:target_modules").set_value([]).run()
    (korean,) = messages(app)
    assert korean.endswith("mlp.c_fc.") and "at least" not in korean
    assert app.multiselect(key="page:target_modules").value == ["mlp.c_fc"]


def test_values_survive_moving_between_pages() -> None:
    app = opened()
    app.number_input(key="sidebar:rank").set_value(32).run()
    for page in AFFORDABLE:
        look_at(app, page)
        assert app.session_state["scenario"].rank == 32
        assert app.number_input(key="sidebar:rank").value == 32


def test_another_model_in_the_sidebar_brings_its_targets() -> None:
    app = opened()
    app.selectbox(key="sidebar:model").select("llama-3.2-1b").run()
    assert app.session_state["scenario"].target_modules == ("q_proj", "v_proj")
    assert not app.error
