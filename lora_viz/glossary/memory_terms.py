"""Words for a training step and what it takes of a card."""

from __future__ import annotations

from lora_viz.glossary.origins import (
    CHEN,
    CUDA_GUIDE,
    GOODFELLOW_NETWORKS,
    GOODFELLOW_NUMERICAL,
    KINGMA,
    TORCH_CUDA,
    TORCH_PEAK,
)
from lora_viz.glossary.term import Formula, Term
from lora_viz.i18n import N_

MEMORY_TERMS = (
    Term(
        "forward_pass",
        N_("forward pass"),
        N_("forward pass|forward passes"),
        N_("The forward pass computes the outputs of all layers, from the input to the loss."),
        GOODFELLOW_NETWORKS,
        part="§6.5",
        pages=("forward_pass",),
    ),
    Term(
        "backward_pass",
        N_("backward pass"),
        N_("backward pass|backward passes"),
        N_("The backward pass computes the gradients, from the loss back to the first layer."),
        GOODFELLOW_NETWORKS,
        part="§6.5",
        pages=("trust",),
    ),
    Term(
        "gradient",
        N_("gradient"),
        N_("gradient|gradients"),
        N_("A gradient says, for each trained value, how the loss changes when the value changes."),
        GOODFELLOW_NUMERICAL,
        part="§4.3",
        formula=Formula(r"g = \frac{\partial L}{\partial w}", "g = ∂L/∂w"),
        pages=("full_or_lora", "training_lab", "compare_runs", "memory"),
    ),
    Term(
        "optimizer_state",
        N_("optimizer state"),
        N_("optimizer state"),
        N_(
            "The optimizer state is what the optimizer remembers of each trained value; "
            "AdamW keeps two moments."
        ),
        KINGMA,
        part="algorithm 1",
        fields=("optimizer",),
        pages=("memory",),
    ),
    Term(
        "moments",
        N_("moments"),
        N_("moments|moment m|moment v"),
        N_(
            "Adam's moments are two running means for each trained value: of its "
            "gradients, and of their squares."
        ),
        KINGMA,
        part="algorithm 1",
        formula=Formula(
            r"m \gets \beta_1 m + (1-\beta_1)g,\ v \gets \beta_2 v + (1-\beta_2)g^2",
            "m ← β₁·m + (1−β₁)·g,  v ← β₂·v + (1−β₂)·g²",
        ),
        pages=("full_or_lora", "checkpoints", "memory"),
    ),
    Term(
        "activations",
        N_("activations"),
        N_("activations|activation"),
        N_(
            "Activations are results of the forward pass that are kept until the backward"
            " pass has used them."
        ),
        CHEN,
        part="§3",
        pages=("memory",),
    ),
    Term(
        "gradient_checkpointing",
        N_("gradient checkpointing"),
        N_("gradient checkpointing"),
        N_(
            "Gradient checkpointing keeps only some activations and computes the others "
            "again in the backward pass: it saves memory and costs time."
        ),
        CHEN,
        part="§4",
        fields=("gradient_checkpointing",),
    ),
    Term(
        "peak_allocated_memory",
        N_("peak allocated memory"),
        N_("peak allocated memory|peak allocated|peak memory|at the peak|peaks at|the peak"),
        N_("The peak allocated memory is the most that tensors take at any moment of a step."),
        TORCH_PEAK,
        pages=("memory", "trust"),
    ),
    Term(
        "reserved_memory",
        N_("reserved memory"),
        N_("reserved memory|reserved|reserves"),
        N_(
            "Reserved memory is all that PyTorch's allocator holds of the card: tensors, "
            "and freed blocks that it keeps."
        ),
        TORCH_CUDA,
        part="memory management",
        pages=("memory", "planner", "failed_run", "trust"),
    ),
    Term(
        "allocator",
        N_("allocator"),
        N_("allocator"),
        N_(
            "The allocator gives the card's memory to tensors, and keeps what they free "
            "for later ones."
        ),
        TORCH_CUDA,
        part="memory management",
        pages=("memory", "bring_your_own", "planner", "failed_run", "trust"),
    ),
    Term(
        "cuda_context",
        N_("CUDA context"),
        N_("CUDA context|CUDA contexts"),
        N_(
            "The CUDA context is the memory that the driver takes on a card for each "
            "process, before any tensor."
        ),
        CUDA_GUIDE,
        part="context",
        pages=("memory", "bring_your_own", "planner", "failed_run"),
    ),
)
