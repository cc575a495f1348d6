"""A model with a head that PEFT trains in full, on every page."""

from __future__ import annotations

import json

from lora_viz.adapter.ask import read_adapter_layout
from lora_viz.format import grouped
from lora_viz.models.source import store_upload
from tests.application import charts, opened
from tests.classifiers import classifier
from tests.pages.test_every_page import AFFORDABLE, look_at


def test_every_page_shows_the_head_as_trained() -> None:
    config, _names = classifier("Roberta", "SEQ_CLS")
    model = store_upload(json.dumps(config))
    layout = read_adapter_layout(model, ("all-linear",))
    trained = grouped(layout.trainable_parameters(8))
    app = opened(model=model, targets="all-linear", batch_size="2", seq_len="16")
    shown = {}
    for page in AFFORDABLE:
        if not page.is_about_model:
            continue
        look_at(app, page)
        shown[page.name] = "\n".join(
            [
                *(element.value for element in (*app.main.markdown, *app.main.code)),
                *(table.value.to_csv() for table in app.main.dataframe),
                *map(json.dumps, charts(app)),
            ]
        )
    assert trained in shown["parameters"] and trained in shown["summary"]
    assert "classifier.dense (trained in full)" in shown["parameters"]
    assert "🔥 in full" in shown["layer_map"]
    assert "Modules trained in full" in shown["checkpoints"]
    assert "Modules trained in full" in shown["memory"]
