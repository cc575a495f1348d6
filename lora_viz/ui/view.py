"""The view: what a reader has chosen to look at, which changes no answer but belongs in a link."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le

from lora_viz.declared import Declared, choice
from lora_viz.i18n import N_


class View(Declared):
    """One setting of everything that pages show or hide."""

    layer: str = choice(
        "", N_("Layer"), N_("The layer that is drawn; the first adapted one if empty.")
    )
    axis: Literal["log", "linear"] = choice(
        "log", N_("Axis"), N_("A linear axis is true to scale; a logarithmic one shows small bars.")
    )
    count_frozen: bool = choice(
        False, N_("Count the frozen weight too"), N_("W is not trained, but it stays in memory.")
    )
    short_target: bool = choice(
        False,
        N_("Short target names"),
        N_("Only the last part, such as c_proj for attn.c_proj: it may match more layers."),
    )
    decomposition: Literal["shapes", "rebuild"] = choice(
        "shapes",
        N_("Picture"),
        N_("Three matrices to scale, or an example ΔW rebuilt from B and A."),
    )
    true_rank: Annotated[int, Ge(1), Le(64)] = choice(
        4, N_("True rank"), N_("The rank of the example ΔW before noise is added.")
    )
    noise: Annotated[float, Ge(0.0), Le(1.0)] = choice(
        0.1, N_("Noise"), N_("Size of the noise beside the low-rank part (Frobenius norms).")
    )
    seed: Annotated[int, Ge(0), Le(9999)] = choice(
        0, N_("Seed"), N_("The random numbers that the example starts from.")
    )
    sweeps: Annotated[int, Ge(0), Le(8)] = choice(
        1, N_("Fitting sweeps"), N_("How often B and A are fitted in turn.")
    )
    step: Literal["1", "2", "3", "all", "merged"] = choice(
        "all",
        N_("Step"),
        N_("One step of the forward pass, all three together, or the merged weight."),
    )
    rows_shown: Annotated[int, Ge(1), Le(8)] = choice(
        4, N_("Rows"), N_("How many rows of the batch are drawn.")
    )
    forward_steps: Annotated[int, Ge(0), Le(50)] = choice(
        20,
        N_("Optimizer steps"),
        N_("How often A and B were trained before this pass. At 0 B is zero, as PEFT starts it."),
    )
    verdict: Literal[
        "all",
        "exact",
        "rounded",
        "convention",
        "partial",
        "contradicted",
        "assumed",
        "qualitative",
    ] = choice("all", N_("Verdict"), N_("Only the figures that got this verdict."))
    rank_range: Literal["break-even", "ranks"] = choice(
        "break-even", N_("Chart"), N_("Up to the rank where A and B are as large as W, or less.")
    )
    epoch: Literal["1", "5", "10", "20"] = choice(
        "1", N_("Epoch"), N_("Which of the document’s four epochs is looked at.")
    )
    told_run: str = choice(
        "",
        N_("Run"),
        N_("The run whose snapshots are played; your newest with snapshots if empty."),
    )
    told_layer: str = choice(
        "", N_("Followed layer"), N_("A layer that the run took snapshots of; the first if empty.")
    )
    sweep: str = choice(
        "",
        N_("Rank sweep"),
        N_("The sweep that is drawn; your newest if empty, else a recorded one."),
    )
    sweep_task: Literal["style", "qa"] = choice(
        "style", N_("Task"), N_("What the models of a new sweep are trained on.")
    )
    sweep_seeds: Literal["1", "3"] = choice(
        "1", N_("Seeds"), N_("How often each rank is trained, each time from other random numbers.")
    )
    update_source: Literal["synthetic", "trained"] = choice(
        "synthetic",
        N_("ΔW"),
        N_("Random numbers of a known rank, or what full fine-tuning really changed."),
    )
    trained_layer: str = choice(
        "", N_("Trained layer"), N_("A layer whose real ΔW was kept; the first if empty.")
    )
    block: str = choice("", N_("Block"), N_("The block that is opened; the first one if empty."))
