"""The sidebar that every page shares: the scenario, and the language."""

from __future__ import annotations

import streamlit as st

from lora_viz.choices.recipes import RECIPES
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.figures.wording.names import method_name, model_name
from lora_viz.i18n import LANGUAGES, _
from lora_viz.models.catalogue import catalogue
from lora_viz.models.hub_names import catalogue_key
from lora_viz.models.source import MAXIMUM_CONFIG_MB, CustomGPT2, parse_custom, store_upload
from lora_viz.ui import page_list
from lora_viz.ui.kit import controls
from lora_viz.ui.kit.asking import check_model, known_targets
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.session import state
from lora_viz.ui.session.frames import uploader
from lora_viz.ui.stage.entrance import present
from lora_viz.ui.take_home.place import take_home
from lora_viz.ui.tour.ways_in import tours_in_sidebar

# lowest, highest and step of the sliders for a custom GPT-2; links may go beyond them
CUSTOM_SLIDERS = {
    "layers": (1, 128, 1),
    "width": (64, 16384, 64),
    "heads": (1, 128, 1),
    "vocabulary": (256, 262_144, 1),
    "context": (128, 131_072, 128),
}
# fields that stand above the further settings or below them, or on a page
ALWAYS_SEEN = ("model", "method", "rank", "alpha", "target_modules", "language")
OF_PEFT = Scenario.fields_of("peft")
ELSEWHERE = (*ALWAYS_SEEN, *OF_PEFT, "gpu", "gpu_memory_gb")
UPLOADS = "model-uploads"
RECIPE = "sidebar:recipe"


def sidebar() -> None:
    """Draw the sidebar; a change anywhere in it changes the whole app."""
    with st.sidebar:
        controls.select("model", tuple(catalogue()), "sidebar", words=model_name, free=True)
        if not state.scenario().fits_links("model"):
            st.caption(
                _(
                    "A folder of this machine is not in the address: a reload, or a link to this "
                    "page, opens with %s."
                )
                % as_markdown(model_name(Scenario().model))
            )
        _stand_in(state.scenario().model)
        _other_models()
        controls.options("method", "sidebar", words=method_name)
        rank, alpha = st.columns(2)
        with rank:
            controls.number("rank", "sidebar")
        with alpha:
            controls.number("alpha", "sidebar")
        controls.several("target_modules", known_targets(), "sidebar")
        _recipes()
        _peft_settings()
        _training_settings()
        tours_in_sidebar()
        present()
        take_home()
        _language()


def _stand_in(model: str) -> None:
    """Which of the catalogue's models stands in for one of the hub that is out of reach."""
    key = catalogue_key(model)
    if key is not None and key != model:
        st.caption(
            _("If the hub cannot be reached, the layers of %(model)s in the catalogue are taken.")
            % {"model": as_markdown(model_name(key))}
        )


def _language() -> None:
    words = LANGUAGES.__getitem__
    if len(LANGUAGES) <= controls.MOST_BUTTONS:
        controls.options("language", "sidebar", words=words)
    else:
        controls.select("language", tuple(LANGUAGES), "sidebar", words=words)


def _recipes() -> None:
    """A list of recipes, which shows the one that the scenario is; choosing sets all of it."""
    st.session_state[RECIPE] = state.scenario().recipe
    st.selectbox(
        str(Scenario.label("recipe")),
        tuple(RECIPES),
        key=RECIPE,
        format_func=lambda name: _(RECIPES[name].label),
        placeholder=_("none: settings of your own"),
        help=str(Scenario.help_text("recipe")),
        on_change=_take_recipe,
    )


def _take_recipe() -> None:
    name = st.session_state[RECIPE]
    if name:
        state.update(**RECIPES[name].settings)


def _peft_settings() -> None:
    """What else PEFT can be told, closed, with how many of it are not as usual."""
    usual = state.scenario().defaults()
    count = sum(getattr(state.scenario(), field) != getattr(usual, field) for field in OF_PEFT)
    title = _("More PEFT settings")
    more = st.expander(
        f"{title}: {count}" if count else title, key="peft-settings", on_change="rerun"
    )
    if not more.open:
        return
    with more:
        for field in OF_PEFT:
            controls.control(field, "sidebar")


def _training_settings() -> None:
    more = st.expander(_("More settings"), key="more-settings", on_change="rerun")
    if not more.open:  # what is not seen is not drawn either, which makes every page faster
        return
    with more:
        for title, fields in Scenario.groups().items():
            further = [field for field in fields if field not in ELSEWHERE]
            if further:
                st.caption(str(title))
            for field in further:
                controls.control(field, "sidebar")


def _other_models() -> None:
    own = st.expander(_("Your own model"), key="own-model", on_change="rerun")
    if not own.open:
        return
    with own:
        _upload()
        st.markdown(_("Or a GPT-2 with sizes that you choose:"))
        _custom_sizes()
        st.page_link(
            page_list.file_of("bring_your_own"),
            label=_("Or the file of a trainer, or of an adapter"),
            icon=":material/arrow_forward:",
        )


def _upload() -> None:
    """A place for a config.json, which is empty again after each, and what is in use now.

    The browser itself refuses a file that is too large and tells nobody, so the model in use is
    always named here.
    """
    number = st.session_state.setdefault(UPLOADS, 0)
    uploaded = uploader(
        _("A model's config.json"),
        type="json",
        key=f"upload-{number}",
        max_upload_size=MAXIMUM_CONFIG_MB,
    )
    if uploaded is not None:
        st.session_state[UPLOADS] = number + 1
        _use_upload(uploaded.getvalue())
    st.caption(_("In use now: %s") % as_markdown(model_name(state.scenario().model)))


def _use_upload(text: bytes) -> None:
    """Take the model, or say why not and which one stays."""
    try:
        model = store_upload(text)
        check_model(model, model_name(model))
    except UserError as error:
        stays = _("The model stays %s.") % model_name(state.scenario().model)
        state.complain(f"{error} {stays}")
    else:
        state.update(model=model)
    st.rerun()


def _custom_sizes() -> None:
    shown = parse_custom(state.scenario().model) or CustomGPT2()
    names = {
        "layers": _("Layers"),
        "width": _("Width"),
        "heads": _("Heads"),
        "vocabulary": _("Vocabulary"),
        "context": _("Context"),
    }
    with st.form("custom", border=False):
        sizes = {
            size: st.slider(
                names[size],
                low,
                high,
                value=max(low, min(getattr(shown, size), high)),
                step=step,
            )
            for size, (low, high, step) in CUSTOM_SLIDERS.items()
        }
        if st.form_submit_button(_("Use these sizes")):
            _use_custom(CustomGPT2(**sizes))


def _use_custom(sizes: CustomGPT2) -> None:
    try:
        sizes.config()
    except UserError as error:
        state.complain(str(error))
    else:
        state.update(model=sizes.name)
    st.rerun()
