"""The command line as a user runs it: in a separate process."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import IO, Any
from unicodedata import east_asian_width

import pytest
from peft import LoraConfig, get_peft_model
from transformers import GPT2Config, GPT2LMHeadModel

from lora_viz.choices.scenario import Scenario
from lora_viz.cli.app import app, main
from lora_viz.cli.terminal import saying_where_slow
from lora_viz.errors import UserError
from lora_viz.i18n import set_language
from lora_viz.models.catalogue import weights_folder
from lora_viz.storage import runs_folder
from lora_viz.training.settings import TrainingSettings


def run(
    *arguments: str,
    stdout: int | IO[str] = subprocess.PIPE,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lora_viz", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=os.environ | variables,
        text=True,
        check=False,
    )


def test_what_takes_long_says_so_once_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    with saying_where_slow("never said"):
        pass
    said = ""
    with saying_where_slow("This takes long.", seconds=0):
        while not said:
            said = capsys.readouterr().err
    assert said == "This takes long.\n" and capsys.readouterr().err == ""


def test_count_answers_as_json() -> None:
    done = run("count", "gpt2", "--rank=8", "--alpha=16", "--targets=c_attn,c_proj", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and done.stderr == ""
    assert answer["total_parameters"] == 124_439_808
    assert answer["trainable_parameters"] == 811_008
    assert answer["trainable_percent"] == pytest.approx(100 * 811_008 / 124_439_808)
    assert answer["peft_trainable_percent"] == pytest.approx(0.6475, abs=5e-5)
    assert len(answer["modules"]) == 36
    assert answer["modules"][0] == {
        "name": "transformer.h.0.attn.c_attn",
        "in_features": 768,
        "out_features": 2304,
        "parameters": 24_576,
    }


def test_count_says_what_peft_prints_and_a_row_for_each_kind_of_layer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = GPT2Config.from_pretrained(str(weights_folder("tiny-gpt2")))
    adapter = LoraConfig(r=8, target_modules=["c_attn", "attn.c_proj"], fan_in_fan_out=True)
    get_peft_model(GPT2LMHeadModel(config), adapter).print_trainable_parameters()
    printed = capsys.readouterr().out.strip()
    line, _header, *rows = printed_here(capsys, "count", "tiny-gpt2").splitlines()
    assert line == printed
    assert [row.split()[:2] for row in rows] == [["4", "attn.c_attn"], ["4", "attn.c_proj"]]
    assert sum(int(row.split()[-1].replace(",", "")) for row in rows) == 24_576
    line, _header, *rows = printed_here(capsys, "count", "tiny-gpt2", "--layers").splitlines()
    assert line == printed
    assert [row.split()[0] for row in rows] == [
        f"transformer.h.{block}.attn.{name}" for block in range(4) for name in ("c_attn", "c_proj")
    ]


def test_full_fine_tuning_s_line_and_korean_columns_that_stand_below_each_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = printed_here(capsys, "count", "tiny-gpt2", "--method=full", "--lang=ko")
    line, header, *rows = text.splitlines()
    assert line == "trainable params: 957,184 || all params: 957,184 || trainable%: 100.0000"
    width = sum(1 + (east_asian_width(letter) in "WF") for letter in header)
    assert {len(row) for row in rows} == {width}


def test_checkpoint_answers_to_the_byte(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--targets=c_attn,c_proj", "--adapter-dtype=float32", "--json")
    answer = json.loads(printed_here(capsys, "checkpoint", "gpt2", *options))
    assert answer["adapter_bytes"] == 3_253_104
    assert answer["full_model_bytes"] == 497_774_208
    # measured: 9.35 MiB for adapter and optimizer state together
    both = answer["adapter_bytes"] + answer["optimizer_bytes"]
    assert both / 2**20 == pytest.approx(9.35, abs=0.005)


HOSTILE_LINES = [
    b"{not json",
    b'["gpt2"]',
    b"[" * 100_000,
    b'{"model": "gpt2", "rank": 0}',
    b'{"model": "gpt2", "rank": true}',
    b'{"model": "gpt2", "rank": NaN}',
    b'{"model": "gpt2", "rank": 1e400}',
    b'{"model": "gpt2", "rank": [8]}',
    b'{"model": "gpt2", "rank": null}',
    b'{"model": "gpt2", "target_modules": {"c_attn": 1}}',
    b'{"model": "gpt2", "target_modules": [["c_attn"]]}',
    b'{"model": "gpt2", "target_modules": "("}',
    b'{"model": "gpt2", "\\ud800": 1}',
    b'{"model": "\\ud800"}',
    b'{"model": "\xff"}',
    b'{"model": "a\\u0000b"}',
    b'{"model": "' + b"a" * 5_000 + b'"}',
    b'{"model": "~no-such-user/gpt2"}',
    b'{"model": "../.."}',
    b'{"model": "custom:' + b"9" * 5_000 + b'x1x1x1x1"}',
    b'{"model": ["gpt2"]}',
    b'{"model": "gpt2", "self": 1}',
    b'{"model": "gpt2", "rank": 8, "rank": 9}',
    b'{"model": "gpt2", "targets": "c_attn", "target_modules": ["c_fc"]}',
    b'{"model": "gpt2", "rank": ' + b"9" * 900_000 + b"}",
    b'{"model": ' + b"9" * 5_000 + b"}",
    b'{"model": "' + b"b" * 3_000_000 + b'"}',
    b'{"model": "gpt2", "targets": [' + b"1, " * 1_000_000 + b"1]}",
    b'{"model": ' + b"[" * 900 + b"]" * 900 + b"}",
    b"\0\0\0\0",
]
# what is said of some of them
SAID = {
    b'"rank": 9}': "This line has “rank” twice.",
    b'["c_fc"]}': "This line has “target_modules” twice.",
    b"999}": "it should be",
    b'bbb"}': "This line is too long; a scenario has at most 1 MB.",
    b"1, 1]}": "This line is too long; a scenario has at most 1 MB.",
}


def test_a_batch_goes_on_after_bad_lines(tmp_path: Path) -> None:
    good = {
        b'{"model": "gpt2", "target_modules": ["c_attn", "attn.c_proj"], "rank": 4}': 221_184,
        b'{"model": "gpt2", "method": "full"}': 124_439_808,
        '{"model": "gpt2", "targets": "c_attn,\u2028", "rank": 1}'.encode(): 12 * (768 + 2304),
    }
    lines = [line for one in good for line in (one, *HOSTILE_LINES)]
    file = tmp_path / "scenarios.jsonl"
    file.write_bytes(b"\n".join(lines))
    done = run("count", "--batch", str(file))
    answers = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
    assert done.returncode == 0 and done.stderr == ""
    assert len(answers) == len(lines)
    for line, answer in zip(lines, answers, strict=True):
        assert answer.get("trainable_parameters") == good.get(line)
        assert line in good or list(answer) == ["error"]
        assert "foreseen" not in answer.get("error", "")
        for end, words in SAID.items():
            assert not line.endswith(end) or words in answer["error"], end


def test_a_batch_comes_from_standard_input_and_takes_options_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A process reads its standard input below, where memory is limited."""
    lines = b'{"rank": 1}\n{"rank": 2}\n'
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(lines)))
    printed = printed_here(capsys, "count", "gpt2", "--targets=c_attn", "--batch", "-")
    answers = [json.loads(line) for line in printed.splitlines()]
    each = 12 * (768 + 2304)
    assert [answer["trainable_parameters"] for answer in answers] == [each, 2 * each]


