"""A link is written by anyone: it sets what it may, says what is wrong, and opens no file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_viz.adapter.peft_matching import check_pattern
from lora_viz.choices.declaration import Declared
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.scenario_links import decode, encode
from lora_viz.choices.targets import DEEPEST_PATTERN
from lora_viz.errors import UserError
from lora_viz.figures.compare_runs_curves import MOST_RUNS
from lora_viz.i18n import set_language
from lora_viz.models import source
from lora_viz.models.source import resolve, typed_model
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.session import links
from lora_viz.ui.session.view import COMPARED_AT_ONCE, View

BAIT = "a-file-that-no-link-may-name"
DECLARED: tuple[tuple[str, type[Declared]], ...] = (
    ("", Scenario),
    ("", View),
    (links.OF_TRAINING, TrainingSettings),
)
# every name under which a link may try to set a field: its short name, its own, in both spellings
NAMES = sorted(
    {
        prefix + name
        for prefix, owner in DECLARED
        for short, field in owner.fields_by_short_name().items()
        for name in (short, field, field.replace("_", "-"))
    }
)
PATHS = (
    *("/etc/passwd", "~nosuchuser/x", "~/x", "./x", "../x", "a/../b", "a/b/c", "//host/x", "."),
    *("file:///etc/passwd", r"C:\x", r"\\host\x", "upload:../../etc/passwd", "custom:/etc/passwd"),
    *("/dev/zero", "/proc/self/environ", "a/" * 3000, "/" + "x" * 300, "\0", "~\0"),
)
WRONG = (
    *("9" * 1_000_000, "-" + "9" * 5000, "0." + "0" * 5000 + "1", "nan", "-inf", "1e999", "0x10"),
    *("[" * 5000, "(" * 60 + "a" + ")" * 60, "(a+)+$", "*", "a{99999999999}", "`", "x," * 20_000),
    *("\ud800", "\u202egnp.exe", "\n# Heading", "\r\n", "\x1b[2J", "�", "ㄱ" * 300, "", " ", ","),
    *("True", "None", "{}", "<img src=//x>", "~" * 20_000, "model=" * 5000, "&" * 20_000),
)
HOSTILE = st.one_of(
    st.sampled_from(WRONG + PATHS),
    st.text(max_size=40),
    st.integers().map(str),
    st.floats().map(str),
)


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    set_language("en")


@contextmanager
def opened_files() -> Iterator[list[str]]:
    """What this process opens, lists or runs meanwhile, as Python's own audit events tell it."""
    seen: list[str] = []
    _listeners.append(seen)
    try:
        yield seen
    finally:
        _listeners.remove(seen)


_listeners: list[list[str]] = []


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    if _listeners and event.split(".")[0] in ("open", "os", "glob", "pathlib", "subprocess"):
        for seen in _listeners:
            seen.append(f"{event} {arguments!r}")


sys.addaudithook(_listen)  # there is no way to take it off again


def is_in_order(given: links.Link) -> bool:
    """Whether settings are such as any link may make, and their own link makes them again."""
    again = links.read(links.write(given.scenario, given.view, given.training))
    return (
        (again.scenario, again.view, again.training) == (given.scenario, given.view, given.training)
        and not again.complaints
        and given.training.data_file == ""
        and given.scenario.fits_links("model")
        and len(given.complaints) <= links.MOST_COMPLAINTS + 1
        and all(len(one) < 900 and one.isprintable() for one in map(str, given.complaints))
    )


def test_what_a_link_may_not_set_is_what_names_files() -> None:
    kept_out = {
        prefix + field
        for prefix, owner in DECLARED
        for field in owner.model_fields
        if not owner.is_in_links(field)
    }
    assert kept_out == {"train-scenario", "train-data_file"}


@settings(max_examples=1200)
@given(st.dictionaries(st.sampled_from(NAMES), HOSTILE, max_size=6))
def test_any_link_gives_settings_and_a_few_sentences(query: dict[str, str]) -> None:
    assert is_in_order(links.read(query))


