"""What a stage tells its notes, and what a link leaves out."""

from __future__ import annotations

from lora_viz.ui.session.view import PARTS_TO_HIDE, View
from lora_viz.ui.stage import rooms
from lora_viz.ui.stage.hidden import PLACES, places_of
from tests.application import opened


def test_a_room_is_known_by_its_name_alone_and_old_ones_give_way() -> None:
    mine, now = rooms.new_room(), rooms.OnStage("memory", "", 1)
    rooms.say_where(mine, now)
    assert rooms.shown_in(mine) == now
    assert rooms.shown_in(rooms.new_room()) is None
    for _number in range(rooms.MOST_ROOMS):
        rooms.say_where(rooms.new_room(), now)
    assert rooms.shown_in(mine) is None


def test_parts_and_settings_can_be_left_out_by_their_names_in_links() -> None:
    assert set(PLACES) == set(PARTS_TO_HIDE)
    assert places_of(("targets",)) == [
        ".st-key-page-target_modules",
        ".st-key-sidebar-target_modules",
    ]
    app = opened("decomposition", hide="tabs,no-such-setting")
    assert [one.value for one in app.warning] == [
        "There is no part of a page and no setting “no-such-setting” to leave out."
    ]


def test_a_link_to_the_stage_has_no_sidebar_and_one_to_notes_no_page() -> None:
    staged = opened("decomposition", stage=1)
    assert staged.session_state["view"].stage and not staged.sidebar.children
    assert {"stage-back", "stage-next", "stage-leave"} <= {one.key for one in staged.button}
    told = rooms.new_room()
    rooms.say_where(told, rooms.OnStage("memory", "stakeholders", 2))
    followed = opened("", notes=told)
    assert not followed.sidebar.children and len(followed.title) == 1
    assert not followed.slider and "min" in followed.caption[0].value
    unknown = opened("", notes="0123456789abcdef")
    assert "This stage is over" in unknown.info[0].value


def test_what_is_no_name_is_refused_with_a_sentence() -> None:
    app = opened("decomposition", hide="a b,<script>", notes="x")
    assert not app.session_state["view"].hide and not app.session_state["view"].notes
    assert len(app.warning) == 2
    view, complaints = View.from_query({"hide": "tabs,rank"})
    assert view.hide == ("tabs", "rank") and not complaints
