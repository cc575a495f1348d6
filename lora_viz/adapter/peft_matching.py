"""Which modules PEFT's own rules match, without adapting anything.

Importing this module loads torch and peft.
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from peft import LoraConfig
from peft.tuners.tuners_utils import _maybe_include_all_linear_layers, check_target_module_exists
from torch import nn

from lora_viz.adapter.versions_of_peft import pattern_for
from lora_viz.choices.targets import ALL_LINEAR
from lora_viz.errors import LastingError, UserError, in_a_sentence, with_its_words
from lora_viz.i18n import N_, Message

PATTERN_SECONDS = 3.0  # of processor time; a pattern that backtracks without end takes years


@dataclass(frozen=True)
class MatchedParts:
    """What PEFT adapts in a model, each layer and each bare parameter by its name with its rank,
    and the names of the modules that it copies and trains in full, in the model's order."""

    adapted: Mapping[str, int] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    saved: tuple[str, ...] = ()

    @property
    def by_name(self) -> Mapping[str, object]:
        """What is done with each part, by its name: two alike blocks have the same done to them."""
        return {**self.adapted, **self.parameters, **dict.fromkeys(self.saved, "saved")}

    def renamed(self, rename: Callable[[str], str | None]) -> dict[str, Any]:
        """The arguments of `LoraConfig` that match these parts under other names, and no others.

        Args:
            rename: a part's other name; None where it is gone.
        """

        renamed = {name: rename(name) for name in self.by_name}
        kept = {name: new for name, new in renamed.items() if new is not None}
        both = {**self.adapted, **self.parameters}
        ranks = {kept[name]: rank for name, rank in both.items() if name in kept}
        return {
            "target_modules": [kept[name] for name in self.adapted if name in kept],
            "target_parameters": [kept[name] for name in self.parameters if name in kept] or None,
            "modules_to_save": [kept[name] for name in self.saved if name in kept] or None,
            "rank_pattern": {re.escape(name): rank for name, rank in ranks.items()},
            **dict.fromkeys(("exclude_modules", "layers_to_transform", "layers_pattern")),
        }


def matched_parts(model: nn.Module, choices: Mapping[str, Any]) -> MatchedParts:
    """What arguments of `LoraConfig` match in a model that is not adapted yet.

    Raises:
        UserError: the targets are a string that is not a regular expression, or takes too long.
        ValueError: PEFT refuses these arguments.
    """
    names = [name for name, _module in model.named_modules() if name]
    check_patterns(choices, names)
    config: Any = _maybe_include_all_linear_layers(LoraConfig(**deepcopy(dict(choices))), model)
    saved = tuple(choices.get("modules_to_save") or ())
    ranks = config.rank_pattern or {}

    def rank_of(name: str) -> int:
        return ranks.get(pattern_for([*ranks], name), config.r)

    bare = tuple(f".{name}" for name in choices.get("target_parameters") or ())
    parameters = [name for name, _parameter in model.named_parameters()] if bare else []
    return MatchedParts(
        {name: rank_of(name) for name in names if check_target_module_exists(config, name)},
        {name: rank_of(name) for name in parameters if f".{name}".endswith(bare)},
        tuple(name for name in names if saved and name.endswith(saved)),
    )


def names_fused_parameters(model: nn.Module, target: str) -> bool:
    """Whether PEFT takes a name for parameters that transformers 5 stacks, as Mixtral's w1."""
    try:
        from peft.utils.transformers_weight_conversion import convert_peft_config_for_transformers
    except ImportError:  # versions whose models have a layer of that name
        return False
    rule = LoraConfig(target_modules=[target])
    try:
        convert_peft_config_for_transformers(rule, model, None)
    except ValueError:  # it is one of a stack's parts, which PEFT adapts only together
        return True
    return bool(rule.target_parameters)


def check_patterns(choices: Mapping[str, Any], names: Iterable[str]) -> None:
    """Match every pattern with every name, as PEFT will, for a limited time.

    Raises:
        UserError: one is not a regular expression, or takes too long.
    """
    names = tuple(names)
    for field_name in ("target_modules", "exclude_modules"):
        pattern = choices.get(field_name)
        if isinstance(pattern, str) and pattern != ALL_LINEAR:
            check_pattern(pattern, names)
    for field_name in ("rank_pattern", "alpha_pattern"):
        for key in choices.get(field_name) or ():
            check_pattern(key, names, rf"(.*\.)?({key})$")


def check_pattern(pattern: str, names: Iterable[str], whole: str = "") -> None:
    """Match a pattern with every name for a limited time.

    Args:
        whole: the larger pattern that PEFT makes of it, if it does.

    Raises:
        UserError: it is not a regular expression, or takes too long.
    """
    try:
        with _limited_time(pattern):
            re.compile(pattern)
            for name in names:
                re.match(whole, name) if whole else re.fullmatch(pattern, name)
    except (re.error, OverflowError, RecursionError) as error:  # numbers, brackets beyond reason
        raise UserError(_not_a_pattern(pattern, error)) from None


@contextmanager
def _limited_time(pattern: str) -> Iterator[None]:
    """Raise `UserError` after `PATTERN_SECONDS`; only a main thread can be interrupted."""

    def give_up(_signal: int, _frame: object) -> None:
        raise LastingError(
            N_("The pattern “%s” takes too long to match; write it with fewer repetitions."),
            pattern[:80],
        )

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATTERN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _not_a_pattern(targets: str, error: Exception) -> Message:
    """One sentence about targets that are no regular expression."""
    sentence = Message(N_("“%s” is not a regular expression."), targets[:80])
    return with_its_words(sentence, in_a_sentence(error))


def depends_on_numbers(choices: Mapping[str, Any]) -> bool:
    """Whether arguments of `LoraConfig` can mean one block and not another: patterns, and names
    with numbers."""
    targets, excluded = choices["target_modules"], choices.get("exclude_modules") or ()
    patterns = [one for one in (targets, excluded) if isinstance(one, str) and one != ALL_LINEAR]
    if patterns or choices.get("layers_to_transform"):
        return True
    keys = (*choices.get("rank_pattern", ()), *choices.get("alpha_pattern", ()))
    if any(re.search(r"[^A-Za-z_.]", key) for key in keys):
        return True
    targets = () if isinstance(targets, str) else targets
    names = (*targets, *excluded)
    names += (*choices.get("modules_to_save", ()), *choices.get("target_parameters", ()))
    return any(re.search(r"(^|\.)\d+(\.|$)", name) for name in names)
