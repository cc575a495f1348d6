"""The planner: its grid against the simulated steps; search, costs and time with a plain model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.machine.cards import cards
from lora_viz.machine.gpus_here import GPUReading, MachineReading
from lora_viz.memory.ask import simulate_step
from lora_viz.memory.fit import verdict
from lora_viz.memory.report import CUDA_CONTEXT_BYTES, MemoryReport
from lora_viz.questions import kept as answers
from lora_viz.questions.ask_for import step_of
from lora_viz.questions.question import Question
from lora_viz.ui.session.view import View
from lora_viz.ui.this_machine import words as machine_words
from tests.application import charts, opened

SMALL: dict[str, Any] = {"batch_size": 2, "seq_len": 64, "planned-methods": "lora"}
SIGNS = {"fits": "✓", "tight": "~", "too_large": "✗"}
BYTES_A_TOKEN = 1_000_000


def open_page(**settings: Any) -> AppTest:
    app = opened("planner", **(SMALL | settings))
    assert not app.error
    return app


def grid(app: AppTest) -> tuple[list[str], list[list[str]]]:
    """The names of the rows without what marks them, and the text of every cell."""
    spec = charts(app)[0]
    names = [name.split(" · ")[0] for name in spec["layout"]["yaxis"]["ticktext"]]
    return [name.replace("<b>▸ ", "") for name in names], spec["data"][0]["text"]


def words_of(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.main.markdown, *app.main.caption))


@pytest.fixture
def plain_steps(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every step takes a million bytes a token, and what was asked is listed."""
    ask, asked = answers.ask, []
    kept: dict[str, MemoryReport] = {}

    def report(settings: dict[str, Any]) -> MemoryReport:
        tokens = settings["batch_size"] * settings["seq_len"]
        low = BYTES_A_TOKEN * tokens
        return replace(real, reserved_low=low, peak_allocated=low, reserved_high=low, flops=tokens)

    def known(question: Question[Any]) -> Any:
        if question.function is not simulate_step or question == first:
            return remembered(question)
        return kept.get(question.key)

    def plain(question: Question[Any]) -> Any:
        if question.function is not simulate_step:
            return ask(question)
        asked.append(question.arguments[1])
        return kept.setdefault(question.key, report(question.arguments[1]))

    first = step_of(Scenario(batch_size=1, seq_len=16))
    real = ask(first)
    remembered = answers.known
    monkeypatch.setattr(answers, "known", known)
    monkeypatch.setattr(answers, "ask", plain)
    return asked


def test_every_cell_is_the_verdict_of_its_own_simulated_step() -> None:
    app = open_page(gpu_memory_gb=1.2)
    names, cells = grid(app)
    assert names[0] == "1.2 GB" and set(names[1:]) == set(cards()) and len(names) >= 21
    shown = set()
    for name, (text,) in zip(names, cells, strict=True):
        own_size: dict[str, Any] = {"gpu_memory_gb": 1.2} if name == "1.2 GB" else {"gpu": name}
        scenario = Scenario(batch_size=2, seq_len=64, **own_size)
        report = answers.ask(step_of(scenario))
        found = verdict(report, scenario.card.memory_bytes)
        assert SIGNS[found] in text
        assert float(text.split()[-1]) == pytest.approx(report.needs.total / 1e9, rel=0.006)
        shown.add(found)
    assert "fits" in shown


def test_targets_that_another_planned_model_lacks_are_named(
    plain_steps: list[dict[str, Any]],
) -> None:
    """Models with the same usual targets share the scenario's: OPT has fc1, Llama has not."""
    targets = "q_proj,fc1,nowhere"
    app = open_page(model="opt-125m", targets=targets, planned_models="tinyllama-1.1b")
    own, others = (one.value for one in app.warning)
    assert own.startswith("No layer matches “nowhere”, so") and "fc2" in own
    assert others.startswith("TinyLlama-1.1B: No layer matches “fc1”, “nowhere”, so")
    assert "up" in others and plain_steps


def test_the_card_that_nvml_finds_is_a_row(
    monkeypatch: pytest.MonkeyPatch, plain_steps: list[dict[str, Any]]
) -> None:
    here = GPUReading(0, "NVIDIA X", 10**9, 0, 10**9, None, None, None)
    monkeypatch.setattr(machine_words, "read_gpus", lambda: MachineReading((here,)))
    machine_words.reading_now.clear()
    names, cells = grid(open_page())
    machine_words.reading_now.clear()
    assert names[0] == "here: NVIDIA X" and "✓" in cells[0][0]
    assert len(plain_steps) == 3  # one for each class of compute capability


def test_the_cheapest_card_is_the_lowest_launch_price_that_fits(
    plain_steps: list[dict[str, Any]],
) -> None:
    tokens = 11_000_000_000 // BYTES_A_TOKEN // 64  # 11 GB and the CUDA context
    app = open_page(batch_size=tokens)
    fitting = [
        card.launch_price_usd
        for card in cards().values()
        if card.memory_bytes > 11.6e9 and card.launch_price_usd is not None
    ]
    assert f">${min(fitting):,}<" in words_of(app) and min(fitting) > 299
    assert plain_steps


