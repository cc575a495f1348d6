"""What a page's run leaves for later: worked out when its browser asks for it.

A browser asks at an address that holds a long random word, which only it was told. What it asks
for lives as long as somebody keeps it, such as the reader's session, and is found no longer.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lora_viz.i18n import in_this_language

FOLDER = "/later"
WORD_BYTES = 24

_all: WeakValueDictionary[str, Later] = WeakValueDictionary()
# one at a time, so that pages that are drawn meanwhile share the interpreter with no more than that
_thread = ThreadPoolExecutor(1, thread_name_prefix="later")


class Later:
    """Work whose answer, plain data, is made once and only if it is asked for.

    The work is done in another thread, in the language of whoever leaves it: there is no session
    there, of which it could read anything.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work: Callable[[], Any] | None = in_this_language(work)
        self._answer = b""
        self._word = secrets.token_urlsafe(WORD_BYTES)
        _all[self._word] = self

    @property
    def address(self) -> str:
        """Where the answer is found, on this server."""
        return f"{FOLDER}/{self._word}"

    def answer(self) -> bytes:
        """The answer as JSON; for one thread at a time."""
        if self._work:
            self._answer = json.dumps(self._work()).encode()
            self._work = None  # and all that it holds
        return self._answer


def later_route() -> Route:
    """The route of the server at which answers are found."""
    return Route(f"{FOLDER}/{{word}}", _send_answer)


async def _send_answer(request: Request) -> Response:
    later = _all.get(request.path_params["word"])
    if later is None:
        return Response(status_code=404)
    answer = await asyncio.get_running_loop().run_in_executor(_thread, later.answer)
    return Response(
        answer, media_type="application/json", headers={"Cache-Control": "private, no-store"}
    )
