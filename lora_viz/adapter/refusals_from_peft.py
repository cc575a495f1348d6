"""What PEFT refuses, in one sentence for a reader, and what it should refuse.

Importing this module loads torch and peft.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import nn

from lora_viz.adapter.peft_matching import check_patterns, matched_parts
from lora_viz.adapter.tasks_from_peft import HEADS
from lora_viz.adapter.warnings_from_peft import named_kinds
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.models.architecture import module_type

LONGEST_NAMED = 200  # characters of refused targets in a sentence
COPY = "modules_to_save"
# how PEFT says that no module matches a list, a pattern, or a pattern turned into a list of none
NOTHING_MATCHED = (
    "not found in the base model|No modules were targeted|No `target_modules` passed"
    "|All modules were excluded"
)
# what PEFT's settings cannot be beside one another, by words of its errors
CLASHES = {
    "`layers_to_transform` cannot|`layers_pattern` cannot": N_(
        "Numbers of blocks go with names of target modules only, and not with all-linear or a "
        "pattern."
    ),
    "`layers_to_transform` must also": N_(
        "A list of layers is named without numbers of blocks; give those too."
    ),
    "initialize PiSSA": N_(
        "A and B cannot begin as parts of packed weights; choose another beginning for them, or "
        "LoRA over weights that are not packed."
    ),
    "lora_dropout != 0|work with use_dora|variants like DoRA": N_(
        "PEFT adapts stacked parameters, such as experts', without dropout and without DoRA only."
    ),
    "lora_bias": N_(
        "PEFT cannot train a bias of B here: not with DoRA, not where A and B begin as parts of W "
        "or gaussian, and not in embeddings or stacked experts."
    ),
}


@contextmanager
def refused_readably(model: nn.Module, choices: Mapping[str, Any]) -> Iterator[None]:
    """Turn what PEFT refuses into `UserError`, and keep its warnings to itself."""
    modules = dict(model.named_modules())
    check_patterns(choices, modules)
    kinds = named_kinds(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
            raise UserError(_refusal(choices, modules, kinds, error)) from None


def check_tokens(model: Any, indices: list[int] | dict[str, list[int]] | None) -> None:
    """Refuse tokens to train that an embedding has not, which shows without data nowhere.

    Raises:
        UserError: no module has such a name, or no such row.
    """
    if indices is None:
        return
    modules = {name: one for name, one in model.named_modules() if name and is_table(one)}
    by_name = indices if isinstance(indices, dict) else {"": indices}
    for name, numbers in by_name.items():
        found = [one for path, one in modules.items() if path.endswith(name)]
        if not found:
            raise UserError(
                N_("No embedding is named “%(name)s”, so its tokens cannot be trained."), name=name
            )
        rows = found[0].weight.shape[0]
        if numbers and max(numbers) >= rows:
            raise UserError(
                N_(
                    "There is no token %(token)s to train: the vocabulary has %(rows)s, and the "
                    "first is 0."
                ),
                token=f"{max(numbers):,}",
                rows=f"{rows:,}",
            )


def is_table(module: nn.Module) -> bool:
    """Whether a module has a row for each token: an embedding, or a head."""
    return isinstance(module, (nn.Embedding, nn.Linear))


def _refusal(
    choices: Mapping[str, Any],
    modules: dict[str, nn.Module],
    kinds: tuple[str, ...],
    error: Exception,
) -> Message:
    """One sentence: which targets match nothing and what there is, or that PEFT refuses them."""
    for words, sentence in CLASHES.items():
        if re.search(words, str(error)):
            return Message(sentence)
    targets = choices["target_modules"]
    all_named = targets if isinstance(targets, str) else ", ".join(targets)
    named = all_named if len(all_named) <= LONGEST_NAMED else all_named[:LONGEST_NAMED] + "…"
    if unsupported := re.search(r"Target module (\w+).*is not supported", str(error), re.DOTALL):
        return Message(
            N_(
                "PEFT cannot adapt “%(layer)s”, a layer of class %(class)s; name Linear, Conv1D or "
                "Embedding layers, such as %(kinds)s."
            ),
            **{
                "layer": _first_of_class(unsupported.group(1), targets, modules),
                "class": unsupported.group(1),
                "kinds": ", ".join(kinds),
            },
        )
    is_excluded = COPY in str(error) and bool(set(HEADS) & set(all_named.split(", ")))
    if is_excluded or f"{COPY} cannot be applied" in str(error):
        return Message(
            N_(
                "“%s” includes the head. PEFT trains the head in full and cannot adapt it too; "
                "name the layers to adapt, such as query or q_proj."
            ),
            named,
        )
    if not re.search(NOTHING_MATCHED, str(error)):
        return Message(N_("PEFT cannot adapt the target modules “%s”; name other layers."), named)
    if any(choices.get(field) for field in ("layers_to_transform", "exclude_modules", COPY)):
        return Message(
            N_(
                "Nothing is left of the target modules “%s”: no layer matches them, or their "
                "layers are excluded, in other blocks, or saved in full."
            ),
            named,
        )
    return Message(
        N_("No layer matches the target modules “%(targets)s”; this model has %(kinds)s."),
        targets=named,
        kinds=", ".join(kinds),
    )


def _first_of_class(
    class_name: str, targets: str | list[str], modules: dict[str, nn.Module]
) -> str:
    """The kind of the first layer of this class that the targets match.

    Where they match none by themselves, PEFT has made names of them, as of all-linear.
    """
    of_class = [name for name, module in modules.items() if type(module).__name__ == class_name]
    matched = set(matched_parts(modules[""], {"target_modules": targets}).adapted)
    return module_type(next((name for name in of_class if name in matched), of_class[0]))
