"""Curves hold what was recorded, fit both places, and keep zooms; runs are told apart."""

from __future__ import annotations

import math

from lora_viz.figures.compare_runs_curves import MOST_RUNS, curve_titles, run_comparison
from lora_viz.figures.training_lab_curves import training_curves
from lora_viz.training.runs.curves import MOST_POINTS, Curve, read_curves
from lora_viz.training.runs.events import EvaluationEvent, Event, MemoryReading, StepEvent

STEPS = 40


def recorded_events(steps: int = STEPS) -> list[Event]:
    """A few steps with an evaluation before the first and after the last."""
    events: list[Event] = [evaluation(0, 5.0)]
    for step in range(1, steps + 1):
        events.append(
            StepEvent(
                step=step,
                steps=steps,
                epoch=step / steps,
                loss=5 - step / steps,
                gradient_norm=0.5,
                learning_rate=0.01 * (1 - step / steps),
                tokens_per_second=1000.0,
                seconds_left=float(steps - step),
                memory=MemoryReading(resident=2**20 * (100 + step)),
            )
        )
    return [*events, evaluation(steps, 4.0)]


def evaluation(step: int, loss: float) -> EvaluationEvent:
    """An evaluation of the held-out part."""
    perplexity = math.exp(loss)
    return EvaluationEvent(step=step, part="held_out", loss=loss, perplexity=perplexity, tokens=100)


def test_the_panels_hold_what_was_recorded() -> None:
    figures = training_curves(read_curves(recorded_events()), STEPS, "a run")
    for figure in figures.values():
        loss, held_out, perplexity, gradient, rate, memory = figure.to_dict()["data"]
        assert list(loss["y"])[-1] == 4.0 and len(loss["x"]) == STEPS
        assert list(held_out["y"]) == [5.0, 4.0] and list(held_out["x"]) == [0, STEPS]
        assert [round(value, 3) for value in perplexity["y"]] == [148.413, 54.598]
        assert set(gradient["y"]) == {0.5} and rate["y"][-1] == 0.0
        assert memory["y"][0] == 101  # MiB
        words = " ".join(note["text"] for note in figure.to_dict()["layout"]["annotations"])
        assert "nats per token" in words and "MiB" in words


def test_the_axis_of_steps_is_whole_from_the_first_step_and_keeps_zooms() -> None:
    early = training_curves(read_curves(recorded_events()[:3]), STEPS, "a run")["wide"].to_dict()
    late = training_curves(read_curves(recorded_events()), STEPS, "a run")["wide"].to_dict()
    for axis in ("xaxis", "xaxis2", "xaxis5"):
        assert early["layout"][axis]["range"] == late["layout"][axis]["range"]
        assert early["layout"][axis]["uirevision"] == "a run"
    assert early["layout"]["xaxis"]["range"][1] >= STEPS


def test_a_panel_without_a_value_has_no_axis_and_says_so() -> None:
    layout = training_curves(read_curves([evaluation(0, 5.0)]), STEPS, "a run")["wide"].to_dict()[
        "layout"
    ]
    words = [note["text"] for note in layout["annotations"]]
    assert sum("no step yet" in text for text in words) == 3
    assert {name for name in layout if name.startswith("yaxis")} == {"yaxis", "yaxis2"}


def test_panels_do_not_overlap() -> None:
    for figure in training_curves(read_curves(recorded_events()), STEPS, "a run").values():
        layout = figure.to_dict()["layout"]
        numbers = ("", "2", "3", "4", "5")
        boxes = [(layout[f"xaxis{n}"]["domain"], layout[f"yaxis{n}"]["domain"]) for n in numbers]
        for index, (across, up) in enumerate(boxes):
            for other_across, other_up in boxes[index + 1 :]:
                assert not (_overlap(across, other_across) and _overlap(up, other_up))


def test_long_curves_are_thinned_but_keep_their_ends() -> None:
    whole = Curve(list(range(12_345)), [float(step) for step in range(12_345)])
    thin = whole.thinned()
    assert len(thin.steps) == MOST_POINTS and len(set(thin.steps)) == MOST_POINTS
    assert (thin.steps[0], thin.steps[-1]) == (0, 12_344)
    assert thin.values == [float(step) for step in thin.steps]


def test_runs_are_told_apart_by_colour_and_by_name() -> None:
    curves = {f"run-{number}": Curve([0, 1], [2.0, 1.0]) for number in range(MOST_RUNS)}
    for kind in curve_titles():
        figure = run_comparison(curves, kind)["wide"].to_dict()
        assert len({trace["line"]["color"] for trace in figure["data"]}) == MOST_RUNS
        words = " ".join(note["text"] for note in figure["layout"]["annotations"])
        assert all(name in words for name in curves)
        assert figure["layout"]["yaxis"]["title"]["text"] == curve_titles()[kind]


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
