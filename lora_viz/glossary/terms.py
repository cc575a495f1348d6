"""All terms."""

from __future__ import annotations

from lora_viz.glossary.adapter_terms import ADAPTER_TERMS
from lora_viz.glossary.format_terms import FORMAT_TERMS
from lora_viz.glossary.memory_terms import MEMORY_TERMS
from lora_viz.glossary.model_terms import MODEL_TERMS
from lora_viz.glossary.term import Term
from lora_viz.glossary.training_terms import TRAINING_TERMS
from lora_viz.i18n import N_

GROUPS: dict[str, tuple[Term, ...]] = {
    N_("The adapter"): ADAPTER_TERMS,
    N_("Number formats and files"): FORMAT_TERMS,
    N_("The model"): MODEL_TERMS,
    N_("A step and its memory"): MEMORY_TERMS,
    N_("Training and its measures"): TRAINING_TERMS,
}
TERMS = tuple(term for group in GROUPS.values() for term in group)
_BY_FIELD = {field: term for term in TERMS for field in term.fields}


def term_of_field(field: str) -> Term | None:
    """The term that a setting is named for, if there is one."""
    return _BY_FIELD.get(field)


def terms_of_page(page: str) -> tuple[Term, ...]:
    """The terms that a page explains wherever it is opened."""
    return tuple(term for term in TERMS if page in term.pages)
