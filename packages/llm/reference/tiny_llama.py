"""
A tiny random Llama (hidden 64, 2 layers, 4 heads over 2 key/value heads, untied head) with everything that
training it must give: logits, losses, every adapter gradient, and 50 optimizer steps with PEFT, in fp32.

Writes test/fixtures/tinyLlama/{config.json,model.safetensors,forward.json,training.json,gradients.safetensors}
and, for the architecture's variants, test/fixtures/tinyLlama/variants.json.
Run: python tiny_llama.py
"""

import copy

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

from common import FIXTURES, MODULES, fill_adapter, hash32, learning_rate, plain_name, provenance, ramp, write_json

OUT = FIXTURES / "tinyLlama"
OUT.mkdir(parents=True, exist_ok=True)
torch.set_num_threads(1)
SHAPE = dict(
    vocab_size=256, hidden_size=64, intermediate_size=112, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=128, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2,
    pad_token_id=2,
)


def fill_model(model):
    """
    Weights by rule, in the order of the sorted parameter names (n-th name, tensor 1000 + n): matrices and
    biases ramp(1000 + n, rows, columns, bound), norms 1 + the same; bound 0.5 for embeddings, 0.1 for norms
    and biases, else 1.5 / sqrt(columns). Rounded to bfloat16, so that the file may store that.
    """
    with torch.no_grad():
        for n, (name, parameter) in enumerate(sorted(model.named_parameters())):
            rows, columns = parameter.shape if parameter.dim() == 2 else (1, parameter.shape[0])
            norm = "norm" in name
            bound = 0.5 if "embed" in name else 0.1 if parameter.dim() == 1 else 1.5 / np.sqrt(np.float64(columns))
            values = torch.from_numpy(ramp(1000 + n, rows, columns, bound)).reshape(parameter.shape)
            parameter.copy_((values + 1 if norm else values).bfloat16().float())
    return model.eval()


def row(seed, prefix, length, supervised):
    """A row of `length` ids: a common prefix of ids 3, 4, …, then hashed ids; `supervised` is a list of spans."""
    ids = [3 + i for i in range(prefix)]
    ids += [3 + int(v) % 253 for v in hash32(np.arange(length - prefix) + 10007 * seed)]
    labels = [-100] * length
    for start, end in supervised:
        labels[start:end] = ids[start:end]
    return {"ids": ids, "labels": labels}


model = fill_model(LlamaForCausalLM(LlamaConfig(
    **SHAPE, rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, tie_word_embeddings=False)))
save_file({k: v.bfloat16().contiguous() for k, v in model.state_dict().items()}, OUT / "model.safetensors")
config = model.config.to_dict()
keep = [*SHAPE, "model_type", "rope_parameters", "tie_word_embeddings", "head_dim", "hidden_act", "attention_bias",
        "mlp_bias"]
write_json(OUT / "config.json", {"architectures": ["LlamaForCausalLM"], **{k: config[k] for k in keep if k in config}})

# Batch 0 shares a prefix of six ids; lengths differ; one row has two supervised spans.
batches = [
    [row(1, 6, 14, [(10, 14)]), row(2, 6, 9, [(8, 9)]), row(3, 6, 20, [(9, 12), (16, 20)]), row(4, 6, 11, [(7, 11)])],
    [row(5, 0, 12, [(5, 12)]), row(6, 0, 7, [(6, 7)]), row(7, 0, 18, [(1, 18)]), row(8, 0, 3, [(1, 3)])],
    [row(9, 4, 16, [(12, 16)]), row(10, 4, 16, [(12, 16)]), row(11, 4, 24, [(20, 24)]), row(12, 4, 5, [(4, 5)])],
]


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
    return tokens.sum() / (shifted != -100).sum(), tokens.sum(1) / (shifted != -100).sum(1)


def generate(model, prompt, count):
    """Greedy continuation and, at each new position, the gap between the two best logits."""
    ids, gaps = list(prompt), []
    for _ in range(count):
        with torch.no_grad():
            top = torch.topk(model(input_ids=torch.tensor([ids])).logits[0, -1], 2)
        ids.append(int(top.indices[0]))
        gaps.append(float("%.4g" % (top.values[0] - top.values[1]).item()))
    return {"prompt": list(prompt), "ids": ids[len(prompt):], "gaps": gaps}


def forward_values(model, ids):
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0]
    return {"ids": ids, "lastLogits": [float("%.8g" % v) for v in logits[-1].tolist()],
            "logSumExp": [float("%.8g" % v) for v in torch.logsumexp(logits.double(), -1).tolist()]}


