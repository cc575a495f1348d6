"""What PyTorch says when it is refused memory: messages in the forms of several versions."""

from __future__ import annotations

from lora_viz.memory.snapshots.refused_memory import RefusedMemory, read_refused_memory

GIB, MIB = 2**30, 2**20

NEW = """Traceback (most recent call last):
  File "train.py", line 3, in <module>
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total
capacity of 23.64 GiB of which 1.23 GiB is free. Process 4242 has 3.00 GiB memory in use.
Including non-PyTorch memory, this process has 19.41 GiB memory in use. Of the allocated
memory 18.00 GiB is allocated by PyTorch, and 912.50 MiB is reserved by PyTorch but
unallocated. If reserved but unallocated memory is large try setting
PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation.
"""
OLD = (
    "RuntimeError: CUDA out of memory. Tried to allocate 256.00 MiB (GPU 0; 10.76 GiB total "
    "capacity; 9.25 GiB already allocated; 100.56 MiB free; 9.70 GiB reserved in total by PyTorch)"
)


def test_a_message_of_today() -> None:
    said = read_refused_memory(NEW.replace("\n", " "))
    assert said == RefusedMemory(
        refused=2 * GIB,
        card=round(23.64 * GIB),
        free=round(1.23 * GIB),
        process=round(19.41 * GIB),
        allocated=18 * GIB,
        unused=round(912.5 * MIB),
        others=3 * GIB,
    )


def test_line_breaks_of_a_terminal_do_no_harm() -> None:
    assert read_refused_memory(NEW) == read_refused_memory(NEW.replace("\n", " "))


def test_an_older_message() -> None:
    said = read_refused_memory(f"step 1\n{OLD}\n")
    assert said is not None
    assert (said.refused, said.card) == (256 * MIB, round(10.76 * GIB))
    assert (said.allocated, said.free) == (round(9.25 * GIB), round(100.56 * MIB))
    assert said.unused == round(9.70 * GIB) - round(9.25 * GIB)
    assert said.process is None


def test_the_last_of_several_counts_and_other_text_has_none() -> None:
    first, last = OLD.replace("256.00", "128.00"), OLD
    found = read_refused_memory(f"{first}\nretrying\n{last}")
    assert found is not None
    assert found.refused == 256 * MIB
    assert read_refused_memory("Killed") is None
