"""Widgets made from the declaration of a field; the same field may stand in several places.

The place `TRAINING` is for fields of the training settings, whose names others share.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from lora_viz.choices.declaration import Declared
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.targets import chosen_targets
from lora_viz.figures.wording.names import model_name
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.models.known_names import nearest_model
from lora_viz.models.source import typed_model
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.glossary.helps import with_term
from lora_viz.ui.kit.literal import as_cell
from lora_viz.ui.session import state
from lora_viz.ui.session.view import View

TRAINING = "training"
MOST_BUTTONS = 3  # beside each other in the sidebar; more words are a list
TYPED = ("model", "planned_models")  # a reader may type a path here, or half a name
RANKS = tuple(2**power for power in range(10))  # 1, 2, 4 … 512
NUMBER_BOX = 96  # pixels, for four digits


def control(field: str, place: str = "page") -> None:
    """The widget that the declaration of a field asks for."""
    owner = owner_of(field, place)
    words = owner.options(field)
    if owner.model_fields[field].annotation is bool:
        toggle(field, place)
    elif owner.is_typed(field):
        text_box(field, place)
    elif words:
        options(field, place) if len(words) <= MOST_BUTTONS else select(field, words, place)
    elif isinstance(owner.limits(field)[1], float):
        slider(field, place)
    else:
        number(field, place)


def slider(field: str, place: str = "page", *, highest: int | None = None) -> None:
    """A slider over a numeric field's limits, or up to `highest` if that is less."""
    owner, key = _widget(field, place)
    low, high = owner.limits(field)
    high = max(high if highest is None else min(high, highest), low + 1, st.session_state[key])
    step = 0.05 if isinstance(low, float) else 1
    st.slider(str(owner.label(field)), low, high, key=key, step=step, **_common(owner, field, key))


def rank(place: str = "page") -> None:
    """The rank: a slider whose steps double it, and a box for any rank that lies between them."""
    owner, key = _widget("rank", place)
    now = st.session_state[key]
    box = f"{key}:any"
    st.session_state[box] = now
    low, high = owner.limits("rank")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.select_slider(
            str(owner.label("rank")),
            sorted({*RANKS, now}),
            key=key,
            format_func=grouped,
            **_common(owner, "rank", key),
        )
        st.number_input(
            _("Any rank"),
            low,
            high,
            key=box,
            label_visibility="collapsed",
            width=NUMBER_BOX,
            on_change=_changed,
            args=(owner, "rank", box),
        )


def number(field: str, place: str = "page", *, step: float | None = None) -> None:
    """A box for a number, for fields whose range is too wide for a slider.

    With a `step` the digits are shown that the number has, as in 0.005; so they are of a field
    whose numbers may be fractions.
    """
    is_whole = owner_of(field, place).model_fields[field].annotation is int
    owner, key = _widget(field, place, (lambda value: value) if is_whole else float)
    low, high = owner.limits(field)
    form: dict[str, Any] = {"step": step, "format": "%g"} if step else {}
    if not is_whole:
        low, high, form = float(low), float(high), {"step": 1.0, "format": "%g"} | form
    st.number_input(
        str(owner.label(field)), low, high, key=key, **form, **_common(owner, field, key)
    )


def text_box(field: str, place: str = "page") -> None:
    """A box for what is typed as links and options have it: names, numbers, JSON."""
    values = state.values_of(owner_of(field, place))
    owner, key = _widget(field, place, lambda _value: values.as_text(field))
    st.text_input(str(owner.label(field)), key=key, **_common(owner, field, key))


def toggle(field: str, place: str = "page") -> None:
    """A switch for a field that is on or off."""
    owner, key = _widget(field, place)
    st.toggle(str(owner.label(field)), key=key, **_common(owner, field, key))


def options(field: str, place: str = "page", *, words: Callable[[str], str] | None = None) -> None:
    """Buttons for a field that is one of a few words; `words` says how each is shown."""
    owner, key = _widget(field, place)
    st.segmented_control(
        str(owner.label(field)),
        owner.options(field),
        key=key,
        format_func=words or str,
        required=True,
        **_common(owner, field, key),
    )


