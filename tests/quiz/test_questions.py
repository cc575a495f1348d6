"""Whatever the scenario: one answer is right, no two look alike, and another scenario asks anew."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest

from lora_viz.choices.scenario import Scenario
from lora_viz.machine.cards import cards
from lora_viz.memory.measured_runs import accuracies
from lora_viz.questions import ask_for, kept
from lora_viz.quiz import published, runs, steps
from lora_viz.quiz.asking import to_choose, to_drag
from lora_viz.quiz.facts import KnownFacts, KnownRun
from lora_viz.quiz.of_pages import MOST, OF_PAGES, predictions_for
from lora_viz.quiz.prediction import Prediction
from lora_viz.training.runs.shipped import RECORDED, shipped_runs
from lora_viz.training.sweeps.findings import read_sweep, recorded_sweep
from lora_viz.ui.page_list import PAGES

MODEL = "custom:2x32x2x300x64"
SHIPPED = tuple(
    KnownRun(name, run.settings, result)
    for name, run in shipped_runs().items()
    if (result := run.result())
)
BY_STEP = ("memory", "planner", "failed_run")


def random_facts(random: Random) -> KnownFacts:
    """All facts of a random scenario of a small model, but for simulated steps."""
    scenario = Scenario.make(
        {
            "model": MODEL,
            "method": random.choice(["full", "lora", "qlora"]),
            "rank": random.choice([1, 2, 8, 16, 300, 700, 1024]),
            "alpha": random.choice([1, 16, 2048]),
            "rslora": random.random() < 0.5,
            "dora": random.random() < 0.5,
            "bias": random.choice(["none", "all"]),
            "batch_size": random.choice([1, 3, 64]),
            "seq_len": random.choice([1, 64]),
            "gradient_accumulation": random.choice([1, 5]),
            "base_dtype": random.choice(["float32", "bfloat16"]),
            "optimizer": random.choice(["adamw", "sgd"]),
            "gpu": random.choice(list(cards())),
        }
    )
    architecture = kept.compute(ask_for.architecture_of(scenario))
    saved = kept.compute(ask_for.model_files_of(scenario))
    sweep = recorded_sweep("style")
    return KnownFacts(
        scenario,
        counts_frozen=random.random() < 0.5,
        architecture=architecture,
        layout=kept.compute(ask_for.adapter_of(scenario)),
        layer=random.choice(architecture.linear_layers()),
        model_bytes=sum(file.bytes for file in saved),
        optimizer=kept.compute(ask_for.optimizer_of(scenario.changed(method="lora"))),
        runs=SHIPPED,
        sweep=tuple(read_sweep(sweep)) if sweep else (),
        accuracies=tuple(accuracies()),
        verdicts=("exact", "contradicted", "exact"),
        told=(2.66, 9.08),
    )


@pytest.mark.parametrize("number", range(40))
def test_one_answer_is_right_and_no_two_look_alike(number: int) -> None:
    facts = random_facts(Random(number))
    for page in OF_PAGES:
        asked = predictions_for(page, facts)
        assert page in BY_STEP or 1 <= len(asked) <= MOST, page
        for one in asked:
            assert str(one.text).endswith("?") and str(one.reason).endswith("."), one.name
            json.dumps(one.text.as_data())
            if one.whole is None:
                shown = [one.shown(place) for place in range(len(one.alternatives))]
                right = [one.is_right(place) for place in range(len(shown))]
                assert len(set(shown)) == len(shown) >= 2 and sum(right) == 1, (one.name, shown)
                assert shown[right.index(True)] == one.shown_right
            else:
                assert 0 <= one.right_number <= one.whole, one.name
                assert one.is_right(one.right_number)
                far = one.right_number + one.whole / 10
                assert not one.is_right(far), one.name


def test_every_page_has_questions_of_its_own() -> None:
    assert set(OF_PAGES) == {page.name for page in PAGES}
    makers = [make for makers in OF_PAGES.values() for make in makers]
    assert len(set(makers)) == len(makers)
    assert all(len(makers) >= 2 for makers in OF_PAGES.values())


def test_what_is_not_known_is_not_asked() -> None:
    facts = KnownFacts(Scenario())
    with_numbers = [page for page in OF_PAGES if predictions_for(page, facts)]
    assert with_numbers == [
        "forward_pass",
        "compare",
        "this_machine",
        "glossary",
        "trust",
    ]


def test_another_scenario_is_another_question() -> None:
    facts = random_facts(Random(3))
    facts = replace(facts, scenario=facts.scenario.changed(rank=8, method="lora"))
    other = replace(facts, scenario=facts.scenario.changed(rank=16))
    again = replace(facts, scenario=facts.scenario.changed(language="ko"))
    follows = [page.name for page in PAGES if page.is_about_model and page.name not in BY_STEP]
    of_runs = ("training_lab", "training_process")
    for page in follows:
        keys, others, same = (
            {one.name: one.key for one in predictions_for(page, some)}
            for some in (facts, other, again)
        )
        assert keys == same
        if page not in of_runs:
            changed = [name for name in keys if others.get(name) != keys[name]]
            assert changed, page


def test_answers_about_shipped_runs_are_what_their_folders_hold() -> None:
    facts = KnownFacts(Scenario(), runs=SHIPPED)
    lora, full = (
        json.loads((RECORDED / name / "result.json").read_text("utf-8"))
        for name in ("lora", "full")
    )
    files = sorted((RECORDED / "lora").rglob("adapter_model.safetensors"))
    asked = {one.name: one for page in OF_PAGES for one in predictions_for(page, facts)}
    assert asked["file-of-run"].right == lora["files"]["adapter"]
    assert all(asked["file-of-run"].right == file.stat().st_size for file in files)
    assert asked["loss-of-run"].right == lora["held_out"]["after"]["loss"]
    assert asked["perplexity-of-run"].right == pytest.approx(
        lora["held_out"]["after"]["perplexity"]
    )
    assert asked["with-adapter-off"].right == 0.0
    assert asked["rank-of-update"].right == lora["checks"][2]["measured"] == 8
    assert asked["files-of-two-runs"].whole == full["files"]["model"]
    lower = min(
        ("~lora", lora), ("~full", full), key=lambda one: one[1]["held_out"]["after"]["loss"]
    )
    assert asked["lower-loss"].shown_right == lower[0]


def test_a_step_s_answers_are_its_report_s() -> None:
    scenario = Scenario.make({"model": MODEL, "seq_len": 16, "batch_size": 1})
    report = kept.compute(ask_for.step_of(scenario))
    by_card = dict.fromkeys((7.0, 8.0, 9.0), report)
    facts = KnownFacts(scenario, steps={"lora": report}, card_steps=by_card)
    needed, smallest = predictions_for("planner", facts)
    trained, largest = predictions_for("memory", facts)
    assert needed.right == report.peak_allocated + report.needs.reserved_beyond + 500 * 2**20
    assert smallest.right == min(card.memory_bytes for card in cards().values())
    parts = report.breakdown
    assert trained.whole == report.peak_allocated == sum(parts.values())
    assert trained.right == parts["adapter"] + parts["optimizer"] + parts.get("gradients", 0)
    assert largest.shown_right == str(steps.KIND_NAMES[max(parts, key=lambda kind: parts[kind])])


def test_published_numbers() -> None:
    facts = KnownFacts(Scenario(), told=(2.66, 9.08))
    told = runs.perplexity_of_the_explainer(facts)
    card = published.memory_of_card(facts)
    assert told and card
    assert told.shown_right == "14.3" and card.right == 8 * 2**30
    assert published.memory_of_card(KnownFacts(Scenario(gpu_memory_gb=24.0))) is None


def test_a_choice_without_another_answer_is_none() -> None:
    words = published.mistakes.AS_BEFORE
    assert to_choose("a", words, "bytes", 1000, ((1001, words), (1000.2, words)), words) is None
    assert to_drag("a", words, "bytes", 11, 10, words) is None
    assert to_drag("a", words, "bytes", 0, 0, words) is None


def test_a_bar_is_right_within_a_twentieth() -> None:
    asked = to_drag(
        "a", published.mistakes.AS_BEFORE, "number", 40, 100, published.mistakes.AS_BEFORE
    )
    assert isinstance(asked, Prediction)
    assert [asked.is_right(given) for given in (34.9, 35, 45, 45.1)] == [False, True, True, False]
