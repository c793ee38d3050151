"""
SmolLM2-135M on the general text and the general questions, by transformers: what Forgetting.measure is tested against.

Losses of the passages (mean of -ln p over all tokens but the first), and of every question the sum of ln p over each
option's tokens, with the option that has most by characters (acc_norm of lm-evaluation-harness: context and option are
encoded together and parted at the length of the context's own encoding).

Run: python forgetting_reference.py --model FOLDER (which holds the GGUF file), with Node 24 on the path.
"""

import json
import pathlib
import subprocess
import sys

import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "llm" / "reference"))
from common import arguments, load_smollm2, provenance, write_json  # noqa: E402

options = arguments("model")
torch.set_num_threads(1)
source = """
import { generalText } from "../src/forgetting/generalText.ts"
import { generalQuestions } from "../src/forgetting/generalQuestions.ts"
console.log(JSON.stringify({ text: generalText.map(({ text }) => text), questions: generalQuestions }))
"""
given = json.loads(
    subprocess.run(["node", "--input-type=module", "-e", source], cwd=HERE, capture_output=True, check=True).stdout
)
tokenizer, model = load_smollm2(options.model)
model.eval()


def encode(text):
    return tokenizer(text, add_special_tokens=True).input_ids


def log_probabilities(ids):
    """ln p of each token but the first."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0, :-1].double()
    return torch.log_softmax(logits, -1)[torch.arange(len(ids) - 1), torch.tensor(ids[1:])]


passages = []
for text in given["text"]:
    ids = encode(text)
    assert len(ids) <= 512
    found = log_probabilities(ids)
    passages.append({"tokens": len(found), "loss": -found.mean().item()})
tokens = sum(p["tokens"] for p in passages)

questions = []
for question in given["questions"]:
    asked = question["question"]
    context = f"Question: {asked}\nAnswer:" if asked.endswith("?") else asked
    before = len(encode(context))
    sums = []
    for option in question["options"]:
        ids = encode(f"{context} {option}")
        sums.append(log_probabilities(ids)[before - 1 :].sum().item())
    by_length = [s / len(o) for s, o in zip(sums, question["options"])]
    questions.append({"sums": [round(s, 6) for s in sums], "chosen": by_length.index(max(by_length))})

right = sum(q["chosen"] == g["answer"] for q, g in zip(questions, given["questions"]))
value = {
    **provenance("forgetting_reference.py"),
    "script": "packages/steps/reference/forgetting_reference.py",
    "loss": sum(p["loss"] * p["tokens"] for p in passages) / tokens,
    "tokens": tokens,
    "right": right,
    "passages": [{**p, "loss": round(p["loss"], 7)} for p in passages],
    "questions": questions,
}
write_json(HERE.parent / "test" / "fixtures" / "forgetting" / "smollm2.json", value)
print(value["loss"], tokens, right)