def test_a_pipe_that_is_closed_is_no_error_and_a_full_disk_is_one() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    closed = run("models", stdout=writer)
    os.close(writer)
    assert closed.stderr == ""
    with Path("/dev/full").open("w") as full:
        done = run("models", stdout=full)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "No space left" in done.stderr


@pytest.mark.parametrize("command", ["models", "prune --json", "count gpt2", "count --batch -"])
def test_a_closed_output_is_one_sentence_and_no_success(command: str) -> None:
    done = run_closing(f"{command} >&-")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.splitlines() == [
        "Standard output is closed: there is nowhere to write the answer."
    ]


def test_a_closed_input_is_one_sentence_and_no_success() -> None:
    done = run_closing("count --batch - <&-")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.splitlines() == ["Standard input is closed; name a file after --batch."]
    assert run_closing("count --batch - <&- >&- 2>&-").returncode == 2
    closed = run_closing("count nothing 2>&-")
    assert (closed.returncode, closed.stdout, closed.stderr) == (2, "", "")


def test_a_reader_that_has_enough_ends_a_command_quietly() -> None:
    done = run_closing("models --json | :", "echo ${PIPESTATUS[0]}")
    assert done.stdout == "141\n" and done.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds what is allocated")
def test_a_lower_limit_on_memory_is_respected(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2", "n_layer": 1}')
    scenario = json.dumps({"model": str(tmp_path), "targets": "c_attn"})
    for kilobytes, words in (("7000000", '"trainable_parameters": 24576'), ("200000", "little")):
        limited = f"ulimit -d {kilobytes}; exec {sys.executable} -m lora_viz count --batch -"
        done = subprocess.run(
            ["bash", "-c", limited], input=scenario, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 and words in done.stdout and done.stderr == ""


def run_closing(command: str, afterwards: str = "exit $?") -> subprocess.CompletedProcess[str]:
    """Run a command in a shell, which can close its streams."""
    return subprocess.run(
        ["bash", "-c", f'"$0" -m lora_viz {command}; {afterwards}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_terminal_is_told_nothing_but_letters() -> None:
    """No name clears the screen, turns the writing direction or makes a line of its own."""
    hostile = "c_\x1bc\x9b2J\r\n\u2028\u202eattn\x7f"
    done = run("count", "tiny-gpt2", f"--targets=c_attn,{hostile}")
    refused = run("count", hostile)
    for said in (done.stdout, refused.stderr):
        assert set(said) - {"\n"} == {sign for sign in said if sign.isprintable()}
        assert sum("attn�" in line for line in said.splitlines()) == 1
    assert done.returncode == 0 and len(refused.stderr.splitlines()) == 1


def test_a_terminal_without_the_letters_gets_their_codes() -> None:
    done = run("count", "nothing", "--lang=ko", PYTHONIOENCODING="ascii")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1


def test_every_linear_layer_is_counted_alone_and_refused_beside_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Among names PEFT would take it for a name of no layer: 27,262,976 are the names' alone."""
    targets = ["all-linear", "All-Linear", "q_proj,v_proj,all-linear", ["all-linear", "q_proj"]]
    file = tmp_path / "scenarios.jsonl"
    file.write_text("\n".join(json.dumps({"targets": one}) for one in targets))
    printed = printed_here(capsys, "count", "mistral-7b", "--rank=64", "--batch", str(file))
    first, second, *refused = map(json.loads, printed.splitlines())
    assert first["trainable_parameters"] == second["trainable_parameters"] == 167_772_160
    assert len(refused) == 2
    assert all(list(one) == ["error"] and "must stand alone" in one["error"] for one in refused)


def test_a_target_in_vain_is_named_beside_every_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("tiny-gpt2", "--targets=c_attn,nothing_like_it", "--seq-len=8", "--batch-size=1")
    file = tmp_path / "scenarios.jsonl"
    file.write_text("{}\n")
    for command in ("count", "checkpoint", "memory"):
        text = printed_here(capsys, command, *given)
        assert "No layer matches “nothing_like_it”" in text and "attn.c_attn" in text
        for form in (("--json",), ("--batch", str(file))):
            answer = json.loads(printed_here(capsys, command, *given, *form))
            assert answer["unmatched_targets"] == ["nothing_like_it"]
            assert any("“nothing_like_it”" in sentence for sentence in answer["warnings"])
        full = json.loads(printed_here(capsys, command, *given, "--method=full", "--json"))
        assert full["unmatched_targets"] == full["warnings"] == []


def test_training_without_a_layer_to_adapt_is_refused_before_a_folder_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    for command in ("train", "sweep"):
        with pytest.raises(UserError, match=r"No layer matches.*no_such_layer.*attn\.c_attn"):
            printed_here(capsys, command, "tiny-gpt2", "--targets=no_such_layer", f"--out={out}")
    assert not out.exists()


def printed_here(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command prints, without another process."""
    app(arguments, standalone_mode=False)
    return capsys.readouterr().out


def test_the_catalogue_is_listed_with_exact_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    listed = {row["model"]: row for row in json.loads(printed_here(capsys, "models", "--json"))}
    assert {"gpt2", "llama-3.1-405b", "t5-base"} <= listed.keys()
    small = listed["distilgpt2"]
    assert (small["parameters"], small["published_parameters"]) == (81_912_576, 82_000_000)
    assert small["published_is_rounded"] and not listed["gpt2"]["published_is_rounded"]
    text = printed_here(capsys, "models")
    assert "GPT-2 small" in text and "published, rounded: 82,000,000" in text
    for row in listed.values():
        assert f"{row['parameters']:,}" in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("count",),
        ("count", "gpt2", "--rank", "0"),
        ("count", "gpt2", "--rank", "many"),
        ("count", "gpt2", "--frobnicate", "3"),
        ("count", "gpt2", "--targets", "no_such_layer"),
        ("count", "mistral-7b", "--targets", "q_proj,v_proj,all-linear"),
        ("count", "there-is-no-such-model"),
        ("count", "--batch", "/no/such/file"),
        ("checkpoint", "gpt2", "--base-dtype", "float7"),
        ("no-such-command",),
    ],
)
def test_errors_are_one_sentence_with_status_2(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lora_viz", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1


@pytest.mark.parametrize("option", ["--rank=0", "--targets=no_such_layer"])
def test_an_error_ends_a_process_with_one_sentence_and_status_2(option: str) -> None:
    """The second one after torch has been loaded, which prints nothing."""
    done = run("count", "gpt2", option)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def help_of_count() -> str:
    """What the command says of its options."""
    return run("count", "--help").stdout


def test_options_cover_the_whole_scenario(help_of_count: str) -> None:
    for name in Scenario.fields_by_short_name():
        assert name == "model" or f"--{name}" in help_of_count


def test_help_shows_options_in_the_groups_of_the_settings(help_of_count: str) -> None:
    places = [help_of_count.index(f"\n{title}:\n") for title in [*Scenario.groups(), "Options"]]
    assert places == sorted(places)
    assert "--quantization" not in help_of_count


def test_both_spellings_of_qlora_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    """The second one from a time when packing was a setting beside the method."""
    answers = [
        printed_here(capsys, "count", "tiny-gpt2", *spelling, "--json")
        for spelling in (("--method", "qlora"), ("--quantization", "nf4"))
    ]
    assert answers[0] == answers[1]
    assert json.loads(answers[0])["method"] == "qlora"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("count", "gpt2", "--rank=0", "--lang", "ko"), "“0” 값은 쓸 수 없습니다"),
        (("count", "gpt2", "--nope", "--lang=ko"), "“--nope” 옵션은 없습니다"),
        (("runs", "show"), "This command needs NAME"),
        (("count", "gpt2", "--rank"), "This command line cannot be read"),
        (("sweep", "--out=x", f"--ranks={'9' * 100_000}"), "--ranks takes whole numbers"),
        (("sweep", "--out=x", f"--seeds={'9' * 5_000}"), "--seeds takes whole numbers"),
        (("train", "--data", ""), "No file is named"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_is_said_in_ones_own_words_and_language(
    arguments: tuple[str, ...], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(sys, "argv", ["lora_viz", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    set_language("en")
    said = capsys.readouterr().err
    assert ended.value.code == 2 and sentence in said and "not foreseen" not in said


def test_a_folder_that_is_gone_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.delenv("LORA_VIZ_RUNS")
    for ask in (runs_folder, lambda: TrainingSettings.make({"data": "x"})):
        with pytest.raises(UserError, match="in which this was started is gone"):
            ask()


def test_a_report_has_a_chapter_for_each_line(tmp_path: Path) -> None:
    out, lines = tmp_path / "report.html", tmp_path / "lines.jsonl"
    small = '{"model": "tiny-gpt2", "batch_size": 1, "seq_len": 16}'
    lines.write_text(f"{small}\n\n{{not json\n")
    done = run("report", "--batch", str(lines), "--out", str(out), "--lang=ko")
    assert done.returncode == 0, done.stderr
    page = out.read_text()
    assert page.count('<article class="chapter"') == 2 and '<html lang="ko">' in page
    assert str(out) in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--out=a.docx",), ".html, .pptx or .pdf"),
        (("--out=a.html", "--address=javascript:alert(1)"), "is no address"),
        (("--out=a.html", "--address=https://"), "“https://” is no address"),
        (("--out=a.html", "--address=https://[x"), "is no address"),
        (("--out=a.html", "--address=https://a\nb"), "is no address"),
        (("--out=a.html", "--compare=rank=0"), "Scenario 1 of the comparison"),
    ],
)
def test_a_report_that_cannot_be_says_why(
    arguments: tuple[str, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["lora-viz", "report", "tiny-gpt2", *arguments])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert words in capsys.readouterr().err


def test_a_report_that_the_disk_does_not_take_leaves_the_earlier_one(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("the earlier one")
    done = subprocess.run(
        [sys.executable, "-m", "lora_viz", "report", "--batch=-", f"--out={out}"],
        input=b"{not json",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2 and b"cannot be used: File too large." in done.stderr
    assert out.read_text() == "the earlier one" and [*tmp_path.iterdir()] == [out]
