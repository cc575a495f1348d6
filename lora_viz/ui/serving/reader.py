"""Who reads: on one's own machine all runs are one's own, elsewhere each browser has its own.

A browser is recognised by a cookie, which the server gives it with the page; a run's folder holds
a hash of it. Where no cookie comes back, a session is another reader until it is reloaded.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.training.folder.owners import keep_owner, owner_of
from lora_viz.training.runs.shipped import is_shipped

RUNS_ARE = "LORA_VIZ_RUNS_ARE"  # "personal" or "shared"
LOCAL_ADDRESSES = ("localhost", "127.0.0.1", "::1")
COOKIE = "lora_viz_reader"
COOKIE_FORM = re.compile(r"[\w-]{22,64}", re.ASCII)
COOKIE_SECONDS = 365 * 24 * 3600
IN_SESSION = "reader"


def runs_are_shared() -> bool:
    """Whether each reader has runs of their own.

    `$LORA_VIZ_RUNS_ARE` says so; where it does not, the server's address does: what listens on
    this machine alone has one reader.

    Raises:
        UserError: the variable has another value.
    """
    told = os.environ.get(RUNS_ARE, "")
    if told not in ("", "personal", "shared"):
        raise UserError(
            _("%(name)s is “%(value)s”; it should be personal or shared.")
            % {"name": RUNS_ARE, "value": told[:60]}
        )
    if told:
        return told == "shared"
    return st.get_option("server.address") not in LOCAL_ADDRESSES


def owns(folder: Path) -> bool:
    """Whether a run or a sweep is this reader's to stop, to resume and to delete."""
    if is_shipped(folder):
        return False
    return not runs_are_shared() or owner_of(folder) == _reader()


def claim(folder: Path) -> None:
    """Note that this reader started a run or a sweep."""
    if runs_are_shared():
        keep_owner(folder, _reader())


def owner_of_uploads() -> str:
    """The word that this reader's uploads are kept by; "" where there is one reader alone."""
    return _reader() if runs_are_shared() else ""


def _reader() -> str:
    """The word that stands for this reader in the folders of runs."""
    given = st.context.cookies.get(COOKIE) or ""
    if not COOKIE_FORM.fullmatch(given):
        given = st.session_state.setdefault(IN_SESSION, secrets.token_urlsafe(24))
    return hashed(given)


def hashed(cookie: str) -> str:
    """The word for the reader whose browser keeps this cookie."""
    return hashlib.sha256(f"reader of lora_viz: {cookie}".encode()).hexdigest()


class ReaderCookie:
    """ASGI middleware that gives a browser without one the cookie that it is recognised by."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "GET" or _is_known(scope):
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html") and _is_wanted():
                    headers.append("set-cookie", _new_cookie(is_secure=scope["scheme"] == "https"))
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _is_known(scope: Scope) -> bool:
    try:
        cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
    except CookieError:
        return False
    return COOKIE in cookies and COOKIE_FORM.fullmatch(cookies[COOKIE].value) is not None


def _is_wanted() -> bool:
    try:
        return runs_are_shared()
    except UserError:
        return False


def _new_cookie(*, is_secure: bool) -> str:
    value = secrets.token_urlsafe(24)
    words = f"{COOKIE}={value}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax"
    return f"{words}; Secure" if is_secure else words
