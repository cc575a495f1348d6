"""Which modules PEFT's own rules match, without adapting anything.

Importing this module loads torch and peft.
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from peft import LoraConfig
from peft.tuners.tuners_utils import _maybe_include_all_linear_layers, check_target_module_exists
from torch import nn

from lora_viz.choices.targets import ALL_LINEAR
from lora_viz.errors import LastingError, UserError, in_a_sentence, with_its_words
from lora_viz.i18n import N_, Message

PATTERN_SECONDS = 3.0  # of processor time; a pattern that backtracks without end takes years


def matched_modules(model: nn.Module, targets: str | list[str]) -> list[str]:
    """The names of the modules that a target list matches, in the model's order.

    Raises:
        UserError: the targets are a string that is not a regular expression, or takes too long.
    """
    names = [name for name, _module in model.named_modules() if name]
    check_pattern(targets, names)
    config = LoraConfig(target_modules=targets)
    config = _maybe_include_all_linear_layers(config, model)
    return [name for name in names if check_target_module_exists(config, name)]


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


def check_pattern(targets: str | list[str], names: Iterable[str]) -> None:
    """Match a pattern with every name, as PEFT will, for a limited time.

    Raises:
        UserError: the targets are a string that is not a regular expression, or takes too long.
    """
    if not isinstance(targets, str) or targets == ALL_LINEAR:
        return
    try:
        with _limited_time(targets):
            for name in names:
                re.fullmatch(targets, name)
    except (re.error, OverflowError, RecursionError) as error:  # numbers, brackets beyond reason
        raise UserError(_not_a_pattern(targets, error)) from None


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


def depends_on_numbers(targets: str | list[str]) -> bool:
    """Whether targets can match one block and not another: patterns, and names with numbers."""
    if isinstance(targets, str):
        return targets != ALL_LINEAR
    return any(re.search(r"(^|\.)\d+(\.|$)", target) for target in targets)
