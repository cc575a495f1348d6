"""A page as it was recorded: what `_recording` notes and `constant_page` draws again."""

from __future__ import annotations

from typing import Any, NamedTuple

MOVED_RANK = "moved-rank"  # the key of the widget whose value says which rank is drawn


class Call(NamedTuple):
    """A call of one of a container's methods, and the calls inside of what it returns.

    A `value` is what the widget with the same key shows.
    """

    method: str
    arguments: dict[str, Any]
    value: Any = None
    inside: tuple[Call, ...] = ()


class RecordedPage(NamedTuple):
    """What a page draws in the sidebar and beside it.

    `navigation` are the titles and paths of all pages by their section.
    """

    navigation: dict[str, list[tuple[str, str]]]
    sidebar: tuple[Call, ...]
    main: tuple[Call, ...]
