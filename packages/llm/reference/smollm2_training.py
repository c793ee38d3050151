"""
SmolLM2-135M: forward logits on five prompts, and the first three optimizer steps of LoRA training with PEFT.

Writes test/fixtures/smollm2/{forward.json,lastLogits.f32,training.json}.
Run: python smollm2_training.py --model FOLDER --reviews FOLDER
"""

import numpy as np
import torch
from peft import LoraConfig, get_peft_model

from common import (
    FIXTURES, arguments, chat, fill_adapter, learning_rate, load_smollm2, plain_name, provenance, reviews,
    write_json,
)

OUT = FIXTURES / "smollm2"
options = arguments("model", "reviews")
torch.set_num_threads(1)
tokenizer, model = load_smollm2(options.model)
model.eval()
rows = reviews(options.reviews)


def ids_of(messages, **more):
    text = tokenizer.apply_chat_template(messages, tokenize=False, **more)
    return tokenizer(text, add_special_tokens=False).input_ids


# Forward: two review prompts, a plain text, a single token, and a longer two-turn chat.
prompts = [
    ("review 1", ids_of(chat(rows[0][2], rows[0][3])[:2], add_generation_prompt=True)),
    ("review 2500", ids_of(chat(rows[2499][2], rows[2499][3])[:2], add_generation_prompt=True)),
    ("plain text", tokenizer("The capital of France is", add_special_tokens=False).input_ids),
    ("one token", [1]),
    (
        "two turns",
        ids_of(
            [
                {"role": "user", "content": "Name three colours.\n\n1. Red\n2."},
                {"role": "assistant", "content": "Green, and 3. Blue — ça va? 漢字 🙂"},
                {"role": "user", "content": " ".join(row[2] for row in rows[10:16])},
            ],
            add_generation_prompt=True,
        ),
    ),
]
forward, last = [], []
with torch.no_grad():
    for name, ids in prompts:
        logits = model(input_ids=torch.tensor([ids])).logits[0].double()
        top = torch.topk(logits[-1], 10)
        forward.append(
            {
                "name": name,
                "ids": ids,
                "text": tokenizer.decode(ids),
                "top": {"ids": top.indices.tolist(), "logits": [round(v, 6) for v in top.values.tolist()]},
                # Per position: log-sum-exp of the logits, and the logit of the token that follows.
                "logSumExp": [round(v, 6) for v in torch.logsumexp(logits, -1).tolist()],
                "nextLogit": [round(logits[i, ids[i + 1]].item(), 6) for i in range(len(ids) - 1)],
            }
        )
        last.append(logits[-1].float().numpy())
OUT.mkdir(parents=True, exist_ok=True)
np.stack(last).astype("<f4").tofile(OUT / "lastLogits.f32")
write_json(
    OUT / "forward.json",
    {**provenance("smollm2_training.py"), "lastLogits": {"file": "lastLogits.f32", "shape": [5, 49152]},
     "prompts": forward},
)
print("forward done", flush=True)

# Training: three batches of eight reviews, taken every 125th row so that all three sources appear.
picked = [rows[(125 * i + 7) % 3000] for i in range(24)]
data = []
for file, number, text, label in picked:
    prompt = ids_of(chat(text, label)[:2], add_generation_prompt=True)
    answer = tokenizer(chat(text, label)[2]["content"] + "<|im_end|>", add_special_tokens=False).input_ids
    data.append({"file": file, "row": number, "ids": prompt + answer, "labels": [-100] * len(prompt) + answer})
batches = [data[0:8], data[8:16], data[16:24]]

settings = {"r": 16, "alpha": 32, "peakLearningRate": 2e-4, "steps": 38, "warmup": 0.03,
            "betas": [0.9, 0.999], "eps": 1e-8, "weightDecay": 0, "clip": 1.0}
peft = get_peft_model(
    model,
    LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, task_type="CAUSAL_LM",
               target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]),
)
peft.train()
trainable = [(plain_name(n), p) for n, p in peft.named_parameters() if p.requires_grad]


def loss_of(batch):
    length = max(len(row["ids"]) for row in batch)
    ids = torch.tensor([row["ids"] + [2] * (length - len(row["ids"])) for row in batch])
    labels = torch.tensor([row["labels"] + [-100] * (length - len(row["labels"])) for row in batch])
    mask = torch.tensor([[1] * len(row["ids"]) + [0] * (length - len(row["ids"])) for row in batch])
    logits = peft(input_ids=ids, attention_mask=mask).logits
    shifted = labels[:, 1:]
    tokens = torch.nn.functional.cross_entropy(
        logits[:, :-1].transpose(1, 2), shifted, ignore_index=-100, reduction="none")
    count = (shifted != -100).sum()
    per_row = tokens.sum(1) / (shifted != -100).sum(1)
    return tokens.sum() / count, per_row, int(count)


def gradients():
    """Euclidean norm and four spread-out entries of every adapter tensor's gradient."""
    found = {}
    for name, parameter in trainable:
        g = parameter.grad.double().flatten()
        at = [0, g.numel() // 3, (2 * g.numel()) // 3, g.numel() - 1]
        found[name] = [float("%.7g" % g.norm().item())] + [float("%.7g" % g[i].item()) for i in at]
    return found


# One gradient at a start where B is not zero, so that A's gradients are not zero either.
fill_adapter(peft, b_bound=0.01)
loss, per_row, count = loss_of(batches[0])
loss.backward()
nonzero = {
    "bBound": 0.01, "loss": loss.item(), "rowLosses": per_row.tolist(),
    "gradientNorm": torch.linalg.vector_norm(torch.stack([p.grad.norm() for _, p in trainable])).item(),
    "gradients": gradients(),
}
peft.zero_grad()
print("nonzero", nonzero["loss"], nonzero["gradientNorm"], flush=True)

fill_adapter(peft)
optimizer = torch.optim.AdamW([p for _, p in trainable], lr=2e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0)
steps = []
for k, batch in enumerate(batches, 1):
    loss, per_row, count = loss_of(batch)
    loss.backward()
    grads = gradients() if k == 1 else None
    norm = torch.nn.utils.clip_grad_norm_([p for _, p in trainable], 1.0).item()
    rate = learning_rate(k, 38, 2e-4)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    optimizer.zero_grad()
    steps.append({"loss": loss.item(), "rowLosses": per_row.tolist(), "gradientNorm": norm,
                  "learningRate": rate, "supervisedTokens": count,
                  **({"gradients": {n: g for n, g in grads.items() if "lora_B" in n}} if grads else {})})
    print(k, loss.item(), norm, flush=True)
with torch.no_grad():
    after = {name: [float("%.7g" % p.double().norm().item())] for name, p in trainable if "lora_B" in name}
write_json(
    OUT / "training.json",
    {**provenance("smollm2_training.py"), "settings": settings,
     "gradientEntries": "norm, then entries 0, n/3, 2n/3, n-1 of the flattened gradient",
     "batches": batches, "steps": steps, "adapterNormsAfter3": after, "nonzeroB": nonzero},
)
