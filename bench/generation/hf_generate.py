"""Hugging Face generate, greedy, in batches of rows sorted by length and padded on the left; prints one JSON line."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../training"))
from common import load_model, work

import torch

task = work()
model = load_model(task).eval()
prompts, limit, stop, batch = task["prompts"], task["maxNewTokens"], task["stop"], task["batchRows"]
order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
answers = [None] * len(prompts)
began = time.perf_counter()
for start in range(0, len(order), batch):
    rows = order[start : start + batch]
    longest = max(len(prompts[i]) for i in rows)
    ids = torch.tensor([[stop] * (longest - len(prompts[i])) + prompts[i] for i in rows])
    mask = torch.tensor([[0] * (longest - len(prompts[i])) + [1] * len(prompts[i]) for i in rows])
    with torch.no_grad():
        made = model.generate(
            ids, attention_mask=mask, max_new_tokens=limit, do_sample=False, eos_token_id=stop, pad_token_id=stop,
            temperature=None, top_p=None, top_k=None, repetition_penalty=1.0,
        )
    for i, row in zip(rows, made[:, longest:].tolist()):
        answers[i] = row[: row.index(stop)] if stop in row else row
print(json.dumps({"seconds": time.perf_counter() - began, "answers": answers}))
