"""The application within somebody else's page: there it can be looked at, and no more.

A page that frames another can lay its own picture over it, so that a reader's click lands where the
reader does not see it. Hence:

- `frame_ancestors` lets browsers show a page in a frame only within this application itself and
  within the origins that the setting `LORA_VIZ_FRAME_ORIGINS` names;
- with `?embed=true` in its address anyone may frame a page, and a session that began at such an
  address can only be looked at (`may_act`), for as long as it lives.

Whatever starts, stops, resumes, deletes or uploads is drawn by `act_button` or `uploader`, or asks
`may_act` itself. Both halves read the same address: every address that browsers show in any frame
begins a session that may not act, and some more do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from lora_viz.errors import UserError
from lora_viz.i18n import N_, _

ORIGINS = "LORA_VIZ_FRAME_ORIGINS"
ORIGIN_FORM = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
EMBED = "embed"
ONLY_LOOKED_AT = "only-looked-at"
LONGEST_SHOWN = 60


def allowed_origins() -> tuple[str, ...]:
    """The origins of `LORA_VIZ_FRAME_ORIGINS` whose pages may frame this application and use it.

    Raises:
        UserError: one of them is no origin such as https://course.example.
    """
    origins = tuple(os.environ.get(ORIGINS, "").split())
    for origin in origins:
        if not ORIGIN_FORM.fullmatch(origin):
            raise UserError(
                N_(
                    "%(name)s cannot hold “%(origin)s”; it should be origins such as "
                    "https://course.example with spaces between them."
                ),
                name=ORIGINS,
                origin=origin[:LONGEST_SHOWN],
            )
    return origins


def frame_ancestors(query: str) -> str:
    """The directive of `Content-Security-Policy` for a page at an address with this query."""
    if _embed_values(query) == [(EMBED, "true")]:
        return "frame-ancestors *"
    return " ".join(("frame-ancestors 'self'", *allowed_origins()))


def remember() -> None:
    """Keep for the session's life that it began inside another page."""
    if _is_framed_now():
        st.session_state[ONLY_LOOKED_AT] = True


def may_act() -> bool:
    """Whether this session may start, stop, resume, delete and upload."""
    return not (st.session_state.get(ONLY_LOOKED_AT, False) or _is_framed_now())


def why_not() -> str:
    """Why this session may not act, and what helps."""
    return _(
        "Inside another page you cannot start, stop, delete or upload anything. Open LoRA Viz "
        "in its own tab to do that."
    )


def act_button(
    label: str,
    *,
    on_click: Callable[..., Any] | None = None,
    disabled: bool = False,
    help: str | None = None,
    **options: Any,
) -> bool:
    """A `st.button` that starts, stops, resumes or deletes: it does so only if the session may."""
    may = may_act()
    pressed = st.button(
        label,
        on_click=_only_if_allowed(on_click) if on_click else None,
        disabled=disabled or not may,
        help=help if may else why_not(),
        **options,
    )
    return pressed and may


def uploader(label: str, **options: Any) -> UploadedFile | None:
    """A `st.file_uploader` for one file; in its place a sentence where the session may not act."""
    if not may_act():
        st.caption(why_not())
        return None
    return st.file_uploader(label, **options)


def _only_if_allowed(action: Callable[..., Any]) -> Callable[..., None]:
    """The action as a callback that asks again, when it is called."""

    @wraps(action)
    def act(*args: Any, **kwargs: Any) -> None:
        if may_act():
            action(*args, **kwargs)

    return act


def _is_framed_now() -> bool:
    """Whether this run's address, or its browser, says anything of being embedded."""
    context = get_script_run_ctx()
    query = context.query_string if context else ""
    return bool(st.context.is_embedded) or bool(_embed_values(query))


def _embed_values(query: str) -> list[tuple[str, str]]:
    """The parameters of an address that are called embed, in any spelling of capitals."""
    given = parse_qsl(query.lstrip("?"), keep_blank_values=True)
    return [(name, value) for name, value in given if name.strip().lower() == EMBED]
