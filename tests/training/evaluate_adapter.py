"""Run as a script: an adapter's loss by plain torch, transformers and PEFT, without lora_viz."""

import hashlib
import json
import sys

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

run, base_folder = sys.argv[1:]
base = AutoModelForCausalLM.from_pretrained(base_folder, dtype=torch.float32).eval()
digest = hashlib.sha256()
for name, weight in sorted(dict(base.named_parameters()).items()):
    digest.update(name.encode())
    digest.update(weight.detach().numpy().tobytes())
held_out = load_file(f"{run}/held_out_tokens.safetensors")


def loss(model):
    total, count = 0.0, 0
    with torch.no_grad():
        for ids, labels in zip(held_out["input_ids"], held_out["labels"], strict=True):
            logs = model(input_ids=ids[None]).logits[0].log_softmax(-1)
            for place in range(1, len(ids)):
                if labels[place] != -100:
                    total -= logs[place - 1, labels[place]].item()
                    count += 1
    return total / count


before = loss(base)
after = loss(PeftModel.from_pretrained(base, f"{run}/adapter").eval())
imported = [name for name in sys.modules if name.startswith("lora_viz")]
print(json.dumps({"hash": digest.hexdigest(), "before": before, "after": after, "ours": imported}))
