"""The tours that ship: what they name is there, and their numbers are the application's."""

from __future__ import annotations

import re

import pytest

from lora_viz.i18n import DEFAULT_LANGUAGE
from lora_viz.questions import kept
from lora_viz.questions.question import Answer, Question
from lora_viz.tours.explainer import EXPLAINER
from lora_viz.tours.facts import NUMBERS, NotKnownYet, is_number, numbers_of
from lora_viz.tours.shelf import SHIPPED
from lora_viz.tours.stakeholders import STAKEHOLDERS
from lora_viz.tours.tour import Stop, Tour
from lora_viz.ui.page_list import PAGES
from lora_viz.ui.session import links
from lora_viz.ui.tour.courses import rules

STOPS = [(tour, stop) for tour in SHIPPED.values() for stop in tour.stops]
# what a tour names as its reader reads it: layers, options, dtypes and other names
NAMES = re.compile(r"GPT-2|bfloat16|4-bit|alpha/r|q_proj|v_proj|up_proj|c_proj|c_attn")


def named(one: object) -> str:
    return one.name if isinstance(one, Tour) else one.page if isinstance(one, Stop) else ""


@pytest.mark.parametrize(("tour", "stop"), STOPS, ids=named)
def test_a_stop_names_what_there_is(tour: Tour, stop: Stop) -> None:
    assert stop.page in {page.name for page in PAGES}
    assert rules().complaint(dict(stop.settings) | dict(stop.tried)) is None
    assert all(one.setting in rules().numeric for one in stop.done)
    assert all(map(is_number, stop.numbers)), stop.numbers
    assert bool(stop.attempt) == bool(stop.tried) == bool(stop.expect)
    assert len(stop.say.in_language(DEFAULT_LANGUAGE)) < 420, tour.name


@pytest.mark.parametrize(("tour", "stop"), STOPS, ids=named)
def test_no_number_is_typed(tour: Tour, stop: Stop) -> None:
    for words in (stop.say, stop.look, stop.attempt, stop.expect):
        text = NAMES.sub("", re.sub(r"%\(\w+\)s", "", words.in_language(DEFAULT_LANGUAGE)))
        assert not re.search(r"\d", text), (tour.name, text)


def light(question: Question[Answer]) -> Answer:
    """Answers but simulated steps, which take long; the page asks for these."""
    if question.weight == "heavy":
        raise NotKnownYet
    return kept.ask(question)


def numbers(stop: Stop, *names: str) -> dict[str, str]:
    scenario = links.read(dict(stop.settings)).scenario
    tried = links.read(dict(stop.settings) | dict(stop.tried)).scenario
    return numbers_of(names or stop.numbers, scenario, tried, light)


def test_every_number_of_the_explainer_s_tour_is_known() -> None:
    heavy = {name for name in NUMBERS if "needs" in name}
    for stop in EXPLAINER.stops:
        unknown = {name for name, value in numbers(stop).items() if value == "…"}
        assert unknown <= heavy, stop.page


def test_numbers_are_those_that_peft_and_the_explainer_give() -> None:
    by_page = {stop.page: stop for stop in EXPLAINER.stops}
    count = numbers(by_page["parameters"], "trained", "total", "explainer_adapter")
    assert count == {"trained": "442,368", "total": "124,439,808", "explainer_adapter": "811,008"}
    layer = numbers(by_page["full_or_lora"], "layer_full", "layer_saved", "layer_saved_with_frozen")
    assert [value.split("\u202f")[0] for value in layer.values()] == ["9.44", "97.92", "72.92"]
    assert numbers(by_page["rank"], "per_block", "tried_per_block") == {
        "per_block": "36,864",
        "tried_per_block": "73,728",
    }
    assert numbers(by_page["training_process"], "computed_perplexity") == {
        "computed_perplexity": "14.30"  # e to the power of 2.66
    }


def test_the_lesson_takes_fifty_minutes_in_the_explainer_s_order() -> None:
    assert EXPLAINER.minutes == 50
    order = [stop.page for stop in EXPLAINER.stops]
    sections = (
        *("full_or_lora", "decomposition", "forward_pass", "layer_map", "parameters"),
        *("rank", "training_process", "memory", "checkpoints", "summary"),
    )
    places = [order.index(page) for page in sections]
    assert places == sorted(places)
    assert len(STAKEHOLDERS.stops) == 6


@pytest.mark.parametrize(
    "answer",
    [
        "W, which LoRA does not train but keeps in memory",  # why is the saving not 98 %?
        "PEFT compares the ends of names",  # why does the explainer count 811,008?
        "A merged model is as fast as the base model",  # does LoRA make the model slower?
        "alpha/r = %(alpha)s/%(rank)s = %(scaling)s scales it",  # what is alpha for?
        "Weights and activations stay",  # why is training memory not 99 % less?
        "all tasks share one base",  # what is stored for each task?
        "measure it on yours",  # which rank should I take?
    ],
)
def test_whoever_only_follows_the_tour_is_told(answer: str) -> None:
    texts = (
        words.in_language(DEFAULT_LANGUAGE)
        for stop in EXPLAINER.stops
        for words in (stop.say, stop.expect)
    )
    assert any(answer in text for text in texts)
