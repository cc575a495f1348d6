"""The bill for several tasks, against the explainer's own arithmetic."""

from __future__ import annotations

import pytest

from lora_viz.costs.many_tasks import TaskStorage
from lora_viz.explainer.quotes import FILES


def test_the_explainer_s_arithmetic() -> None:
    assert FILES.shared == pytest.approx(547)
    assert FILES.full_models_and_base == 3000
    assert FILES.saved_counting_base == pytest.approx(0.818, abs=5e-4)
    assert FILES.full_models == 2500
    assert FILES.saved == pytest.approx(0.781, abs=5e-4)


def test_one_task_takes_more_than_one_full_model() -> None:
    assert TaskStorage(base=100, adapter=3, tasks=1).saved == pytest.approx(-0.03)


@pytest.mark.parametrize(("adapter", "tasks"), [(3, 2), (50, 3), (51, 3), (99, 101)])
def test_sharing_pays_from_a_number_of_tasks_on(adapter: int, tasks: int) -> None:
    assert TaskStorage(100, adapter, tasks).pays_from == tasks
    assert TaskStorage(100, adapter, tasks).saved > 0
    assert TaskStorage(100, adapter, tasks - 1).saved <= 0


def test_sharing_never_pays_with_an_adapter_as_large_as_the_model() -> None:
    assert TaskStorage(100, 100, 1000).pays_from is None
