"""The layer map after a press that asks for new targets: at 12 blocks, at 126, and in between."""

from __future__ import annotations

import os
from time import perf_counter

from benchmarks._tables import print_table, ratio, seconds
from lora_viz.choices.scenario import Scenario
from lora_viz.figures.layer_map.picture import MapSettings, layer_map_svg
from lora_viz.layer_map.tree import build_layer_tree
from lora_viz.questions import workers
from lora_viz.questions.ask_for import adapter_of, architecture_of
from lora_viz.questions.kept import compute
from lora_viz.questions.question import Question

MODELS = ("gpt2", "bert-base", "t5-base", "mixtral-8x7b", "llama-3.1-405b")
TARGETS = ("all-linear",)
SETTINGS = MapSettings(rank=8, batch_size=1, seq_len=128)
WIDTH = 632  # pixels
REPETITIONS = 5


def run() -> None:
    """Measure and print the table."""
    workers.wait_for(workers.submit(Question(os.getpid)))
    times = {model: [_press(model) for _ in range(REPETITIONS)] for model in MODELS}
    workers.stop()
    rows = []
    for model, of_model in times.items():
        asked, drawn, blocks = zip(*of_model, strict=True)
        baseline = [sum(one[:2]) for one in times[MODELS[0]]]
        whole = [sum(one[:2]) for one in of_model]
        rows.append((model, str(blocks[0]), seconds(asked), seconds(drawn), ratio(whole, baseline)))
    print_table(
        f"A press on the layer map that asks PEFT about new targets ({REPETITIONS} presses each), "
        f"without the browser.\nThe layers are known then, and the worker has torch loaded.",
        ("Model", "blocks", "PEFT's answer", "map drawn", f"× {MODELS[0]}"),
        rows,
    )


def _press(model: str) -> tuple[float, float, int]:
    """Seconds until PEFT has answered, seconds to draw its answer, and the model's blocks."""
    architecture = compute(architecture_of(model))
    start = perf_counter()
    asked = workers.submit(adapter_of(Scenario(model=model, target_modules=TARGETS)))
    layout = workers.wait_for(asked)
    answered = perf_counter()
    tree = build_layer_tree(architecture, layout)
    layer_map_svg(tree, architecture.blocks[0], SETTINGS, WIDTH)
    return answered - start, perf_counter() - answered, len(architecture.blocks)
