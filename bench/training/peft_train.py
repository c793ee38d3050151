"""PEFT in a plain training loop: padded batches, AdamW without decay, clipping at 1.0, fp32."""
import json
import time

from common import load_adapter, load_model, lora_config, rate, work

import torch
from peft import get_peft_model

task = work()
model = get_peft_model(load_model(task), lora_config(task))
load_adapter(model, task)
model.train()
parameters = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(parameters, lr=task["learningRate"], weight_decay=0.0)
seconds, losses, norms = [], [], []
for step, batch in enumerate(task["batches"], 1):
    began = time.perf_counter()
    longest = max(len(row["ids"]) for row in batch)
    ids = torch.tensor([row["ids"] + [0] * (longest - len(row["ids"])) for row in batch])
    labels = torch.tensor([row["labels"] + [-100] * (longest - len(row["ids"])) for row in batch])
    mask = torch.tensor([[1] * len(row["ids"]) + [0] * (longest - len(row["ids"])) for row in batch])
    loss = model(input_ids=ids, labels=labels, attention_mask=mask).loss
    loss.backward()
    norms.append(float(torch.nn.utils.clip_grad_norm_(parameters, 1.0)))
    for group in optimizer.param_groups:
        group["lr"] = rate(task, step)
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())
    seconds.append(time.perf_counter() - began)
if "saveTo" in task:
    model.save_pretrained(task["saveTo"])
print(json.dumps({"seconds": seconds, "losses": losses, "gradientNorms": norms}))