sample = batches[0][2]["ids"]
write_json(OUT / "forward.json", {
    **provenance("tiny_llama.py"),
    "prompts": [forward_values(model, sample), forward_values(model, [7]),
                forward_values(model, batches[1][2]["ids"])],
    "greedy": [generate(model, sample[:8], 12), generate(model, sample[:6] + [40, 41], 12),
               generate(model, [9, 9, 200], 12)],
})


def adapted(base, **options):
    return get_peft_model(copy.deepcopy(base), LoraConfig(**{
        "r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "task_type": "CAUSAL_LM",
        "target_modules": [m.split(".")[1] for m in MODULES], **options})).train()


# Every gradient, at a start where B is not zero.
peft = adapted(model)
fill_adapter(peft, b_bound=0.1)
loss, per_row = loss_of(peft, batches[0])
loss.backward()
trainable = [(plain_name(n), p) for n, p in peft.named_parameters() if p.requires_grad]
save_file({n: p.grad.contiguous() for n, p in trainable}, OUT / "gradients.safetensors")
ids, labels, mask = padded(batches[0])
with torch.no_grad():
    logits = peft(input_ids=ids, attention_mask=mask).logits
gradient = {
    "batch": 0, "bBound": 0.1, "r": 4, "alpha": 8, "loss": loss.item(), "rowLosses": per_row.tolist(),
    "gradientNorm": torch.linalg.vector_norm(torch.stack([p.grad.norm() for _, p in trainable])).item(),
    "file": "gradients.safetensors",
    "lastLogitsRow0": [float("%.8g" % v) for v in logits[0, len(batches[0][0]["ids"]) - 1].tolist()],
}


def run(steps, rslora=False, weight_decay=0.0, **options):
    """Optimizer steps over the three batches in turn, from B = 0; the adapter's norms at the end."""
    peft = adapted(model, use_rslora=rslora, **options)
    fill_adapter(peft)
    trainable = [(plain_name(n), p) for n, p in peft.named_parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW([p for _, p in trainable], lr=1e-2, betas=(0.9, 0.999), eps=1e-8,
                                  weight_decay=weight_decay)
    losses, norms = [], []
    for k in range(1, steps + 1):
        loss, _ = loss_of(peft, batches[(k - 1) % 3])
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_([p for _, p in trainable], 1.0).item())
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(k, steps, 1e-2)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return {
        "r": 4, "alpha": 8, "rsLora": rslora, "peakLearningRate": 1e-2, "warmup": 0.03, "steps": steps,
        "betas": [0.9, 0.999], "eps": 1e-8, "weightDecay": weight_decay, "clip": 1.0, **options,
        "losses": losses, "gradientNorms": norms,
    }, {n: p.detach().clone() for n, p in trainable}


plain, final = run(50)
rs, final_rs = run(50, rslora=True)
decay, _ = run(10, weight_decay=0.1)
some, _ = run(10, target_modules=["q_proj", "v_proj"])
save_file({**{f"plain.{n}": t for n, t in final.items()}, **{f"rsLora.{n}": t for n, t in final_rs.items()}},
          OUT / "adapters.safetensors")
write_json(OUT / "training.json", {
    **provenance("tiny_llama.py"), "batches": batches, "gradient": gradient, "plain": plain, "rsLora": rs,
    "weightDecay": decay, "queryValueOnly": some, "finalAdapters": "adapters.safetensors"})

# Other architectures with the same shape and rule: only their logits.
llama3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
          "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
default = {"rope_type": "default", "rope_theta": 10000.0}
variants = {
    "llama3": LlamaForCausalLM(LlamaConfig(**SHAPE, rope_parameters=llama3, tie_word_embeddings=True)),
    "qwen2": Qwen2ForCausalLM(Qwen2Config(**SHAPE, rope_parameters=default, tie_word_embeddings=True)),
    "qwen3": Qwen3ForCausalLM(Qwen3Config(**SHAPE, head_dim=32, rope_parameters=default, tie_word_embeddings=True)),
    "mistral": MistralForCausalLM(MistralConfig(
        **SHAPE, rope_parameters=default, sliding_window=None, tie_word_embeddings=False)),
}
out = {**provenance("tiny_llama.py"), "rule": fill_model.__doc__.strip(), "variants": {}}
for name, variant in variants.items():
    fill_model(variant)
    config = variant.config.to_dict()
    keys = [*keep, "sliding_window", "use_sliding_window", "layer_types"]
    out["variants"][name] = {
        "config": {"architectures": [type(variant).__name__], **{k: config[k] for k in keys if k in config}},
        "parameters": {n: list(p.shape) for n, p in sorted(variant.named_parameters())},
        **forward_values(variant, sample),
    }
write_json(OUT / "variants.json", out)
print(plain["losses"][:3], plain["losses"][-1], rs["losses"][-1], gradient["loss"], gradient["gradientNorm"])