def test_the_search_is_asked_for_and_finds_what_the_card_has_room_for(
    plain_steps: list[dict[str, Any]],
) -> None:
    app = open_page(gpu_memory_gb=2)
    assert "Largest batch" not in words_of(app)
    app.button(key="search-largest").click().run()
    room = 2_000_000_000 - CUDA_CONTEXT_BYTES
    words = words_of(app)
    assert f"Largest batch at 64 tokens: **{room // (64 * BYTES_A_TOKEN)}** (more" in words
    assert f"Longest sequence at batch 2: **{room // (2 * BYTES_A_TOKEN)}** (more" in words
    asked = len(plain_steps)
    app.run()  # what has been found is shown again, and nothing is asked twice
    assert "Largest batch" in words_of(app) and len(plain_steps) == asked


def test_a_sequence_ends_with_the_models_context(plain_steps: list[dict[str, Any]]) -> None:
    app = open_page(gpu="B200")
    app.button(key="search-largest").click().run()
    assert "**1,024** (the model's context ends there, not the card)" in words_of(app)
    assert plain_steps


def test_each_setting_is_changed_alone_and_its_difference_shown(
    plain_steps: list[dict[str, Any]],
) -> None:
    app = open_page()
    app.button(key="simulate-costs").click().run()
    tables = [table.value for table in app.dataframe if "Change" in table.value.columns]
    costs = tables[0].set_index("Change")["Difference (B)"].to_dict()
    assert costs["Half the batch (1)"] == f"{-64 * BYTES_A_TOKEN:+,}"
    assert costs["Twice the sequence length (128)"] == f"{128 * BYTES_A_TOKEN:+,}"
    assert costs["Twice the rank (16)"] == "+0"
    assert {"Method QLoRA", "Every linear layer as target", "Optimizer sgd"} <= set(costs)
    assert plain_steps


def test_a_measured_step_calibrates_the_estimate(plain_steps: list[dict[str, Any]]) -> None:
    def measure(seconds: float) -> None:
        app.number_input(key="measured-seconds").set_value(seconds)
        (button,) = [b for b in app.button if b.label == "Set the utilisation from my run"]
        button.click().run()

    app = open_page(gpu="RTX 3090", utilisation=0.5)
    assert "at 50.0" in words_of(app)
    tokens = 2 * 64
    peak_rate = (
        35.6e12  # its published float32 rate; a step of `plain_steps` is an operation a token
    )
    measure(tokens / peak_rate / 0.0123)
    assert app.session_state["view"].utilisation == pytest.approx(0.0123)
    app.number_input(key="page:seq_len").set_value(32).run()  # it stands for other scenarios too
    assert "at 1.2" in words_of(app)
    measure(tokens / peak_rate / 100)
    assert [w.value for w in app.warning if "faster than RTX 3090" in w.value]
    assert app.session_state["view"].utilisation == pytest.approx(0.0123)
    assert plain_steps


def test_stopped_work_is_gone_on_with(
    monkeypatch: pytest.MonkeyPatch, plain_steps: list[dict[str, Any]]
) -> None:
    app = open_page()
    assert len(plain_steps) == 3

    def nothing_is_known(*_arguments: Any) -> None:
        return None

    monkeypatch.setattr(answers, "known", nothing_is_known)
    app.session_state["stopped:planner-grid"] = True  # as the button's click does
    app.run()
    assert len(plain_steps) == 3 and not any(text for (text,) in grid(app)[1])
    app.button(key="go-on:planner-grid").click().run()
    assert len(plain_steps) == 6 and all(text for (text,) in grid(app)[1])


def test_a_column_without_an_answer_says_why_and_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, plain_steps: list[dict[str, Any]]
) -> None:
    ask = answers.ask

    def without_qlora(question: Question[Any]) -> Any:
        if question.function is simulate_step and question.arguments[1]["method"] == "qlora":
            raise UserError("No QLoRA today.")
        return ask(question)

    monkeypatch.setattr(answers, "ask", without_qlora)
    app = open_page(planned_methods="lora,qlora")
    assert [w.value for w in app.warning] == ["GPT-2 small · QLoRA r=8: No QLoRA today."]
    _names, cells = grid(app)
    assert all(lora and not qlora for lora, qlora in cells)
    assert plain_steps


def test_a_wrong_list_in_a_link_is_named_and_left_out() -> None:
    for query in ({"planned-ranks": "8,9999"}, {"planned-methods": "magic"}):
        view, complaints = View.from_query(query)
        assert view == View() and len(complaints) == 1
    view, complaints = View.from_query({"planned-ranks": "8, 64", "planned-models": "t5-base"})
    assert (view.planned_ranks, view.planned_models, complaints) == ((8, 64), ("t5-base",), [])
    assert View.from_query(view.to_query())[0] == view
