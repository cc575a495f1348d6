"""What a step needs of its card: the same number on every page and on the command line."""

from __future__ import annotations

import pytest

from lora_viz.choices.scenario import Scenario
from lora_viz.cli import reports
from lora_viz.cli.app import _fit_as_text, _memory_as_text
from lora_viz.figures.wording.needs import needs_of
from lora_viz.format import THIN_SPACE, grouped, three_digits
from lora_viz.questions import kept
from lora_viz.questions.ask_for import step_of
from tests.application import charts, file_of, opened

SCENARIO = {"batch_size": 2, "seq_len": 64, "gpu": "RTX 3090", "method": "lora"}
PAGES = ("memory", "planner", "compare", "summary")


@pytest.mark.parametrize("memory_gb", [0.0, 1.05])
def test_one_step_has_one_number_on_every_page_and_on_the_command_line(memory_gb: float) -> None:
    scenario = Scenario.make(SCENARIO | {"gpu_memory_gb": memory_gb})
    report = kept.ask(step_of(scenario))
    kept.ask(step_of(scenario.changed(method="full")))
    words = needs_of(report, scenario.card.memory_bytes)
    app = opened(**SCENARIO, gpu_memory_gb=memory_gb, planned_methods="lora")
    for page in PAGES:
        app.switch_page(file_of(page)).run()
        if page == "compare":
            app.button(key="compare:add").click().run()
        assert not app.exception and not app.error
        shown = [element.value for element in app.main.markdown]
        shown += [table.value.to_csv() for table in app.main.dataframe]
        assert any(words in text for text in shown), page
        if page == "planner":
            data = charts(app)[0]["data"][0]
            cells = [cell for row in data["text"] for cell in row]
            assert any(text.endswith(three_digits(report.needs.total / 1e9)) for text in cells)
            hovers = [hover for row in data["customdata"] for hover in row]
            assert any(words in hover for hover in hovers)
    for answer, text in (
        (reports.memory(scenario), _memory_as_text),
        (reports.fit(scenario), _fit_as_text),
    ):
        assert answer["needs_bytes"] == report.needs.total == sum(answer["needs_parts"].values())
        assert f"needs {grouped(report.needs.total)} B of" in text(answer)
    assert THIN_SPACE in words
