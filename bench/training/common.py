"""What both PyTorch contenders share: the model from the same GGUF, the same initial adapter, the same batches.

A work file (JSON) names them: gguf, adapter (a PEFT directory), batches (list of batches of {ids, labels}), rank,
alpha, rslora, learningRate, totalSteps, warmup. Each contender prints one JSON line: seconds, rows and tokens of every
optimizer step, and its losses.
"""
import json
import os
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def work():
    with open(sys.argv[1]) as file:
        return json.load(file)


def load_model(task):
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(task["threads"])
    torch.manual_seed(0)
    if "shape" in task:  # a synthetic model: only its shape matters
        return LlamaForCausalLM(LlamaConfig(**task["shape"])).float()
    folder, file = os.path.split(task["gguf"])
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    # The weights are plain fp32 now; trainers refuse a model that still says that it is quantized.
    model.hf_quantizer = None
    model.is_quantized = False
    model.quantization_method = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    return model


def lora_config(task):
    from peft import LoraConfig

    return LoraConfig(
        r=task["rank"],
        lora_alpha=task["alpha"],
        lora_dropout=0.0,
        use_rslora=task.get("rslora", False),
        target_modules=MODULES,
        task_type="CAUSAL_LM",
    )


def load_adapter(model, task):
    """Overwrites the adapter's weights with the given initial ones."""
    if "adapter" not in task:
        return
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    result = set_peft_model_state_dict(model, load_file(os.path.join(task["adapter"], "adapter_model.safetensors")))
    assert not result.unexpected_keys, result.unexpected_keys


def rate(task, step):
    """Linear warmup, then linear decay to zero; `step` counts from 1."""
    total, warmup = task["totalSteps"], max(1.0, task["warmup"])
    return task["learningRate"] * min(1.0, step / warmup) * (1 - (step - 1) / total)


def held_out_loss(model, rows):
    """The mean over the supervised tokens of all rows."""
    import torch

    model.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for at in range(0, len(rows), 8):
            batch = rows[at : at + 8]
            longest = max(len(row["ids"]) for row in batch)
            ids = torch.tensor([row["ids"] + [0] * (longest - len(row["ids"])) for row in batch])
            labels = torch.tensor([row["labels"] + [-100] * (longest - len(row["ids"])) for row in batch])
            mask = torch.tensor([[1] * len(row["ids"]) + [0] * (longest - len(row["ids"])) for row in batch])
            supervised = int((labels[:, 1:] != -100).sum())
            total += model(input_ids=ids, labels=labels, attention_mask=mask).loss.item() * supervised
            count += supervised
    return total / count
