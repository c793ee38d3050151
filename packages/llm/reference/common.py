"""What the reference scripts share: the model file, the reviews, the initial adapter's rule."""

import argparse
import hashlib
import json
import pathlib
import platform
import re

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "test" / "fixtures"
SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

SYSTEM = (
    "Classify the sentiment of the review. Reply with only a JSON object: "
    '{"sentiment": "positive"} or {"sentiment": "negative"}.'
)
MODULES = [
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "mlp.gate_proj",
    "mlp.up_proj",
    "mlp.down_proj",
]


def arguments(*names):
    """Command-line options that a script declares: --model FOLDER, --reviews FOLDER."""
    parser = argparse.ArgumentParser()
    if "model" in names:
        parser.add_argument("--model", required=True, help=f"folder that holds {SMOLLM2_FILE}")
    if "reviews" in names:
        parser.add_argument("--reviews", required=True, help="folder of amazon.json, imdb.json, yelp.json")
    parsed = parser.parse_args()
    if "model" in names:
        digest = hashlib.sha256((pathlib.Path(parsed.model) / SMOLLM2_FILE).read_bytes()).hexdigest()
        assert digest == SMOLLM2_SHA256, digest
    return parsed


def provenance(script):
    """Which script and which versions made a file of values."""
    from importlib.metadata import version

    packages = ["torch", "transformers", "peft", "trl", "gguf", "tokenizers", "numpy", "safetensors"]
    return {
        "script": f"packages/llm/reference/{script}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
    }


def reviews(folder):
    """All 3,000 valid rows in file order: (file, row number from 1, text, class 0 or 1)."""
    rows = []
    for name in ["amazon", "imdb", "yelp"]:
        for number, row in enumerate(json.loads((pathlib.Path(folder) / f"{name}.json").read_text()), 1):
            if row["class"] is not None:
                rows.append((name, number, row["text"], int(row["class"])))
    assert len(rows) == 3000
    return rows


def chat(text, label):
    """The review as the chat that the pipeline trains on."""
    answer = '{"sentiment": "%s"}' % ("positive" if label else "negative")
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": text},
        {"role": "assistant", "content": answer},
    ]


def load_smollm2(folder):
    """Tokenizer and fp32 model from the GGUF file, through transformers' own reader."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=SMOLLM2_FILE)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=SMOLLM2_FILE, dtype=torch.float32)
    return tokenizer, model


def hash32(x):
    """The integer mix `lowbias32` (C. Wellons), on a uint32 array; exact in any language."""
    x = np.asarray(x, dtype=np.uint32).copy()
    with np.errstate(over="ignore"):
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x7FEB352D)
        x ^= x >> np.uint32(15)
        x *= np.uint32(0x846CA68B)
        x ^= x >> np.uint32(16)
    return x


def ramp(tensor, rows, columns, bound):
    """
    A reproducible [rows, columns] float32 matrix in [-bound, bound):
    element i (row-major) is float32(bound * (hash32(i + 16777619 * tensor mod 2^32) / 2^31 - 1)).
    """
    with np.errstate(over="ignore"):
        start = np.uint32((16777619 * tensor) % 2**32)
        index = np.arange(rows * columns, dtype=np.uint32) + start
    unit = hash32(index).astype(np.float64) / 2.0**31 - 1.0
    return (unit * bound).astype(np.float32).reshape(rows, columns)


def fill_adapter(model, b_bound=0.0):
    """
    Gives a PEFT model's adapter its documented start. Module m = 7 * layer + position in MODULES:
    A [r, in] = ramp(2m, r, in, 1 / sqrt(in)), B [out, r] = ramp(2m + 1, out, r, b_bound) (zeros by default).
    """
    import torch

    for name, parameter in model.named_parameters():
        if "lora_" not in name:
            continue
        layer = int(name.split(".layers.")[1].split(".")[0])
        position = next(i for i, module in enumerate(MODULES) if f".{module}." in name)
        m = 7 * layer + position
        rows, columns = parameter.shape
        if "lora_A" in name:
            values = ramp(2 * m, rows, columns, 1.0 / np.sqrt(np.float64(columns)))
        else:
            values = ramp(2 * m + 1, rows, columns, b_bound)
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(values))


def plain_name(name):
    """A PEFT parameter's name as it stands in adapter_model.safetensors."""
    return name.replace(".default.", ".")


def learning_rate(step, steps, peak, warmup=0.03):
    """Linear warm-up over `warmup` of the optimizer steps, then linear decay; step counts from 1."""
    return peak * min(1.0, step / max(1.0, warmup * steps)) * (1.0 - (step - 1) / steps)


def write_json(path, value):
    """Indented JSON with every array of numbers on one line."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    text = re.sub(r"\[\s+(-?[0-9][^\[\]{}\"]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    assert json.loads(text) == json.loads(json.dumps(value))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")
