"""
Adapters between PEFT and Sluice, on the tiny Llama.

Without options: writes an adapter with PEFT (rsLoRA, a rank pattern, an alpha pattern) to test/fixtures/peft/.
With --check FOLDER: PEFT loads an adapter that Sluice wrote, and its last logits are compared with those of the
same adapter filled in by rule (r 4, alpha 8, B within 0.1; layers.1.mlp.down_proj of rank 2, q_proj of alpha 16).
Run: python peft_adapter.py [--check FOLDER]
"""

import argparse
import copy
import json

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from common import FIXTURES, MODULES, fill_adapter, provenance, write_json

parser = argparse.ArgumentParser()
parser.add_argument("--check")
options = parser.parse_args()
base = AutoModelForCausalLM.from_pretrained(FIXTURES / "tinyLlama", dtype=torch.float32)
ids = torch.tensor([[3, 4, 5, 6, 7, 8, 69, 139, 20, 161]])


def filled(rslora):
    config = LoraConfig(
        r=4, lora_alpha=8, use_rslora=rslora, task_type="CAUSAL_LM", target_modules=[m.split(".")[1] for m in MODULES],
        rank_pattern={"layers.1.mlp.down_proj": 2}, alpha_pattern={"q_proj": 16})
    model = get_peft_model(copy.deepcopy(base), config)
    fill_adapter(model, b_bound=0.1)
    return model.eval()


if options.check is None:
    out = FIXTURES / "peft"
    model = filled(True)
    model.peft_config["default"].base_model_name_or_path = "tiny"
    model.save_pretrained(out)
    (out / "README.md").unlink()
    for file in out.iterdir():
        file.chmod(0o644)
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1]
    write_json(out / "logits.json", {**provenance("peft_adapter.py"), "ids": ids[0].tolist(),
                                     "lastLogits": [float("%.8g" % v) for v in logits.tolist()]})
else:
    loaded = PeftModel.from_pretrained(copy.deepcopy(base), options.check).eval()
    rslora = json.loads((__import__("pathlib").Path(options.check) / "adapter_config.json").read_text())["use_rslora"]
    with torch.no_grad():
        ours = loaded(input_ids=ids).logits
        rule = filled(rslora)(input_ids=ids).logits
        plain = base(input_ids=ids).logits
    print("largest difference to the rule:", (ours - rule).abs().max().item())
    print("largest difference to the base:", (ours - plain).abs().max().item())
    assert torch.equal(ours, rule) and not torch.allclose(ours, plain)
