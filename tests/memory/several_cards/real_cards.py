"""One of two real processes that train a small Llama by FSDP2 over gloo, on real tensors.

Run as `real_cards.py RANK WORLD FILE`; prints for each method the peak of live bytes of a second
step as torch's own memory reports of the CPU's allocator have it, and the bytes of its parts.
"""

import json
import sys
from collections import Counter
from typing import Any

import torch
import torch.distributed as dist
from peft import LoraConfig, get_peft_model
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.profiler import ProfilerActivity, profile
from transformers import LlamaConfig, LlamaForCausalLM

SHAPE = {
    "vocab_size": 4098,  # which two cards cannot share evenly with padding to 512 bytes
    "hidden_size": 256,
    "intermediate_size": 1023,
    "num_hidden_layers": 5,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "tie_word_embeddings": False,
}
BATCH, LENGTH, RANK = 4, 128, 8


def train(method: str, mesh) -> dict[str, int]:
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**SHAPE))
    model.set_attn_implementation("eager")
    whole = model
    if method == "lora":
        whole = get_peft_model(model, LoraConfig(r=RANK, target_modules=["q_proj", "v_proj"]))
    for block in model.model.layers:
        fully_shard(block, mesh=mesh, reshard_after_forward=True)
    fully_shard(model.model.embed_tokens, mesh=mesh, reshard_after_forward=True)
    fully_shard([model.model.norm, model.lm_head], mesh=mesh, reshard_after_forward=False)
    fully_shard(whole, mesh=mesh)
    trained = [p for p in whole.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, foreach=True)
    step(whole, trained, optimizer)
    state = [
        value.to_local() if hasattr(value, "to_local") else value
        for values in optimizer.state.values()
        for name, value in values.items()
        if name != "step"  # which stays with the host where cards are CUDA's
    ]
    parameters: list[Any] = list(whole.parameters())
    shards = [parameter.to_local() for parameter in parameters]
    held = bytes_of([*shards, *whole.buffers(), *state])
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        gradients = step(whole, trained, optimizer)
    return {
        "peak": held + highest(profiler),
        "weights": rounded_bytes_of([*shards, *whole.buffers()]),
        "gradients": gradients,
        "optimizer": rounded_bytes_of(state),
    }


def step(whole, trained, optimizer) -> int:
    ids = torch.ones(BATCH, LENGTH, dtype=torch.int64)
    outputs = whole(input_ids=ids, labels=ids)
    outputs.loss.backward()
    del outputs
    torch.nn.utils.clip_grad_norm_(trained, 1.0, foreach=True)
    optimizer.step()
    gradients = rounded_bytes_of([parameter.grad.to_local() for parameter in trained])
    optimizer.zero_grad()
    return gradients


def bytes_of(tensors) -> int:
    return sum(storages_of(tensors))


def rounded_bytes_of(tensors) -> int:
    """Each storage as CUDA's allocator hands it out, in steps of 512 bytes."""
    return sum(-(-size // 512) * 512 for size in storages_of(tensors))


def storages_of(tensors) -> list[int]:
    found = {t.untyped_storage()._cdata: t.untyped_storage().nbytes() for t in tensors}
    return list(found.values())


def highest(profiler) -> int:
    """The most that was allocated at once since the profile began.

    gloo adds gradients up in copies of its own, in threads of its own, as NCCL does not.
    """
    found = [e for e in profiler.profiler.kineto_results.events() if e.name() == "[memory]"]
    of_threads = Counter(e.start_thread_id() for e in found)
    own, _count = of_threads.most_common(1)[0]
    changes = [(e.start_ns(), e.nbytes()) for e in found if e.start_thread_id() == own]
    now = most = 0
    for _time, change in sorted(changes, key=lambda pair: pair[0]):
        now += change
        most = max(most, now)
    return most


if __name__ == "__main__":
    number, count, file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    dist.init_process_group("gloo", init_method=f"file://{file}", rank=number, world_size=count)
    mesh = init_device_mesh("cpu", (count,))
    answers = {method: train(method, mesh) for method in ("lora", "full")}
    if number == 0:
        print(json.dumps(answers))
    dist.destroy_process_group()
