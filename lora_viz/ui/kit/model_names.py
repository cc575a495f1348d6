"""What a model whose layers are known is called."""

from __future__ import annotations

from lora_viz.i18n import _
from lora_viz.models.architecture import Architecture


def architecture_name(of: Architecture) -> str:
    """Its name in the catalogue, on the hub or of its folder; of a reader's own what it is."""
    if of.kind == "custom":
        return _("Custom GPT-2")
    if of.kind == "uploaded":
        return _("Uploaded %s model") % of.model_type
    return of.name
