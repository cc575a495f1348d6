"""The memory page: its bars and its curve against the simulated steps, and what changes them."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.format import THIN_SPACE, grouped, size
from lora_viz.memory.ask import simulate_step
from lora_viz.memory.report import CUDA_CONTEXT_BYTES, MemoryReport
from lora_viz.questions import kept
from lora_viz.questions.ask_for import step_of
from lora_viz.questions.question import Question
from tests.application import charts, opened

SMALL: dict[str, Any] = {"batch_size": 2, "seq_len": 64}
GB = 1e9


def open_page(**settings: Any) -> AppTest:
    """The memory page of a link, with a small batch unless it says otherwise."""
    app = opened("memory", **(SMALL | settings))
    assert not app.error
    return app


def step(**values: Any) -> MemoryReport:
    """The simulated step of a scenario, which the page has asked for as well."""
    scenario = Scenario(**(SMALL | values))
    return kept.ask(step_of(scenario))


def words_of(app: AppTest) -> str:
    """All prose of the page, with plain spaces before units."""
    said = (*app.main.markdown, *app.main.caption)
    return "\n".join(element.value for element in said).replace(THIN_SPACE, " ")


def key_number(app: AppTest) -> str:
    """The number that stands largest."""
    (found,) = [e.value for e in app.main.markdown if "key-number" in e.value]
    return found.split(">")[1].split("<")[0]


def chart(app: AppTest, number: int) -> list[dict[str, Any]]:
    """The traces of the bars (0) or the curve (1)."""
    return charts(app)[number]["data"]


def bar_total(app: AppTest, name: str) -> float:
    """The height of one stacked bar, in bytes."""
    return sum(bar["y"][0] for bar in chart(app, 0) if bar["x"] == [name]) * GB


def test_each_bar_is_as_high_as_what_its_step_needs() -> None:
    app = open_page()
    for name, method in {"Full": "full", "LoRA": "lora", "QLoRA": "qlora"}.items():
        report = step(method=method)
        needs = report.needs
        allocated = sum(report.breakdown.values())
        assert allocated == needs.allocated == report.peak_allocated
        assert needs.total == allocated + needs.reserved_beyond + needs.context
        assert needs.total == report.reserved_high + CUDA_CONTEXT_BYTES
        assert bar_total(app, name) == pytest.approx(needs.total)
    assert bar_total(app, "Full, quoted") == 2.5e9
    assert bar_total(app, "LoRA, quoted") == 1e9
    assert key_number(app) == size(step(method="lora").needs.total)


def test_the_curve_is_the_chosen_methods_step_by_kind() -> None:
    report = step(method="full")
    areas = chart(open_page(method="full"), 1)
    points = [p for p in report.curve if p.phase in ("forward", "backward", "optimizer")]
    heights = [sum(moment) * GB for moment in zip(*(area["y"] for area in areas), strict=True)]
    assert heights == pytest.approx([point.total for point in points])
    assert max(heights) == pytest.approx(report.peak_allocated)
    assert areas[0]["name"] == "Trained weights"


def test_rank_and_batch_change_the_numbers() -> None:
    app = open_page()
    before = bar_total(app, "LoRA"), bar_total(app, "Full"), key_number(app)
    app.select_slider(key="page:rank").set_value(64).run()
    after = bar_total(app, "LoRA"), bar_total(app, "Full"), key_number(app)
    assert after[0] > before[0] and after[1] == before[1] and after[2] != before[2]
    app.slider(key="page:batch_size").set_value(4).run()
    assert bar_total(app, "LoRA") > after[0] and bar_total(app, "Full") > after[1]


def test_the_table_has_the_exact_bytes() -> None:
    table = open_page().dataframe[0].value.set_index("At the peak, unless it says otherwise")
    report = step(method="lora")
    assert table.loc["Logits and loss", "LoRA (B)"] == grouped(report.breakdown["logits"])
    assert table.loc["Peak allocated", "LoRA (B)"] == grouped(report.peak_allocated)
    assert table.loc["Reserved, at most", "LoRA (B)"] == grouped(report.reserved_high)
    assert table.loc["torch", "LoRA (B)"] == report.software["torch"]


def test_smaller_steps_are_simulated_on_demand_and_the_largest_saving_is_first() -> None:
    app = open_page()
    assert "Half the batch" not in words_of(app)
    app.button(key="simulate-smaller-steps").click().run()
    lines = [line for line in words_of(app).splitlines() if line.startswith("- ") and "**−" in line]
    changes = {
        "Gradient checkpointing": {"gradient_checkpointing": True},
        "Half the sequence length (32)": {"seq_len": 32},
        "Half the batch (1)": {"batch_size": 1},
        "Fewer targets (c_attn)": {"target_modules": ("c_attn",)},
    }
    now = step().needs.total
    saved = {words: now - step(**change).needs.total for words, change in changes.items()}
    wanted = sorted(saved.items(), key=lambda item: -item[1])
    assert lines == [f"- {w}: **−{size(s)}**".replace(THIN_SPACE, " ") for w, s in wanted]


def test_a_method_that_cannot_be_simulated_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask = kept.ask

    def without_qlora(question: Question[Any]) -> Any:
        if question.function is simulate_step and question.arguments[1]["method"] == "qlora":
            raise UserError("No QLoRA today.")
        return ask(question)

    monkeypatch.setattr(kept, "ask", without_qlora)
    app = open_page(seq_len=48)
    assert [warning.value for warning in app.warning] == ["QLoRA: No QLoRA today."]
    assert {bar["x"][0] for bar in chart(app, 0)} >= {"Full", "LoRA"}
    assert len(charts(app)) == 2


def test_the_card_decides_whether_it_fits() -> None:
    assert "<b>It fits</b> RTX 3070" in words_of(open_page())
    report = step()
    exactly = open_page(gpu_memory_gb=report.needs.total / GB)
    assert "<b>It fits</b>" in words_of(exactly) and is_below_the_line(exactly, report)
    between = (report.reserved_low + report.reserved_high) / 2 + CUDA_CONTEXT_BYTES
    tight = open_page(gpu_memory_gb=between / GB)
    assert "<b>It is tight</b>" in words_of(tight) and not is_below_the_line(tight, report)
    tight.number_input(key="page:gpu_memory_gb").set_value(0.5).run()
    assert "<b>It does not fit</b> 0.5 GB" in words_of(tight)


def is_below_the_line(app: AppTest, report: MemoryReport) -> bool:
    """Whether the bar of LoRA ends at or below the card's line."""
    layout = charts(app)[0]["layout"]
    (line,) = (shape["y0"] for shape in layout["shapes"])
    assert bar_total(app, "LoRA") == pytest.approx(report.needs.total)
    return report.needs.total <= round(line * GB)


def test_a_sequence_beyond_the_models_context_is_named() -> None:
    assert not open_page().warning
    (warning,) = open_page(seq_len=1025, batch_size=1).warning
    assert "1,025 tokens are more than the 1,024" in warning.value


@pytest.mark.parametrize("page", ["full_or_lora", "checkpoints"])
def test_pages_without_8_bit_moments_say_where_they_are(page: str) -> None:
    app = opened(page, optimizer="adamw_8bit")
    assert not app.error
    notes = [e.value for e in app.main.caption if "Memory page" in e.value]
    assert len(notes) == 1
