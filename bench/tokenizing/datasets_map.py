"""Tokenizes a file of chats with datasets.map and the Rust tokenizer, and says how long the map took.

`labels`: a chat at a time, ids and the assistant's mask, as TRL prepares a data set for assistant_only_loss.
`ids`:    batches, ids alone: the least work that the library can do.
Run: python datasets_map.py WORK.json   {chats, tokenizer, template, mode, processes, cache}
"""

import hashlib
import json
import resource
import sys
import time

import datasets
from transformers import PreTrainedTokenizerFast

work = json.load(open(sys.argv[1]))
tokenizer = PreTrainedTokenizerFast(
    tokenizer_file=work["tokenizer"], bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|im_end|>"
)
tokenizer.chat_template = work["template"]
chats = datasets.load_dataset("json", data_files=work["chats"], split="train", cache_dir=work["cache"])


def labelled(row):
    found = tokenizer.apply_chat_template(
        row["messages"], tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    return {"input_ids": found["input_ids"], "assistant_masks": found["assistant_masks"]}


def ids_alone(rows):
    texts = tokenizer.apply_chat_template(rows["messages"], tokenize=False)
    return {"input_ids": tokenizer(texts, add_special_tokens=False)["input_ids"]}




def cpu_seconds():
    """Of this process and of the workers that have ended."""
    who = [resource.getrusage(kind) for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in who)


shared = {"num_proc": work["processes"], "load_from_cache_file": False, "remove_columns": chats.column_names}
started, cpu = time.perf_counter(), cpu_seconds()
if work["mode"] == "labels":
    rows = chats.map(labelled, **shared)
else:
    rows = chats.map(ids_alone, batched=True, **shared)
seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu

ids, supervised = hashlib.sha256(), hashlib.sha256()
for row in rows:
    ids.update((" ".join(map(str, row["input_ids"])) + "\n").encode())
    if work["mode"] == "labels":
        supervised.update(("".join(map(str, row["assistant_masks"])) + "\n").encode())
print(json.dumps({
    "seconds": seconds, "cpuSeconds": cpu,
    "ids": ids.hexdigest(), "masks": supervised.hexdigest() if work["mode"] == "labels" else None,
}))
