"""What the server does around the pages: start and stop, response headers, unexpected errors."""

from __future__ import annotations

import logging
import mmap
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.questions import workers
from lora_viz.ui.kit.messages import show_error
from lora_viz.ui.serving.environment import ENOUGH_GB
from lora_viz.ui.serving.warming import warm_up
from lora_viz.ui.session.frames import frame_ancestors

ROOM_BYTES = 2**30  # a first page maps its libraries and its threads' stacks
POLICY = "Content-Security-Policy"
# Not next to `pages/`: a folder of that name next to the script would switch Streamlit's old
# automatic navigation on, which greets a first visit by deep link with a "Page not found" dialog.
SCRIPT = str(Path(__file__).parents[1] / "script.py")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # The address holds a reader's whole scenario, which is no other site's business.
    "Referrer-Policy": "same-origin",
    # A link can hold any words; none of them shall make a reader's browser ask another site.
    POLICY: "img-src 'self' data: blob:; media-src 'self'; frame-src 'self'",
}


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Run the worker processes for as long as the server runs."""
    warn_of_little_memory()
    ended = threading.Event()
    threading.Thread(target=warm_up, args=(ended,), daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        workers.stop()


def warn_of_little_memory() -> None:
    """Say in the log where this process is not allowed what pages take.

    Streamlit then cannot start a reader's thread, and the reader sees a blank page.
    """
    try:
        mmap.mmap(-1, ROOM_BYTES, flags=mmap.MAP_PRIVATE).close()  # asked for, and never used
    except (OSError, MemoryError):
        logging.getLogger(__name__).log(
            logging.WARNING,
            "The server may take too little memory, so pages may stay blank: "
            "raise “ulimit -v” and “ulimit -d” to %s GB or more.",
            ENOUGH_GB,
        )


def explain_script_error(error: Exception) -> bool:
    """Show one sentence in place of an unexpected error, whose traceback Streamlit has logged.

    Returns True: Streamlit's own error box is not shown.
    """
    unexpected = _("Something went wrong while this page was drawn. The server's log says what.")
    show_error(str(error) if isinstance(error, UserError) else unexpected)
    return True


class SecurityHeaders:
    """ASGI middleware that adds `SECURITY_HEADERS` to every HTTP response, and who may frame it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY_HEADERS)
                query = scope.get("query_string", b"").decode("latin-1")
                headers[POLICY] = f"{SECURITY_HEADERS[POLICY]}; {frame_ancestors(query)}"
            await send(message)

        await self.app(scope, receive, send_with_headers)
