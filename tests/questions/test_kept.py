"""Answers come from workers, are kept, and survive a worker's death."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lora_viz.errors import LastingError, UserError
from lora_viz.models.architecture import Architecture, Layer
from lora_viz.questions import kept as answers
from lora_viz.questions import process, workers
from lora_viz.questions.ask_for import architecture_of
from lora_viz.questions.plain import decode, encode
from lora_viz.questions.question import Question
from lora_viz.questions.waiting import Request


def end_its_own_process(_model: str) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def libraries_in_the_worker(_model: str) -> list[str]:
    return sorted({"torch", "streamlit", "plotly"} & set(sys.modules))


def test_a_worker_that_dies_costs_one_error_message() -> None:
    for _attempt in range(2):
        with pytest.raises(UserError, match="stopped"):
            answers.ask(Question(end_its_own_process, ("x",)))
        assert answers.ask(architecture_of("gpt2")).total_parameters == 124_439_808
        answers.forget()


def tensor_in_place_of_a_list(_model: str) -> list[float]:
    import torch

    return torch.tensor([0.5])  # type: ignore[return-value]


def tensor_in_place_of_a_number(_model: str) -> dict[str, int]:
    import torch

    return {"one": torch.tensor(3)}  # type: ignore[dict-item]


def text_in_place_of_a_number(_model: str) -> Layer:
    return Layer("w", "Linear", "3", 3, (3, 3), False, 9, None)  # type: ignore[arg-type]


def no_number(_model: str) -> float:
    return float("nan")


def error_of_a_library(_model: str) -> int:
    import torch

    raise torch.OutOfMemoryError("words of a library\nTraceback (most recent call last):")


def error_that_nobody_can_load(_model: str) -> int:
    class OwnError(Exception):
        def __init__(self, _one: int, _two: int) -> None:
            super().__init__("words of a library")

    raise OwnError(1, 2)


def end_of_the_program(_model: str) -> int:
    sys.exit("words of a library")


def too_much_memory(_model: str) -> int:
    return len(bytearray(2**50))


def too_much_memory_for_torch(_model: str) -> int:
    import torch

    try:
        return torch.empty(2**46, dtype=torch.uint8).numel()
    except RuntimeError as error:
        raise UserError(f"words of a library: {error}") from None


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (tensor_in_place_of_a_list, "unforeseen reason"),
        (text_in_place_of_a_number, "unforeseen reason"),
        (no_number, "unforeseen reason"),
        (error_of_a_library, "unforeseen reason"),
        (error_that_nobody_can_load, "unforeseen reason"),
        (end_of_the_program, "unforeseen reason"),
        (too_much_memory, "GiB of memory"),
        (too_much_memory_for_torch, "GiB of memory"),
    ],
)
def test_what_is_no_plain_answer_is_one_sentence_and_the_log_says_more(
    function: Callable[[str], object], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UserError, match=words) as refused:
        answers.ask(Question(function, ("x",)))
    assert type(refused.value) is (LastingError if "memory" in words else UserError)
    assert "library" not in str(refused.value) and "\n" not in str(refused.value)
    assert ("Traceback" in caplog.text) == (words == "unforeseen reason")


def test_a_whole_number_is_one_however_a_library_holds_it() -> None:
    (number,) = answers.ask(Question(tensor_in_place_of_a_number, ("x",))).values()
    assert number == 3 and type(number) is int


def test_a_question_is_asked_once_until_its_answer_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by those who ask while the first has its answer but has not kept it yet."""
    asked: list[str] = []
    keep, submit = answers._keep, workers.submit

    def submit_and_note(question: Question[int]) -> Request[int]:
        asked.append(question.arguments[0])
        return submit(question)

    def ask_again_before(*arguments: Any) -> None:
        assert answers.ask(Question(process_of_the_worker, ("once",))) > 0
        keep(*arguments)

    monkeypatch.setattr(workers, "submit", submit_and_note)
    monkeypatch.setattr(answers, "_keep", ask_again_before)
    with ThreadPoolExecutor(8) as threads:
        found = {
            *threads.map(
                lambda _: answers.ask(Question(process_of_the_worker, ("once",))), range(8)
            )
        }
    assert len(found) == len(asked) == 1
    assert not answers._under_way


def process_of_the_worker(_model: str) -> int:
    return os.getpid()


def test_what_is_known_is_found_while_a_process_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    answers.compute(architecture_of("gpt2"))
    monkeypatch.setattr(workers, "_pool", workers.Pool())  # without a worker
    begun, may_go_on = threading.Event(), threading.Event()

    def fail_slowly(_process: object) -> None:
        begun.set()
        assert may_go_on.wait(60)
        raise OSError("no process can be started")

    monkeypatch.setattr(process.WorkerProcess, "_start", fail_slowly)
    with ThreadPoolExecutor(2) as threads:
        asked = threads.submit(answers.ask, Question(process_of_the_worker, ("slowly",)))
        assert begun.wait(60)
        assert threads.submit(answers.known, architecture_of("gpt2")).result(60) is not None
        assert not asked.done()
        may_go_on.set()
        with pytest.raises(UserError, match="stopped"):
            asked.result()


