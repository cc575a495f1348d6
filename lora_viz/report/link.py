"""The addresses that restore what a report shows."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from lora_viz.choices.scenario import Scenario


def address_of(base: str, query: Mapping[str, str]) -> str:
    """An address with parameters, without those that it had before."""
    before = base.partition("?")[0].partition("#")[0]
    return f"{before}?{urlencode(query)}" if query else before


def scenario_link(base: str, scenario: Scenario) -> str:
    """The address that opens a scenario; "" where its model is a folder, which fits no link."""
    if not scenario.fits_links("model"):
        return ""
    return address_of(base, scenario.to_query())
