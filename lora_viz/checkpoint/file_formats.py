"""How many bytes the two file formats of a checkpoint take for given tensors.

Nothing is written: the formats' own rules give the size to the byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

from lora_viz.dtypes import DTYPES

ZIP_ALIGNMENT = 64
ZIP64_FROM = 2**32 - 1


class StoredTensor(NamedTuple):
    """One tensor as a file holds it; `dtype` is a key of `DTYPES`."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def bytes(self) -> int:
        """Bytes of its values."""
        return prod(self.shape) * DTYPES[self.dtype].bytes


def safetensors_bytes(tensors: Iterable[StoredTensor]) -> int:
    """Size of the safetensors file that holds these tensors, as torch libraries save it.

    The file is an 8-byte length, a JSON header padded with spaces to a multiple of 8, and the
    values (https://huggingface.co/docs/safetensors: "Format").
    """
    ordered = sorted(tensors, key=lambda item: (DTYPES[item.dtype].safetensors_place, item.name))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for tensor in ordered:
        start, end = end, end + tensor.bytes
        header[tensor.name] = {
            "dtype": DTYPES[tensor.dtype].safetensors_name,
            "shape": tensor.shape,
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return 8 + _rounded_up(len(text), 8) + end


def torch_file_bytes(stem: str, pickle_bytes: int, storages: Sequence[int]) -> int:
    """Size of the file that `torch.save` writes: a zip of a pickle and one record a storage.

    Args:
        stem: the file's name without its ending; every record's path begins with it.
        pickle_bytes: size of the record `data.pkl`.
        storages: bytes of each storage, in the order in which they are saved.

    Every record's data starts at a multiple of 64 bytes, as PyTorch's own writer
    (caffe2/serialize/inline_container.cc, `getPadding`) lays them out.
    """
    records = [("data.pkl", pickle_bytes), (".format_version", 1), (".storage_alignment", 2)]
    records += [("byteorder", len("little"))]
    records += [(f"data/{index}", size) for index, size in enumerate(storages)]
    records += [("version", 2), (".data/serialization_id", 40)]
    position = directory = 0
    for path, size in records:
        name = len(stem) + 1 + len(path)
        zip64 = _zip64_extra(size, position)
        directory += 46 + name + zip64
        start = _rounded_up(position + 30 + name + zip64 + 4, ZIP_ALIGNMENT)
        descriptor = 24 if zip64 else 16
        position = start + size + descriptor
    return position + directory + 56 + 20 + 22


def pickled_int_bytes(value: int) -> int:
    """Bytes that one non-negative integer takes in a pickle of protocol 2."""
    if value < 2**8:
        return 2
    if value < 2**16:
        return 3
    if value < 2**31:
        return 5
    return 2 + value.bit_length() // 8 + 1


def _zip64_extra(size: int, position: int) -> int:
    large_size, large_position = size >= ZIP64_FROM, position >= ZIP64_FROM
    if not (large_size or large_position):
        return 0
    return 4 + 16 * large_size + 8 * large_position


def _rounded_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