@settings(max_examples=400)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(Scenario.fields_by_short_name())), HOSTILE), max_size=4
    )
)
def test_any_comparison_in_a_link_gives_settings_and_a_few_sentences(
    fields: list[tuple[str, str]],
) -> None:
    text = "~".join(f"model=gpt2&{name}={value}" for name, value in fields)
    assert is_in_order(links.read({"compare": text}))


@pytest.mark.parametrize("value", [*WRONG, *PATHS], ids=lambda value: repr(value[:12]))
def test_one_wrong_value_costs_one_sentence_under_every_name(value: str) -> None:
    with opened_files() as opened:
        for name in NAMES:
            given = links.read({name: value})
            assert is_in_order(given), name
            assert len(given.complaints) <= 1 or name == "compare", name
    assert not opened


def test_everything_wrong_at_once_costs_a_few_sentences() -> None:
    given = links.read(dict.fromkeys(NAMES, "9" * 5000))
    assert len(given.complaints) == links.MOST_COMPLAINTS + 1
    assert is_in_order(given)


@pytest.mark.parametrize("name", ["train-data", "train-data_file", "train-data-file"])
@pytest.mark.parametrize("path", PATHS)
def test_a_link_names_no_data(name: str, path: str) -> None:
    given = links.read({name: path})
    assert given.training == links.read({}).training
    if name != "train-data-file":  # which is no name of the field
        (complaint,) = given.complaints
        assert str(complaint) == "Data file is not taken from links; choose it on its page."


@pytest.mark.parametrize("path", PATHS)
def test_a_link_names_no_folder_as_its_model(path: str) -> None:
    given = links.read(
        {
            "model": path,
            "planned-models": f"gpt2-xl,{path}",
            "compare": "model=" + quote(path).replace("~", "%7E"),
        }
    )
    assert given.scenario.model == "gpt2"
    assert given.view.planned_models == () and given.view.compared == ""
    assert len(given.complaints) == 3 and all("cannot be" in str(said) for said in given.complaints)


def test_what_is_wrong_is_said_in_the_language_of_whoever_shows_it() -> None:
    (complaint,) = links.read({"lang": "ko", "rank": "0"}).complaints
    set_language("ko")
    sentence = str(complaint)
    assert "“0”" in sentence and not sentence.isascii() and "cannot be" not in sentence


def test_a_name_with_a_slash_is_the_hubs_though_a_folder_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / BAIT / "model"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "gpt2"}')
    monkeypatch.chdir(tmp_path)
    asked: list[str] = []

    def download(hub_id: str) -> Path:
        asked.append(hub_id)
        raise UserError("from the hub")

    monkeypatch.setattr(source, "_download", download)
    name = links.read({"model": f"{BAIT}/model"}).scenario.model
    with opened_files() as opened, pytest.raises(UserError, match="from the hub"):
        resolve(name)
    assert asked == [name] and not opened
    with opened_files() as opened, pytest.raises(UserError, match="is not a model"):
        resolve(BAIT)
    assert not opened
    assert resolve(typed_model(name)).values == {"model_type": "gpt2"}  # typed by the reader
    assert typed_model(name) == str(folder)


def test_names_that_people_type_stay_what_they_are() -> None:
    names = ("gpt2", "openai-community/gpt2", "custom:2x64x2x300x64", "~nosuchuser/x", "\0", "")
    assert tuple(map(typed_model, names)) == names


def test_a_local_folder_stays_in_its_session() -> None:
    local = Scenario(model="/models/mine", target_modules=("q_proj",), rank=16)
    view = View(
        planned_models=("/models/mine", "gpt2-xl"), compared=encode((local, Scenario(rank=4)))
    )
    query = links.write(local, view, TrainingSettings(data_file="/data/mine.txt", scenario=local))
    assert "mine" not in str(query)
    assert query["rank"] == "16" and "targets" not in query
    assert query["planned-models"] == "gpt2-xl" and query["compare"] == "model=gpt2&rank=4"


