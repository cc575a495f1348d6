"""Every figure with canned data, to look at one while its drawing is changed.

The numbers are made up, or those of runs that ship: the application never draws from here.
`python -m lora_viz.figures NAME` opens one in a browser.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go

from lora_viz.adapter.layout import AdaptedModule, AdapterLayout, AdapterTensor
from lora_viz.checkpoint.parts import CheckpointSizes, FilePart
from lora_viz.costs.many_tasks import TaskStorage
from lora_viz.costs.one_layer import full_state, lora_state
from lora_viz.explainer.audit.findings import VERDICTS, Finding
from lora_viz.explainer.epochs import TOLD_EPOCHS
from lora_viz.figures import (
    audit_verdicts,
    checkpoints_bars,
    compare_runs_curves,
    decomposition_rebuild,
    decomposition_shapes,
    forward_pass_merged,
    forward_pass_steps,
    full_or_lora_bytes,
    full_or_lora_layers,
    memory_bars,
    memory_curve,
    parameters_bars,
    parameters_block,
    planner_grid,
    quiz_bar,
    rank_cost,
    rank_sweep,
    start_idea,
    summary_bars,
    training_lab_curves,
    training_process_epochs,
    training_process_run,
)
from lora_viz.figures.kit.bars import Segment
from lora_viz.figures.kit.colours import Meaning
from lora_viz.figures.kit.matrices import LayerShape
from lora_viz.figures.kit.svg import SvgDrawing
from lora_viz.figures.layer_map.picture import MapSettings, layer_map_svg
from lora_viz.forward.samples import ForwardPass, TensorName, TensorSample, WorkedOutput
from lora_viz.i18n import Message
from lora_viz.layer_map.tree import build_layer_tree
from lora_viz.models.architecture import Architecture, Layer
from lora_viz.training.runs.curves import read_curves
from lora_viz.training.runs.shipped import recorded_lora_run
from lora_viz.training.runs.story import Moment, Story
from lora_viz.training.sweeps.findings import read_sweep, recorded_sweep, spreads
from lora_viz.training.update.rebuild import Rebuild

Picture = go.Figure | SvgDrawing

SIDE, RANK = 768, 8
FULL, A, B = SIDE * SIDE, SIDE * RANK, SIDE * RANK
PARTS = (FilePart("A", A, 4 * A), FilePart("B", B, 4 * B), FilePart("header", 0, 300))
SHAPE = LayerShape(SIDE, SIDE, RANK)
FULL_LAYER = full_state(SIDE, SIDE, "float32", "adamw")
LORA_LAYER = lora_state(
    SIDE, SIDE, RANK, base_dtype="float32", adapter_dtype="float32", optimizer="adamw"
)
GB = 10**9
MEMORY = [
    memory_bars.Piece("weights", "frozen", "Frozen weights", 5 * GB),
    memory_bars.Piece("activations", "activations", "Activations", 2 * GB),
]


def _verdicts() -> go.Figure:
    words = Message("a claim"), Message("why")
    findings = [Finding("1", words[0], 1, "", 1, verdict, words[1]) for verdict in VERDICTS]
    return audit_verdicts.verdict_bar(findings, {verdict: verdict for verdict in VERDICTS})


def _checkpoints() -> go.Figure:
    sizes = CheckpointSizes(4 * FULL, 1, 8 * FULL, PARTS, 12 * A, 10 * A)
    return checkpoints_bars.one_run_figure(sizes)


def _tasks() -> go.Figure:
    return checkpoints_bars.tasks_figure(TaskStorage(4 * FULL, 8 * A, 5), PARTS)


def _rebuild() -> go.Figure:
    errors = np.linspace(1, 0, 65) ** 2
    rebuild = Rebuild(None, np.diff(-errors), errors, errors)
    return decomposition_rebuild.rebuild_figure(rebuild, RANK)


def _sample(rows: int, columns: int) -> TensorSample:
    values = np.sin(np.add.outer(np.arange(rows), np.arange(columns))).astype("<f4")
    return TensorSample(
        shape=(rows, columns),
        minimum=float(values.min()),
        maximum=float(values.max()),
        norm=float(np.linalg.norm(values)),
        rows=tuple(range(rows)),
        columns=tuple(range(columns)),
        encoded=b64encode(values.tobytes()).decode(),
    )


def _forward_pass() -> ForwardPass:
    """A layer 24 → 32 with rank 3 and four rows."""
    shapes: dict[TensorName, tuple[int, int]] = {
        "x": (4, 24),
        "W": (32, 24),
        "A": (3, 24),
        "B": (32, 3),
        "h_base": (4, 32),
        "temp": (4, 3),
        "h_lora": (4, 32),
        "scaled": (4, 32),
        "h": (4, 32),
        "update": (32, 24),
        "merged": (32, 24),
        "h_merged": (4, 32),
        "difference": (4, 32),
    }
    tensors: dict[TensorName, TensorSample] = {
        name: _sample(*shape) for name, shape in shapes.items()
    }
    worked = WorkedOutput(0, 1, 0.0, 1.0, (1.0,), (1.0,), 1.0, 1.0, 2.0)
    return ForwardPass(True, 2.0, 1.0, 0.5, 0.0, 1e-7, 0.0, tensors, worked)


def _bar_pair(name: str, blocks: int) -> parameters_bars.BarPair:
    return parameters_bars.BarPair(name, "2.08 %", _segment("update", blocks * FULL), _ab(blocks))


def _segment(meaning: Meaning, values: int) -> Segment:
    return Segment(meaning, meaning, values, f"{values:,}")


def _ab(blocks: int) -> tuple[Segment, ...]:
    return _segment("A", blocks * A), _segment("B", blocks * B)


def _block() -> go.Figure:
    layer = parameters_block.BlockLayer
    shape, weight = f"{SIDE} × {SIDE}", _segment("frozen", FULL)
    return parameters_block.block_targets(
        [
            layer("attn", "c_proj", shape, weight, _ab(1), False),
            layer("mlp", "c_proj", shape, weight, _ab(1), True),
        ]
    )


def _grid() -> go.Figure:
    columns = [planner_grid.Column("a model", name) for name in ("Full", "LoRA")]
    cells = [
        [planner_grid.Cell("too_large", 30 * GB, "30 GB"), planner_grid.Cell("fits", 9 * GB, "9")],
        [None, planner_grid.Cell("tight", 11 * GB, "11 GB")],
    ]
    return planner_grid.fit_grid(columns, ["24 GB", "12 GB"], cells)


def _rank_boxes() -> go.Figure:
    return rank_cost.rank_boxes(
        [rank_cost.RankBox(r, f"r = {r}", f"{r * 2 * SIDE:,}", r == RANK) for r in (1, 4, 8, 16)]
    )


def _rank_cost() -> go.Figure:
    parts = [rank_cost.CostPart("A", "A", SIDE, 0), rank_cost.CostPart("B", "B", SIDE, 0)]
    return rank_cost.rank_cost(parts, FULL, RANK, (1, 4, 16), up_to_break_even=True)


def _sweep() -> go.Figure:
    sweep = recorded_sweep("style")
    assert sweep is not None, "the sweep ships"
    losses = spreads(read_sweep(sweep), lambda run: run.held_out)
    return rank_sweep.sweep_figure([rank_sweep.Panel("Held-out loss", losses, "{:.2f}".format)])


def _summary() -> go.Figure:
    pair = summary_bars.Pair("One layer", FULL, A + B, f"{FULL:,}", f"{A + B:,}", "update", "B")
    return summary_bars.before_after_bars([pair])


def _lab_curves() -> go.Figure:
    curves = read_curves(recorded_lora_run().events())
    steps = curves.last.steps if curves.last else 1
    return training_lab_curves.training_curves(curves, steps, "shipped")["wide"]


def _compared_runs() -> go.Figure:
    curves = read_curves(recorded_lora_run().events())
    return compare_runs_curves.run_comparison({"shipped": curves.loss}, "training")["wide"]


def _run_story() -> go.Figure:
    """Two snapshots of a layer 24 → 32 with rank 3."""
    moments = tuple(
        Moment(
            step=step,
            batch_loss=3.0 - step / 10,
            held_out=None,
            base_sha256="the same",
            singular_values=(1.0, 0.5, 0.25),
            numerical_rank=3,
            a=_sample(3, 24),
            b=_sample(32, 3),
            delta=_sample(32, 24),
        )
        for step in (0, 10)
    )
    losses = tuple((step, 3.0 - step / 10) for step in range(11))
    weight = _sample(32, 24)
    story = Story("h.0", (32, 24), 3, 1e-6, True, weight, moments, len(moments), losses, ())
    return training_process_run.story_figure(story)


def _layer_map() -> SvgDrawing:
    """Two blocks of one attention projection and one feed-forward projection."""
    layers = [Layer("wte", "Embedding", 100, SIDE, (100, SIDE), False, 100 * SIDE, None)]
    modules: list[AdaptedModule] = []
    for block in range(2):
        for part in ("attn.c_proj", "mlp.c_proj"):
            name = f"h.{block}.{part}"
            layers.append(Layer(name, "Linear", SIDE, SIDE, (SIDE, SIDE), False, FULL, None))
            modules.append(AdaptedModule(name, SIDE, SIDE, 1, _tensors(name)))
    total = 100 * SIDE + 4 * FULL
    model = Architecture("custom", "a model", "gpt2", "GPT2LMHeadModel", tuple(layers), total, 1024)
    tree = build_layer_tree(model, AdapterLayout(tuple(modules), (), total, ()))
    return layer_map_svg(tree, "h.0", MapSettings(RANK, 4, 512), 632)


def _tensors(name: str) -> tuple[AdapterTensor, ...]:
    return (
        AdapterTensor(f"{name}.lora_A", "A", (1, SIDE), 0, True, True),
        AdapterTensor(f"{name}.lora_B", "B", (SIDE, 1), 1, True, True),
    )


# by the module that draws it; what a module draws besides has its name behind
EXAMPLES: dict[str, Callable[[], Picture]] = {
    "audit_verdicts": _verdicts,
    "checkpoints_bars": _checkpoints,
    "checkpoints_bars.tasks": _tasks,
    "compare_runs_curves": _compared_runs,
    "decomposition_rebuild": _rebuild,
    "decomposition_shapes": lambda: decomposition_shapes.decomposition_figure(SIDE, SIDE, RANK, 4),
    "forward_pass_merged": lambda: forward_pass_merged.merged_figure(_forward_pass(), 4),
    "forward_pass_steps": lambda: forward_pass_steps.forward_figure(_forward_pass(), "all", 4),
    "full_or_lora_bytes": lambda: full_or_lora_bytes.bytes_figure(FULL_LAYER, LORA_LAYER, True),
    "full_or_lora_layers": lambda: full_or_lora_layers.lora_figure(
        SHAPE, LORA_LAYER, full_or_lora_layers.ScalingFactor("alpha/r", 2.0)
    ),
    "full_or_lora_layers.full": lambda: full_or_lora_layers.full_figure(SHAPE, FULL_LAYER),
    "layer_map": _layer_map,
    "memory_bars": lambda: memory_bars.memory_bars({"LoRA": MEMORY}, {}, ("a card", 8 * GB)),
    "memory_curve": lambda: memory_curve.memory_curve(
        [("forward", MEMORY), ("backward", MEMORY)],
        ("backward", 7 * GB),
        {"forward": "forward", "backward": "backward"},
    ),
    "parameters_bars": lambda: parameters_bars.parameter_bars(
        [[_bar_pair("a layer", 1)], [_bar_pair("the model", 12)]], log=False
    ),
    "parameters_block": _block,
    "planner_grid": _grid,
    "quiz_bar": lambda: quiz_bar.guess_bars(
        [quiz_bar.GuessBar("a guess", 0.5), quiz_bar.GuessBar("the truth", 0.1, True)]
    ),
    "rank_cost": _rank_cost,
    "rank_cost.boxes": _rank_boxes,
    "rank_sweep": _sweep,
    "start_idea": lambda: start_idea.lora_idea(SIDE, SIDE, RANK, 2.0, 632),
    "summary_bars": _summary,
    "training_lab_curves": _lab_curves,
    "training_process_epochs": lambda: training_process_epochs.epoch_story(TOLD_EPOCHS, 5),
    "training_process_run": _run_story,
}
