"""The two file formats' rules, against files that safetensors and torch write."""

from __future__ import annotations

import pickle
import zipfile
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
import torch
from safetensors.torch import save
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.serialization import skip_data

from lora_viz.checkpoint.file_formats import (
    ZIP64_FROM,
    StoredTensor,
    pickled_int_bytes,
    safetensors_bytes,
    torch_file_bytes,
)
from lora_viz.dtypes import BYTES_PER_VALUE


def test_safetensors_size_of_tensors_of_any_dtypes_and_shapes() -> None:
    random = Random(0)
    for number in range(50):
        stored = [
            StoredTensor(
                f"layer.{index}.{random.choice(['weight', 'bias', 'gewöhnlich', 'a/b'])}",
                tuple(random.randint(0, 12) for _axis in range(random.randint(0, 3))),
                random.choice(list(BYTES_PER_VALUE)),
            )
            for index in range(number)
        ]
        tensors = {item.name: torch.zeros(item.shape, dtype=_dtype(item)) for item in stored}
        assert safetensors_bytes(stored) == len(save(tensors, {"format": "pt"}))


@pytest.mark.parametrize("exponent", [0, 7, 8, 15, 16, 30, 31, 32, 39, 40, 47, 48])
@pytest.mark.parametrize("step", [-1, 0, 1])
def test_an_integer_takes_as_many_bytes_as_in_a_pickle(exponent: int, step: int) -> None:
    value = 2**exponent + step
    around_it = len(pickle.dumps(0, protocol=2)) - pickled_int_bytes(0)
    assert pickled_int_bytes(value) == len(pickle.dumps(value, protocol=2)) - around_it


@pytest.mark.parametrize("stem", ["archive", "optimizer"])
def test_torch_file_size_with_storages_of_any_sizes(stem: str, tmp_path: Path) -> None:
    random = Random(1)
    for number in (0, 1, 9, 11, 101):
        sizes = [random.randint(1, 300) for _storage in range(number)]
        file = tmp_path / f"{stem}.pt"
        torch.save([torch.zeros(size, dtype=torch.uint8) for size in sizes], file)
        assert torch_file_bytes(stem, _pickle_bytes(file), sizes) == file.stat().st_size


def test_torch_file_size_beyond_4_gib(tmp_path: Path) -> None:
    """Records at and beyond the zip format's 32-bit limit, in a file that holds no data."""
    sizes = [4, ZIP64_FROM - 1, ZIP64_FROM, 4, ZIP64_FROM + 1, 7 * 10**9, 4, 100]
    file = tmp_path / "optimizer.pt"
    with FakeTensorMode(), skip_data(materialize_fake_tensors=True):
        torch.save([torch.empty(size, dtype=torch.uint8) for size in sizes], file)
    assert file.stat().st_blocks * 512 < 10**6, "the file should be sparse"
    assert torch_file_bytes("optimizer", _pickle_bytes(file), sizes) == file.stat().st_size


def test_torch_file_size_is_the_same_in_memory() -> None:
    buffer = BytesIO()
    torch.save(torch.zeros(1000), buffer)
    with zipfile.ZipFile(buffer) as archive:
        pickle_bytes = archive.getinfo("archive/data.pkl").file_size
    assert torch_file_bytes("archive", pickle_bytes, [4000]) == len(buffer.getvalue())


def _dtype(tensor: StoredTensor) -> torch.dtype:
    return getattr(torch, tensor.dtype)


def _pickle_bytes(file: Path) -> int:
    with zipfile.ZipFile(file) as archive:
        return archive.getinfo(f"{file.stem}/data.pkl").file_size
