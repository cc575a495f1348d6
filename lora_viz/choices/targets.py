"""Names of layers, or one pattern for them, as `peft.LoraConfig` takes them."""

from __future__ import annotations

from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message

REGEX_CHARACTERS = set(r"*+?[](){}|^$\\")
ALL_LINEAR = "all-linear"
MOST_TARGETS = 200  # Llama-3.1-405B has 126 blocks; a longer list is better written as a pattern
LONGEST_TARGET = 2000  # characters
DEEPEST_PATTERN = 50  # brackets within brackets; Python's compiler of patterns gives up at 500


def as_peft_targets(target_modules: tuple[str, ...]) -> str | list[str]:
    """Targets as `peft.LoraConfig` wants them: a string for a pattern, a list for names."""
    first = target_modules[0]
    return first if len(target_modules) == 1 and stands_alone(first) else list(target_modules)


def stands_alone(target: str) -> bool:
    """Whether PEFT takes a target only by itself: all-linear, or a pattern.

    In a list both would be names, which no layer has, and would silently do nothing.
    """
    return target.lower() == ALL_LINEAR or is_pattern(target)


def chosen_targets(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """What a reader means who changes the list of targets from `before` to `after`.

    A target that stands alone replaces the names, also where a whole list is added at once, and a
    name that is added replaces it.
    """
    added = [target for target in after if target not in before]
    if lone := [target for target in added if stands_alone(target)]:
        return (lone[-1],)
    names = tuple(target for target in after if not stands_alone(target))
    return names if added else after


def is_pattern(target: str) -> bool:
    """Whether a target is a regular expression and no name."""
    return bool(REGEX_CHARACTERS & set(target))


def split_targets(text: str) -> tuple[str, ...]:
    """Names between commas, or one pattern; all-linear as PEFT writes it, in small letters."""
    if is_pattern(text):
        return (text.strip(),)
    parts = (part.strip() for part in text.split(","))
    return tuple(ALL_LINEAR if part.lower() == ALL_LINEAR else part for part in parts if part)


def going_together(given: tuple[str, ...]) -> tuple[str, ...]:
    """Each name once and plain; what stands for a whole list of names stands alone.

    Raises:
        UserError: such a one is beside names.
        ValueError: there is no name.
    """
    targets = tuple(dict.fromkeys(part for text in given for part in split_targets(text)))
    # pages write names between backticks
    if not targets or any("`" in target for target in targets):
        raise ValueError("empty")
    lone = next((target for target in targets if stands_alone(target)), None)
    if lone is not None and len(targets) > 1:
        raise UserError(_beside_names(lone, targets))
    return targets


def bounded(targets: tuple[str, ...]) -> tuple[str, ...]:
    """The targets, if they are not too many, and none is too long or too deep to be matched.

    Raises:
        UserError: they are.
    """
    if len(targets) > MOST_TARGETS:
        raise UserError(
            N_("At most %(most)s target modules can be named, not %(count)s; use a pattern."),
            most=MOST_TARGETS,
            count=f"{len(targets):,}",
        )
    if any(len(target) > LONGEST_TARGET or depth(target) > DEEPEST_PATTERN for target in targets):
        raise UserError(
            N_(
                "A target module has at most %(longest)s characters and %(deepest)s nested "
                "brackets."
            ),
            longest=f"{LONGEST_TARGET:,}",
            deepest=DEEPEST_PATTERN,
        )
    return targets


def _beside_names(lone: str, targets: tuple[str, ...]) -> Message:
    """One sentence on a target that stands alone but is given with others."""
    others = ", ".join(target for target in targets if target != lone)[:60]
    if lone == ALL_LINEAR:
        text = N_(
            "The target “all-linear” already means every linear layer and must stand alone, "
            "without “%(others)s”."
        )
    else:
        text = N_(
            "The pattern “%(pattern)s” must stand alone as a target, without “%(others)s”; one "
            "pattern can match all of them, as in (a|b)."
        )
    return Message(text, pattern=lone[:60], others=others)


def depth(pattern: str) -> int:
    """How many brackets stand open within each other at most."""
    deepest = now = 0
    for sign in pattern:
        now += (sign in "([") - (sign in ")]")
        deepest = max(deepest, now)
    return deepest
