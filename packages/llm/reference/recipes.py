"""
What other recipes give on the tiny Llama of tiny_llama.py with PEFT, in fp32: LoRA+, Adafactor, AdamW with decay and
LoRA+ together, patterns of rank and alpha, and target modules by a regular expression.

Reads test/fixtures/tinyLlama/{config.json,model.safetensors,training.json}, writes recipes.json and
recipes.safetensors (the adapters after the last optimizer step) beside them.
Run: python recipes.py
"""

import json

import torch
from peft import LoraConfig, get_peft_model
from peft.optimizers import create_loraplus_optimizer
from safetensors.torch import save_file
from transformers import Adafactor, LlamaForCausalLM

from common import FIXTURES, MODULES, fill_adapter, learning_rate, plain_name, provenance, write_json

OUT = FIXTURES / "tinyLlama"
torch.set_num_threads(1)
batches = json.loads((OUT / "training.json").read_text())["batches"]
STEPS, PEAK = 12, 2e-3


def padded(batch):
    length = max(len(r["ids"]) for r in batch)
    return (
        torch.tensor([r["ids"] + [2] * (length - len(r["ids"])) for r in batch]),
        torch.tensor([r["labels"] + [-100] * (length - len(r["labels"])) for r in batch]),
        torch.tensor([[1] * len(r["ids"]) + [0] * (length - len(r["ids"])) for r in batch]),
    )


def loss_of(model, batch):
    ids, labels, mask = padded(batch)
    logits = model(input_ids=ids, attention_mask=mask).logits
    shifted = labels[:, 1:]
    tokens = torch.nn.functional.cross_entropy(
        logits[:, :-1].transpose(1, 2), shifted, ignore_index=-100, reduction="none")
    return tokens.sum() / (shifted != -100).sum()


def adam(peft, trained):
    return torch.optim.AdamW(trained, lr=PEAK, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0), [1.0]


def lora_plus(ratio, decay):
    def make(peft, trained):
        optimizer = create_loraplus_optimizer(
            peft, torch.optim.AdamW, lr=PEAK, loraplus_lr_ratio=ratio, loraplus_weight_decay=decay, eps=1e-8)
        return optimizer, [group["lr"] / PEAK for group in optimizer.param_groups]
    return make


def adafactor(decay):
    # As transformers' Trainer sets it up for optim="adafactor".
    def make(peft, trained):
        return Adafactor(trained, lr=PEAK, scale_parameter=False, relative_step=False, weight_decay=decay), [1.0]
    return make


def run(make, **options):
    model = LlamaForCausalLM.from_pretrained(OUT, dtype=torch.float32)
    peft = get_peft_model(model, LoraConfig(**{
        "r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "task_type": "CAUSAL_LM",
        "target_modules": [m.split(".")[1] for m in MODULES], **options})).train()
    fill_adapter(peft)
    named = [(plain_name(n), p) for n, p in peft.named_parameters() if p.requires_grad]
    trained = [p for _, p in named]
    optimizer, ratios = make(peft, trained)
    losses, norms = [], []
    for k in range(1, STEPS + 1):
        loss = loss_of(peft, batches[(k - 1) % 3])
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(trained, 1.0).item())
        for group, ratio in zip(optimizer.param_groups, ratios):
            group["lr"] = learning_rate(k, STEPS, PEAK) * ratio
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses, norms, {n: p.detach().clone() for n, p in named}


recipes = {
    "loraPlus": (lora_plus(16.0, 0.0), {}),
    "loraPlusDecay": (lora_plus(4.0, 0.1), {}),
    "adafactor": (adafactor(0.0), {}),
    "adafactorDecay": (adafactor(0.1), {}),
    "patterns": (adam, {"rank_pattern": {"q_proj": 2, "layers.1.mlp.down_proj": 6},
                        "alpha_pattern": {"v_proj": 16, ".*mlp.*": 4}}),
    "targetPattern": (adam, {"target_modules": r".*\.1\.(self_attn\.[qv]_proj|mlp\.down_proj)"}),
}
found, tensors = {}, {}
for name, (make, options) in recipes.items():
    losses, norms, adapter = run(make, **options)
    found[name] = {**options, "losses": losses, "gradientNorms": norms}
    tensors.update({f"{name}.{n}": t.contiguous() for n, t in adapter.items()})
    print(name, losses[0], losses[-1], len(adapter))
save_file(tensors, OUT / "recipes.safetensors")
write_json(OUT / "recipes.json", {
    **provenance("recipes.py"), "r": 4, "alpha": 8, "peakLearningRate": PEAK, "steps": STEPS, "warmup": 0.03,
    "clip": 1.0, "recipes": found})