def select(
    field: str,
    choices: tuple[str, ...],
    place: str = "page",
    *,
    words: Callable[[str], str] | None = None,
    free: bool = False,
    if_empty: str = "",
) -> None:
    """A list to choose one of; with `free` the reader may type another.

    An empty field is shown as `if_empty` and stays empty, and out of the link, until it is changed.
    """
    owner, key = _widget(field, place, lambda value: value or if_empty)
    current = st.session_state[key]
    shown = choices if current in choices else (*choices, current)
    st.selectbox(
        str(owner.label(field)),
        shown,
        key=key,
        format_func=_plain(words),
        accept_new_options=free,
        **_common(owner, field, key),
    )


def several(
    field: str,
    choices: tuple[Any, ...],
    place: str = "page",
    *,
    words: Callable[[Any], str] | None = None,
    free: bool = True,
    most: int | None = None,
    if_empty: tuple[Any, ...] = (),
) -> None:
    """A list to choose several of; with `free` the reader may add others.

    An empty field is shown as `if_empty` and stays empty until it is changed.
    """
    owner, key = _widget(field, place, lambda value: list(value or if_empty))
    shown = dict.fromkeys((*choices, *st.session_state[key]))
    st.multiselect(
        str(owner.label(field)),
        list(shown),
        key=key,
        format_func=_plain(words),
        accept_new_options=free,
        max_selections=most,
        placeholder=_("Choose or type") if free else _("Choose"),
        help=with_term(str(owner.help_text(field)), field),
        on_change=_several_changed,
        args=(owner, field, key, words or str, if_empty),
    )


def owner_of(field: str, place: str = "page") -> type[Declared]:
    """The declaration that a field belongs to."""
    if place == TRAINING:
        return TrainingSettings
    return Scenario if field in Scenario.model_fields else View


def _plain(words: Callable[[Any], str] | None) -> Callable[[Any], str]:
    """How lists name their options: they read no Markdown, but icons and characters unseen."""
    return lambda option: as_cell((words or str)(option))


def _widget(
    field: str, place: str, as_widget_value: Callable[[Any], Any] = lambda value: value
) -> tuple[type[Declared], str]:
    """Give the widget the field's current value before it is drawn."""
    owner = owner_of(field, place)
    values = state.values_of(owner)
    key = f"{place}:{field}"
    st.session_state[key] = as_widget_value(getattr(values, field))
    return owner, key


def _common(owner: type[Declared], field: str, key: str) -> dict[str, Any]:
    return {
        "help": with_term(str(owner.help_text(field)), field),
        "on_change": _changed,
        "args": (owner, field, key),
    }


def _changed(owner: type[Declared], field: str, key: str) -> None:
    value = st.session_state[key]
    value = _as_typed(field, value, getattr(state.values_of(owner), field))
    change = state.update_training if owner is TrainingSettings else state.update
    change(**{field: tuple(value) if isinstance(value, list) else value})


def _as_typed(field: str, value: Any, before: Any) -> Any:
    """What the reader typed, in full; what stood there before may be of a link and stays so."""
    if field not in TYPED:
        return value
    if isinstance(value, list):
        return [one if one in before else _model_meant(one) for one in value]
    return _model_meant(value)


def _model_meant(typed: str) -> str:
    """The model that a reader means; where half a name was typed, one sentence says which.

    The list takes what is typed as a new choice, even where it shows one that fits.
    """
    model = typed_model(typed)
    near = nearest_model(model)
    if near is None:
        return model
    sentence = (
        _("“%(typed)s” is taken for %(name)s, the first of %(count)s models that it fits.")
        if near.others
        else _("“%(typed)s” is taken for %(name)s.")
    )
    words = {"typed": typed[:80], "name": model_name(near.key), "count": 1 + len(near.others)}
    state.complain(sentence % words)
    return near.key


def _several_changed(
    owner: type[Declared],
    field: str,
    key: str,
    words: Callable[[Any], str],
    if_empty: tuple[Any, ...],
) -> None:
    """Take what was chosen; where nothing is left, say what is used in its place."""
    kept = getattr(state.values_of(owner), field)
    is_needed = bool(owner.model_fields[field].default)
    if not st.session_state[key] and (used := kept if is_needed else if_empty):
        sentence = (
            _("%(label)s: at least one is needed, so yours stay: %(names)s.")
            if is_needed
            else _("%(label)s: none is chosen, so these are used: %(names)s.")
        )
        names = ", ".join(map(words, used))
        state.complain(sentence % {"label": owner.label(field), "names": names})
        if is_needed:
            return
    chosen = tuple(st.session_state[key])
    if field == "target_modules":
        chosen = chosen_targets(kept, chosen)
    st.session_state[key] = list(chosen)
    _changed(owner, field, key)
