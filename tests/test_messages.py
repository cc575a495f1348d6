"""A message is data until it is shown: one answer, or failure, in the language of each reader."""

from __future__ import annotations

import json
import pickle
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message, counted, joined, set_language
from lora_viz.models.source import resolve
from lora_viz.questions import workers
from lora_viz.questions.question import Question
from lora_viz.training.runs.events import EventWriter, NoticeEvent, read_events
from lora_viz.training.runs.results import Check, Ending, ending


def in_language(language: str, said: object) -> str:
    """What is shown to a reader of a language."""

    def show() -> str:
        set_language(language)
        return str(said)

    return copy_context().run(show)


def test_one_error_is_worded_for_each_reader() -> None:
    with pytest.raises(UserError) as raised:
        resolve("no-such-model")
    assert in_language("en", raised.value).startswith("“no-such-model” is not a model: use a name")
    assert in_language("ko", raised.value).startswith("“no-such-model”: 모델이 아닙니다")


def test_messages_within_messages_speak_the_same_language() -> None:
    inner = UserError(N_("There is no run “%s”."), "a")
    outer = Message(N_("The run “%(run)s” cannot be read: %(reason)s"), run="b", reason=inner)
    assert in_language("en", outer) == "The run “b” cannot be read: There is no run “a”."
    assert in_language("ko", outer) == "실행 “b”: 읽을 수 없습니다: 그런 실행이 없습니다: “a”."
    assert in_language("ko", joined("; ", [inner.message, inner.message])).count("“a”.; ") == 1


def test_a_message_about_a_number_of_things_has_its_form() -> None:
    def steps(count: int) -> Message:
        return counted(
            "%(count)s step is done for %(name)s.", "%(count)s steps are done.", count, name="x"
        )

    assert in_language("en", steps(1)) == "1 step is done for x."
    assert in_language("en", steps(1_000)) == "1,000 steps are done."


@pytest.mark.parametrize(
    "message",
    [
        Message(N_("There is no run yet.")),
        Message("100 % of it"),
        Message(N_("There is no run “%s”."), "\udcff%s"),
        Message(N_("%(kind)s from %(low)s to %(high)s"), kind=Message("text"), low=1, high=0.5),
        counted("%(count)s run", "%(count)s runs", 3),
        Message(""),
    ],
    ids=repr,
)
def test_a_message_survives_json_and_pickle(message: Message) -> None:
    again = Message.from_data(json.loads(json.dumps(message.as_data())))
    assert str(again) == str(message).encode("utf-8", "backslashreplace").decode()
    assert pickle.loads(pickle.dumps(message)) == message and hash(message) == hash(message)
    adapter: TypeAdapter[Any] = TypeAdapter(Message)
    assert adapter.validate_json(adapter.dump_json(message)) == again


@pytest.mark.parametrize(
    "data",
    [
        "text",
        None,
        {},
        {"text": 1},
        {"text": "%(a)s", "values": {"b": 1}},
        {"text": "%s %s", "values": ["a"]},
        {"text": "%(a)999999999d", "values": {"a": 1}},
        {"text": "%*d", "values": [99999999, 1]},
        {"text": "%.999999999f", "values": [0.5]},
        {"text": "%d", "values": ["a"]},
        {"text": "%s", "values": [[1]]},
        {"text": "a", "plural": "b"},
        {"text": "%(count)s", "plural": "%(many)s", "values": {"count": 1}},
        {"text": "%s", "values": [{"text": "%(a)s", "values": {"b": 1}}]},
    ],
    ids=str,
)
def test_what_makes_no_sentence_is_refused(data: Any) -> None:
    with pytest.raises(ValueError):
        Message.from_data(data)


def test_messages_within_messages_have_a_bound() -> None:
    data: Any = {"text": "a"}
    for _level in range(1_000):
        data = {"text": "%s", "values": [data]}
    with pytest.raises(ValueError):
        Message.from_data(data)


def test_what_a_run_records_is_read_in_each_readers_language(tmp_path: Path) -> None:
    too_long = Message(N_("%s cannot be read."), "a")
    writer = EventWriter(tmp_path / "events.jsonl")
    writer.write(NoticeEvent.of(too_long))
    writer.close()
    with (tmp_path / "events.jsonl").open("a") as file:  # as earlier versions wrote it
        file.write('{"kind":"notice","time":1.0,"message":"그때의 문장, 100 %"}\n')
    new, old = read_events(tmp_path / "events.jsonl")
    assert isinstance(new, NoticeEvent) and isinstance(old, NoticeEvent)
    assert new.message == in_language("en", new.sentence) == "a cannot be read."
    assert in_language("ko", new.sentence) == "a 파일을 읽을 수 없습니다."
    assert in_language("en", old.sentence) == "그때의 문장, 100 %"


def test_how_a_job_ended_is_read_in_each_readers_language() -> None:
    full = Message(N_("The disk is full."))
    end = Ending(state="failed", **ending(full, None))
    again = Ending.model_validate_json(end.model_dump_json())
    assert again == end and end.reason == "The disk is full." and not end.what_to_try
    assert in_language("ko", again.why) == "디스크가 가득 찼습니다."
    assert str(Ending(state="failed", reason="alt").why) == "alt"
    assert str(Check(name="rank", passed=None, note="alt").why_not) == "alt"


def test_a_workers_refusal_is_worded_by_who_asked() -> None:
    with pytest.raises(UserError) as raised:
        workers.wait_for(workers.submit(Question(resolve, ("no-such-model",))))
    assert "is not a model" in in_language("en", raised.value)
    assert "모델이 아닙니다" in in_language("ko", raised.value)


@pytest.mark.parametrize(
    ("outside", "shown"),
    [
        ("two\nlines\r\x1b[2J", "two�lines��[2J"),
        ("\u2067turned\u2069 \u202egnp.exe", "�turned� �gnp.exe"),
        ("half \udfff", "half \\udfff"),
        ("joined\u200d\u2028\u2029\x85", "joined\u200d���"),
        ("1\u2009000 Qc\u0301 데이터 שלום", "1\u2009000 Qc\u0301 데이터 שלום"),
    ],
)
def test_a_sentence_is_one_line_of_seen_signs_whatever_it_quotes(outside: str, shown: str) -> None:
    assert str(Message(N_("There is no run “%s”."), outside)) == f"There is no run “{shown}”."
    assert str(Message(N_("%(file)s is empty."), file=Path(outside))) == f"{shown} is empty."
