"""Whether a stop is done, as far as what is set tells."""

from __future__ import annotations

from collections.abc import Mapping

from lora_viz.tours.tour import Stop
from lora_viz.ui.session import links
from lora_viz.ui.session.links import Link


def stop_is_done(stop: Stop, now: Link, page: str) -> bool:
    """Whether the stop's conditions hold, or what is to be tried is set, or its page was seen."""
    if stop.done:
        return all(one.holds(_value_of(one.setting, now)) for one in stop.done)
    if stop.tried:
        return now_is(dict(stop.tried), now)
    return page == stop.page


def now_is(settings: Mapping[str, str], now: Link) -> bool:
    """Whether each of these parameters of a link is what is set now."""
    wanted = links.read(settings)
    return all(_value_of(name, now) == _value_of(name, wanted) for name in settings)


def _value_of(name: str, of: Link) -> object:
    """The value of a setting by its name in links; None where there is no such setting."""
    if name.startswith(links.OF_TRAINING):
        holders = ((name.removeprefix(links.OF_TRAINING), of.training),)
    else:
        holders = ((name, of.scenario), (name, of.view))
    for short, holder in holders:
        field = type(holder).fields_by_short_name().get(short)
        if field:
            return getattr(holder, field)
    return None
