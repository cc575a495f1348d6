"""The page Bring your own: a file in, what it means, what it costs, and what is in an adapter."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import pytest
from peft import LoraConfig
from streamlit.testing.v1 import AppTest

from tests.application import charts, opened

FILES = Path(__file__).parents[1] / "imports/files"
SMALL = {"model": "tiny-gpt2", "batch_size": "1", "seq_len": "16"}
PAGE = "bring_your_own"


def give(app: AppTest, name: str, content: bytes) -> AppTest:
    """Upload a file; there is one place, and it is empty."""
    (place,) = app.main.file_uploader
    assert place.value is None
    app = place.set_value((name, content, "text/plain")).run()
    assert not app.exception, app.exception[0].message
    return app


def paste(app: AppTest, text: str) -> AppTest:
    app = app.text_area(key="brought-text").set_value(text).run()
    assert not app.exception, app.exception[0].message
    return app


def said(app: AppTest) -> str:
    """All that the page says outside of tables."""
    shown = (*app.main.markdown, *app.main.code, *app.main.error, *app.main.info, *app.main.caption)
    return unescape("\n".join(one.value for one in shown)).replace("\\", "").replace("\u200b", "")


def table(app: AppTest, column: str) -> dict[str, str]:
    """A column of the table whose first is “Key”, by key."""
    for frame in app.main.dataframe:
        if column in frame.value.columns and "Key" in frame.value.columns:
            return dict(zip(frame.value["Key"], frame.value[column], strict=True))
    return {}


def test_a_trainer_s_file_is_told_taken_over_and_answered() -> None:
    app = opened(PAGE, **SMALL)
    whole = (FILES / "axolotl_qlora.yml").read_text("utf-8")
    saved = "lora_modules_to_save:\n  - embed_tokens\n  - lm_head\n"
    assert saved in whole
    content = whole.replace(saved, "").replace("Llama-3.1-8B", "Llama-3.2-1B-Instruct")
    give(app, "my run.yml", content.encode())
    assert "**my run.yml** is read as **axolotl**." in said(app)
    assert table(app, "Sets")["lora_r"] == "Rank r"
    assert "base_model: Its layers are those of Llama-3.2-1B in the catalogue" in said(app)
    assert "no such setting yet" in table(app, "Why")["deepspeed"]
    assert "The numbers below are still those of the scenario as you had it." in said(app)
    assert app.session_state["scenario"].rank == 8  # nothing is set before the reader says so

    app.button(key="use-brought").click().run()
    scenario = app.session_state["scenario"]
    assert (scenario.model, scenario.rank, scenario.method) == ("llama-3.2-1b", 64, "qlora")
    assert (scenario.target_modules, scenario.seq_len) == (("all-linear",), 2048)
    assert "The scenario is as the file says." in said(app)
    assert len(table(app, "Why")) == 1
    assert "1 key of the file is not in this." in said(app)
    # PEFT 0.21.2 on meta-llama/Llama-3.2-1B, r = 64, all-linear
    assert "trainable params: 45,088,768 || all params: 1,280,903,168 || trainable%: 3.5201" in (
        said(app)
    )
    (bars,) = charts(app)
    assert bars["data"] and "What a step needs of the card" in said(app)
    assert "It fits" in said(app) or "It does not fit" in said(app) or "It is tight" in said(app)
    assert not app.warning and app.query_params["rank"] in ("64", ["64"])


def test_what_is_refused_leaves_nothing_of_what_was_given_before() -> None:
    app = opened(PAGE, **SMALL)
    give(app, "lora.yml", b"base_model: gpt2\nadapter: lora\nlora_r: 4\n")
    assert app.button(key="use-brought")
    give(app, "training_args.bin", b"PK\x03\x04\x00")
    assert "training_args.bin: This file is not UTF-8 text" in app.error[0].value.replace("\\", "")
    assert not [one for one in app.button if one.key == "use-brought"] and not table(app, "Sets")
    paste(app, "base_model: gpt2\nlora_r: 4\nlora_r: 5\n")
    assert "has “lora_r” twice" in app.error[0].value
    paste(app, "")
    assert not app.error and "Upload a file, or paste its text" in said(app)


def test_a_model_that_cannot_be_read_stays_out_and_is_named(tmp_path: Path) -> None:
    app = opened(PAGE, **SMALL)
    config = json.dumps({"model_type": "gpt2", "n_embd": 7, "n_head": 2, "n_layer": 1})
    paste(app, config)
    app.button(key="use-brought").click().run()
    assert app.session_state["scenario"].model == "tiny-gpt2"
    assert len(app.warning) == 1 and not app.error
    assert not list(tmp_path.iterdir())


def test_what_peft_wrote_is_taken_over_to_the_last_setting(tmp_path: Path) -> None:
    config = LoraConfig(
        r=3, lora_alpha=9, target_modules=["c_attn"], use_dora=True, bias="all",
        base_model_name_or_path="openai-community/gpt2",
    )  # fmt: skip
    config.save_pretrained(str(tmp_path))
    app = opened(PAGE, **SMALL)
    give(app, "adapter_config.json", (tmp_path / "adapter_config.json").read_bytes())
    assert "**Not understood: nothing**" in said(app)
    app.button(key="use-brought").click().run()
    scenario = app.session_state["scenario"]
    assert (scenario.model, scenario.rank, scenario.alpha) == ("gpt2", 3, 9)
    assert (scenario.target_modules, scenario.dora, scenario.bias) == (("c_attn",), True, "all")


def test_peft_s_line_says_what_may_be_in_the_adapter() -> None:
    app = opened(PAGE, **SMALL)
    paste(app, "trainable params: 294,912 || all params: 124,734,720 || trainable%: 0.2364")
    app.button(key="use-brought").click().run()
    assert app.session_state["scenario"].model == "gpt2"
    assert app.number_input(key="known-number").value == 294_912
    assert "3 adapters have it:" in said(app)
    app.selectbox(key="known-match").select_index(1).run()
    app.button(key="use-match").click().run()
    assert "trainable params: 294,912 ||" in said(app)
    assert app.session_state["scenario"].rank in (2, 8, 16)


def test_a_file_s_bytes_say_what_may_be_in_it() -> None:
    app = opened(PAGE, **SMALL)
    (bytes_said,) = [one for one in app.main.markdown if "adapter_model.safetensors" in one.value]
    size = int(bytes_said.value.split("**")[1].split()[0].replace(",", ""))
    app.segmented_control(key="known-of-what").set_value("bytes").run()
    app.number_input(key="known-number").set_value(size).run()
    (frame,) = [one for one in app.main.dataframe if "Copied whole" in one.value.columns]
    assert (8, "c_attn, attn.c_proj") in list(
        zip(frame.value["r"], frame.value["Target modules"], strict=True)
    )
    app.number_input(key="known-number").set_value(size + 1).run()
    assert "No usual adapter of this model has just that number." in said(app)


def test_full_fine_tuning_has_no_adapter() -> None:
    app = opened(PAGE, method="full", **SMALL)
    assert "trains all 957,184 parameters" in said(app) and "trainable params:" not in said(app)


def test_the_sidebar_leads_here_from_a_model_of_one_s_own() -> None:
    app = opened("parameters", **SMALL)
    app.session_state["own-model"] = True  # opens that part of the sidebar
    app.run()
    (link,) = app.sidebar.get("page_link")
    assert link.proto.page == "bring-your-own" and "trainer" in link.proto.label


def test_within_another_page_nothing_is_given() -> None:
    app = opened(PAGE, embed="true", **SMALL)
    assert not app.main.file_uploader and not app.main.text_area
    assert "Inside another page" in said(app)


@pytest.mark.parametrize("text", ["**bold**: [x](http://x.example) <b>", "$x$ :fire: `a`"])
def test_outside_text_is_shown_as_it_is_written(text: str) -> None:
    app = opened(PAGE, **SMALL)
    values = {"peft_type": "LORA", "base_model_name_or_path": text, text: text}
    give(app, f"{text}.json".replace("/", ""), json.dumps(values).encode())
    assert table(app, "Why")[text]
    assert f"**{text.replace('/', '')}.json** is read as" in said(app)
