"""The groups of settings, in the order in which sidebar, help and comparisons show them."""

from __future__ import annotations

from lora_viz.i18n import N_

# what people read above a group, by the name that `choice(…, group=…)` gives
GROUPS: dict[str, str] = {
    "model": N_("Model"),
    "adapter": N_("Adapter"),
    "peft": N_("More PEFT settings"),
    "batch": N_("Batch"),
    "formats": N_("Number formats"),
    "passes": N_("Forward and backward pass"),
    "optimizer": N_("Optimizer"),
    "cards": N_("Several cards"),
    "card": N_("GPU"),
    "pages": N_("Pages"),
    "data": N_("Data"),
    "training": N_("Training"),
    "records": N_("Records"),
}