def test_what_is_remembered_is_bounded_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    answers.forget()
    monkeypatch.setattr(answers, "REMEMBERED_BYTES", 3_000)
    for number in range(20):
        answers.compute(Question(long_answer, (str(number),)))
    assert answers._memory_bytes <= 3_000 and len(answers._memory) == 2
    first, last = (Question(long_answer, (number,)) for number in ("0", "19"))
    assert answers.known(last) and not answers.known(first)


def long_answer(model: str) -> str:
    return model.ljust(1_000)


def test_workers_load_torch_but_no_pages() -> None:
    assert answers.ask(Question(libraries_in_the_worker, ("x",))) == ["torch"]


def test_an_answer_is_found_on_disk_by_the_next_start() -> None:
    first = answers.compute(architecture_of("distilgpt2"))
    answers.forget()
    again = answers.known(architecture_of("distilgpt2"))
    assert isinstance(again, Architecture)
    assert again == first


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[:-9],
    "empty": lambda _content: b"",
    "other JSON": lambda _content: b'{"half": ',
    "one digit": lambda content: content.replace(b"124439808", b"124439809"),
    "not a number": lambda content: content.replace(b"124439808", b"NaN"),
    "no text": lambda _content: b"\xff\x00" * 40,
    "a later version": lambda content: b'{"version": 2, "answer": ' + content + b"}",
}


@pytest.mark.parametrize("how", [*DAMAGES, "a folder in its place"])
def test_a_damaged_answer_is_asked_for_again(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_STORAGE", str(tmp_path))
    answers.forget()
    answers.compute(architecture_of("gpt2"))
    (file,) = tmp_path.glob("answers/*/*.json")
    if how in DAMAGES:
        file.write_bytes(DAMAGES[how](file.read_bytes()))
    else:
        file.unlink()
        (file / "inside").mkdir(parents=True)
    answers.forget()
    assert answers.known(architecture_of("gpt2")) is None
    assert answers.compute(architecture_of("gpt2")).total_parameters == 124_439_808
    assert [*file.parent.iterdir()] == [file], "an unfinished file is left behind"
    answers.forget()
    assert (answers.known(architecture_of("gpt2")) is not None) == (how in DAMAGES)


def test_an_answer_with_what_is_no_number_is_none() -> None:
    content = encode(one_number, 0.5)
    assert decode(one_number, content) == 0.5
    for kept in (b"NaN", b"-Infinity", b"null", b'"x"', b"[0.5]", b""):
        with pytest.raises(ValueError):
            decode(one_number, kept)


def one_number(_model: str) -> float:
    return 0.5


def test_a_place_that_cannot_be_written_costs_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LORA_VIZ_STORAGE", str(tmp_path / "file" / "folder"))
    answers.forget()
    assert answers.compute(architecture_of("gpt2")).total_parameters == 124_439_808


def test_a_changed_local_config_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    for layers in (1, 2):
        file.write_text(f'{{"model_type": "gpt2", "n_layer": {layers}, "n_embd": 8, "n_head": 2}}')
        os.utime(file, ns=(layers, layers))
        assert len(answers.compute(architecture_of(str(tmp_path))).blocks) == layers


def refuse_for_good(folder: str) -> int:
    _note(folder)
    raise LastingError("not with these values")


def refuse_for_now(folder: str) -> int:
    _note(folder)
    raise UserError("not at this moment")


def _note(folder: str) -> None:
    with Path(folder, "asked").open("a") as notes:
        notes.write("again\n")


@pytest.mark.parametrize(("function", "times"), [(refuse_for_good, 1), (refuse_for_now, 3)])
def test_a_refusal_that_would_come_again_is_found_out_once(
    function: Callable[[str], int], times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Question(function, (str(tmp_path),))
    for _attempt in range(3):
        with pytest.raises(UserError, match=r"not (with|at)"):
            answers.ask(question)
    assert (tmp_path / "asked").read_text().count("again") == times
    monkeypatch.setattr(answers, "REFUSED_SECONDS", -1)
    with pytest.raises(UserError, match=r"not (with|at)"):
        answers.ask(question)
    assert (tmp_path / "asked").read_text().count("again") == times + 1


def test_errors_are_in_the_readers_language_and_not_kept() -> None:
    for _attempt in range(2):
        with pytest.raises(UserError, match="is not a model"):
            answers.ask(architecture_of("no-such-model"))


def test_loading_the_computing_modules_does_not_load_torch() -> None:
    import subprocess

    code = (
        "import sys, lora_viz.cli.reports, lora_viz.ui.kit.page, lora_viz.ui.kit.asking;"
        "print(sorted({'torch', 'transformers', 'peft'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
