"""From the keys of a file to changes of the scenario, by the rules of its kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cached_property
from itertools import islice
from typing import Any

from lora_viz.choices.declaration import as_shown
from lora_viz.choices.methods import method_over
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.targets import ALL_LINEAR
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.imports.answer import Imported, NotUnderstood, Understood
from lora_viz.imports.plain_text import MOST_KEYS, check_number_of_keys
from lora_viz.imports.rules import Rule, Taken, idle

Values = Mapping[str, Any]
MOST_KEPT = 50  # values of a list; of target modules there are few


@dataclass(frozen=True)
class FileKind:
    """One kind of file.

    Attributes:
        name: what it is called in any language: a trainer's or a file's name.
        is_it: whether a file's keys and values, with sections as mappings, are of this kind.
        rules: what its keys mean, by their names with dots between section and key.
        idle: names, with * for any letters, of keys that change no number here.
        implied: what the kind alone sets.
        resets: fields that are at their defaults where a file of the kind sets nothing else.
        defaults: what the trainer takes for keys that a file leaves out, given those that it has.
        settle: from the keys and the changes to those that several keys make together.
    """

    name: str
    is_it: Callable[[Values], bool]
    rules: Mapping[str, Rule]
    idle: tuple[str, ...] = ()
    implied: Mapping[str, Any] = field(default_factory=dict)
    defaults: Callable[[Values], Values] = lambda _given: {}
    resets: tuple[str, ...] = ()
    settle: Callable[[Values, dict[str, Any]], dict[str, Any]] = lambda _given, changes: changes

    @cached_property
    def _idle_form(self) -> re.Pattern[str]:
        return re.compile("|".join(map(translate, self.idle)) or r"(?!)")

    def rule_of(self, key: str) -> Rule | None:
        """What a key means; None where it is not known."""
        return self.rules.get(key) or (idle if self._idle_form.match(key) else None)

    def is_section(self, name: str) -> bool:
        """Whether the keys within a mapping have meanings of their own, or none is known."""
        has_rules = any(key.startswith(f"{name}.") for key in self.rules)
        return name not in self.rules and (has_rules or self.rule_of(name) is None)


def read_as(kind: FileKind, values: Values) -> Imported:
    """What a file of a kind says. Every one of its keys is in the answer.

    Raises:
        UserError: it has too many of them.
    """
    given = dict(islice(_flat(kind, values), MOST_KEYS + 1))
    check_number_of_keys(given)
    usual = {key: value for key, value in kind.defaults(given).items() if given.get(key) is None}
    said = {key: value for key, value in given.items() if key not in usual}
    taken, understood, left_out = _read_all(kind, said)
    for key, value in usual.items():
        default = _default(kind, key, value, taken)
        if default is not None:
            taken.insert(0, default)
            understood.append(Understood(key, value, _fields(default), default.note, True))
        elif key in given:
            understood.append(Understood(key, given[key]))
    for name, value in kind.implied.items():
        note = Message(N_("This is how %(kind)s trains."), kind=kind.name)
        understood.append(Understood(name, value, (name,), note, is_default=True))
    usually = Scenario()
    reset = {name: getattr(usually, name) for name in kind.resets if hasattr(usually, name)}
    scenario = kind.settle(given, reset | dict(kind.implied) | _merged(taken))
    return Imported(kind.name, scenario, tuple(understood), tuple(left_out))


def _read_all(
    kind: FileKind, said: Values
) -> tuple[list[Taken], list[Understood], list[NotUnderstood]]:
    """What the keys of a file set, in their order, with those that set nothing and why."""
    taken: list[Taken] = []
    understood: list[Understood] = []
    left_out: list[NotUnderstood] = []
    for key, value in said.items():
        try:
            found = _taken(kind, key, value)
        except UserError as error:
            left_out.append(NotUnderstood(key, _brief(value), error.message))
            continue
        taken.append(found)
        understood.append(Understood(key, _brief(value), _fields(found), found.note))
    return taken, understood, left_out


def _brief(value: Any) -> Any:
    """A value as it is kept to be shown: of one that holds much, such as a log, its beginning."""
    if isinstance(value, (list, dict)) and len(value) > MOST_KEPT:
        return as_shown(list(islice(value, MOST_KEPT)))
    return value


def _default(kind: FileKind, key: str, value: Any, taken: list[Taken]) -> Taken | None:
    """What a default sets; None where a file sets that by another key, and where it sets nothing.

    A default may rest on what was refused, as twice a rank does that is below zero.
    """
    try:
        default = _taken(kind, key, value)
    except UserError:
        return None
    said = {name for one in taken for name in one.changes}
    has_targets = any(one.targets for one in taken)
    is_said = set(default.changes) <= said and (has_targets or not default.targets)
    return None if is_said else default


def _flat(kind: FileKind, values: Values, section: str = "") -> Iterator[tuple[str, Any]]:
    """Each key with its sections before it; what has a meaning as a whole is left whole."""
    for key, value in values.items():
        name = f"{section}{key}"
        if isinstance(value, Mapping) and value and kind.is_section(name):
            yield from _flat(kind, value, f"{name}.")
        else:
            yield name, value


def _taken(kind: FileKind, key: str, value: Any) -> Taken:
    """What a key sets, checked as the scenario checks it. Raises `UserError`."""
    rule = kind.rule_of(key)
    if rule is None:
        raise UserError(N_("This name is not known here (%(kind)s)."), kind=kind.name)
    taken = rule(value)
    targets = {"target_modules": taken.targets} if taken.targets else {}
    if taken.changes or targets:
        Scenario.make({**taken.changes, **targets})
    return taken


def _fields(taken: Taken) -> tuple[str, ...]:
    """The fields that are set, for what is another spelling of one that one."""
    names = ["method" if name == "quantization" else name for name in taken.changes]
    return tuple(dict.fromkeys([*names, *(["target_modules"] if taken.targets else [])]))


def _is_off(name: str, value: Any, so_far: Mapping[str, Any]) -> bool:
    """Whether a switch is off of which another is on: bf16 and fp16 are switches of one thing."""
    return name == "mixed_precision" and value == "none" and name in so_far


def _merged(taken: list[Taken]) -> dict[str, Any]:
    """All that is set together, in the order of the keys."""
    changes: dict[str, Any] = {}
    packings = []
    for one in taken:
        changes |= {
            name: value
            for name, value in one.changes.items()
            if name != "quantization" and not _is_off(name, value, changes)
        }
        packings += [one.changes["quantization"]] if "quantization" in one.changes else []
    packing = next((name for name in packings if name != "none"), "none")
    if packings or "method" in changes:
        changes["method"] = method_over(changes.get("method", "lora"), packing)
    targets = tuple(dict.fromkeys(target for one in taken for target in one.targets))
    if targets:
        changes["target_modules"] = (ALL_LINEAR,) if ALL_LINEAR in targets else targets
    checked = Scenario.make(changes)
    return {name: getattr(checked, name) for name in changes}