@pytest.mark.parametrize("pattern", ["[" * 5000, "(" * 5000, "(" * 60 + "a" + ")" * 60])
def test_a_pattern_has_few_brackets_within_each_other(pattern: str) -> None:
    with pytest.raises(UserError, match="brackets"):
        Scenario.make({"targets": pattern})
    with pytest.raises(UserError, match="not a regular expression") as raised:
        check_pattern("(" * 5000, ["c_attn"])
    assert len(str(raised.value)) < 300
    assert Scenario.make({"targets": "(" * DEEPEST_PATTERN + "a" + ")" * DEEPEST_PATTERN})


def test_a_number_of_repetitions_beyond_reason_is_one_sentence() -> None:
    with pytest.raises(UserError, match="not a regular expression"):
        check_pattern("a{99999999999999999999}", ["c_attn"])


@pytest.mark.parametrize(
    ("query", "spoken", "language", "written"),
    [
        ({}, "en", "en", {}),
        ({}, "ko", "ko", {"lang": "ko"}),
        ({"lang": "ko"}, "en", "ko", {"lang": "ko"}),
        ({"lang": "en"}, "ko", "en", {"lang": "en"}),
        ({"language": "en"}, "ko", "en", {"lang": "en"}),
    ],
)
def test_a_link_without_a_language_is_read_in_the_browser_s(
    query: dict[str, str], spoken: str, language: str, written: dict[str, str]
) -> None:
    given = links.read(query, spoken)
    assert given.scenario.language == language
    assert links.write(given.scenario, given.view, given.training, spoken) == written


def test_lists_are_short_and_hold_each_value_once() -> None:
    assert COMPARED_AT_ONCE == MOST_RUNS
    given = links.read(
        {"runs": "a,b,a", "planned-ranks": "8,08,16", "planned-methods": "lora,lora,full"}
    )
    assert given.view.compared_runs == ("a", "b") and given.view.planned_ranks == (8, 16)
    assert given.view.planned_methods == ("lora", "full") and given.complaints == []
    runs, targets = (",".join(f"{word}{n}" for n in range(20_000)) for word in ("run-", "layer"))
    many = links.read({"runs": runs, "targets": targets})
    assert many.view.compared_runs == () and many.scenario == Scenario()
    assert len(many.complaints) == 2


@pytest.mark.parametrize("path", ["~nosuchuser/x", "a/" * 3000, "x" * 300, "\0"])
def test_a_path_that_no_file_has_is_one_sentence(path: str) -> None:
    with pytest.raises(UserError, match="Data file cannot be"):
        TrainingSettings.make({"data": path})


def test_what_stands_twice_is_not_taken() -> None:
    """Of `?rank=4&rank=16` a browser and a server may each know one value only."""
    given = links.read({"rank": "16", "steps": "9", "s": "x"}, repeated=["rank", "steps", "s"])
    assert given.scenario.rank == Scenario().rank
    assert list(map(str, given.complaints)) == [
        "The link has “rank” twice; it should have it once.",
        "The link has “s” twice; it should have it once.",
    ]


@pytest.mark.parametrize(
    ("prefix", "short", "field", "values"),
    [
        ("", "targets", "target_modules", ("c_fc", "c_proj")),
        ("train-", "learning-rate", "learning_rate", ("1", "2")),
    ],
)
def test_one_setting_under_two_names_stands_there_twice(
    prefix: str, short: str, field: str, values: tuple[str, str]
) -> None:
    given = links.read({prefix + short: values[0], prefix + field: values[1]})
    assert [f"has “{short}” twice" in str(one) for one in given.complaints] == [True]
    assert (given.scenario, given.training.learning_rate) == (
        Scenario(),
        links.read({}).training.learning_rate,
    )


def test_a_compared_scenario_that_says_something_twice_is_left_out() -> None:
    for part in ("model=gpt2&rank=8&rank=16", "model=gpt2&targets=c_fc&target_modules=c_proj"):
        _compared, complaints = decode(f"{part}~model=gpt2")
        assert len(_compared) == 1 and "twice; it should have it once" in str(complaints[0])
