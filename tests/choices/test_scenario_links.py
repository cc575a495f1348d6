"""A comparison's link: what it restores, and what it leaves out with a sentence."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lora_viz.choices.scenario import Scenario
from lora_viz.choices.scenario_links import MOST, decode, differing_fields, encode, plain
from lora_viz.ui.session.view import View
from tests.choices.test_scenario import VALUES

SCENARIO = st.fixed_dictionaries({}, optional=VALUES).map(Scenario.make).map(plain)


@settings(max_examples=50)
@given(st.lists(SCENARIO, max_size=MOST, unique=True))
def test_a_link_restores_every_scenario(scenarios: list[Scenario]) -> None:
    text = View(compared=encode(tuple(scenarios))).to_query().get("compare", "")
    assert decode(text) == (tuple(scenarios), [])


def test_a_pattern_with_the_signs_of_links_is_restored() -> None:
    scenario = plain(Scenario(target_modules=(r"h\.[0-3]~&=(c_attn|c_proj){1,2}",)))
    assert decode(encode((scenario, plain(Scenario())))) == ((scenario, plain(Scenario())), [])


def test_one_wrong_scenario_is_left_out_with_one_sentence_and_the_rest_stays() -> None:
    scenarios, complaints = decode("model=gpt2~model=gpt2&rank=99999~model=gpt2&rank=16")
    assert [scenario.rank for scenario in scenarios] == [8, 16]
    (complaint,) = map(str, complaints)
    assert complaint.startswith("Scenario 2") and "99999" in complaint


def test_more_than_four_are_left_out_with_one_sentence() -> None:
    scenarios, complaints = decode("~".join(f"model=gpt2&rank={rank}" for rank in range(1, 8)))
    assert len(scenarios) == MOST and len(complaints) == 1 and "3" in str(complaints[0])


@settings(max_examples=50)
@given(st.text())
def test_any_text_gives_scenarios_or_sentences(text: str) -> None:
    scenarios, complaints = decode(text)
    assert len(scenarios) <= MOST and len(complaints) <= MOST + 1


def test_the_settings_that_differ_are_named() -> None:
    here, there = Scenario(), Scenario(rank=16, gradient_checkpointing=True, language="ko")
    assert differing_fields((here, there)) == ["rank", "gradient_checkpointing"]
    assert differing_fields((here,)) == []
