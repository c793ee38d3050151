"""
Labels of TRL's `assistant_only_loss` for its training templates, and for four templates of our own with marks.

Writes test/fixtures/trl/{tokenizer.json,labels.json} and copies TRL's text-only training templates (Apache-2.0)
to test/fixtures/trl/templates/. Labels are kept as ranges [start, end) of supervised tokens.
Run: python trl_labels.py --reviews FOLDER
"""

import hashlib
import pathlib
import re
from datetime import datetime

import trl
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

from common import FIXTURES, arguments, provenance, reviews, write_json

OUT = FIXTURES / "trl"
(OUT / "templates").mkdir(parents=True, exist_ok=True)
options = arguments("reviews")
# Some templates write the day: it stands still here.
chat_template_utils.datetime = type("Day", (), {"now": staticmethod(lambda: datetime(2026, 1, 31))})
SEEING = ["idefics3_training", "llava_next_training", "smolvlm_training"]  # these want images' message form
source = pathlib.Path(trl.__file__).parent / "chat_templates"
for path in sorted(source.glob("*_training.jinja")):
    if path.stem in SEEING:
        continue
    (OUT / "templates" / path.name).write_text(path.read_text())
templates = {path.name.removesuffix(".jinja"): path.read_text() for path in sorted((OUT / "templates").glob("*.jinja"))}
ours = {path.stem: path.read_text().removesuffix("\n") for path in sorted((FIXTURES / "templates").glob("*.jinja"))}

# One small byte-level tokenizer whose special tokens are those of all templates.
found = set()
for text in [*templates.values(), *ours.values()]:
    found |= set(re.findall(r"<\|[A-Za-z0-9_]+\|>|<｜[^｜]+｜>|<\|[a-z_]+>|<[a-z_]+\|>|<(?:start|end)_of_[a-z]+>", text))
special = ["<pad>", "<s>", "</s>", "[INST]", "[/INST]", *sorted(found)]
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.train_from_iterator(
    [row[2] for row in reviews(options.reviews)],
    trainers.BpeTrainer(vocab_size=600 + len(special), special_tokens=[AddedToken(t, special=True) for t in special],
                        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
tokenizer.save(str(OUT / "tokenizer.json"), pretty=False)
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>")

tool = {"type": "function", "function": {
    "name": "weather", "description": "Weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
call = {"type": "function", "function": {"name": "weather", "arguments": {"city": "Oslo"}}}


def m(role, content, **more):
    return {"role": role, "content": content, **more}


chats = [
    {"name": "one turn", "messages": [m("user", "Was it good?"), m("assistant", "It was great.")]},
    {"name": "system", "messages": [m("system", "Be brief."), m("user", "Hello"), m("assistant", "Hi!")]},
    {"name": "three turns", "messages": [
        m("user", "One?"), m("assistant", "First."), m("user", "Two?"), m("assistant", "Second, and longer."),
        m("user", "Three?"), m("assistant", "First.")]},
    {"name": "system and turns", "messages": [
        m("system", "Rules:\n- one\n- two"), m("user", "a"), m("assistant", "b"), m("user", "a"), m("assistant", "b")]},
    {"name": "odd text", "messages": [
        m("user", "  spaces \n\n"), m("assistant", "\n\nfunction f() {\n\treturn 1\n}\n "),
        m("user", "naïve 漢字 🙂"), m("assistant", "ça va 🙂 👩‍👩‍👧 漢")]},
    {"name": "repeated", "messages": [
        m("user", "yes"), m("assistant", "yes"), m("user", "yes"), m("assistant", "yes")]},
    {"name": "assistant words in the question", "messages": [
        m("user", "assistant\nAssistant: model\n"), m("assistant", "user\nassistant")]},
    {"name": "thinking", "messages": [
        m("user", "2+2?"), m("assistant", "4", reasoning_content="Two and two.\nFour."),
        m("user", "3+3?"), m("assistant", "6", reasoning_content="Six.")]},
    {"name": "thinking in the text", "messages": [
        m("user", "2+2?"), m("assistant", "<think>\nTwo and two.\n</think>\n\n4"),
        m("user", "3+3?"), m("assistant", "<think>\nSix.\n</think>\n\n6")]},
    {"name": "tools", "tools": [tool], "messages": [
        m("user", "Weather?"), m("assistant", "", tool_calls=[call]), m("tool", "sunny", name="weather"),
        m("assistant", "It is sunny.")]},
    {"name": "tools and words", "tools": [tool], "messages": [
        m("system", "Use tools."), m("user", "Weather?"), m("assistant", "I look.", tool_calls=[call, call]),
        m("tool", "sunny", name="weather"), m("tool", "rain", name="weather"), m("assistant", "Mixed."),
        m("user", "Thanks"), m("assistant", "Bye")]},
]


def ranges(mask):
    out, start = [], None
    for i, bit in enumerate([*mask, 0]):
        if bit and start is None:
            start = i
        elif not bit and start is not None:
            out.append([start, i])
            start = None
    return out


rows = []
for name, template in [*templates.items(), *ours.items()]:
    for chat in chats:
        entry = {"template": name, "chat": chat["name"]}
        try:
            text = fast.apply_chat_template(chat["messages"], chat_template=template, tools=chat.get("tools"), tokenize=False)
            output = fast.apply_chat_template(
                chat["messages"], chat_template=template, tools=chat.get("tools"), tokenize=True, return_dict=True,
                return_assistant_tokens_mask=True)
        except Exception as error:
            rows.append({**entry, "refused": type(error).__name__})
            continue
        ids = output["input_ids"]
        entry["tokens"] = len(ids)
        entry["text"] = hashlib.sha256(text.encode()).hexdigest()[:12]
        entry["ids"] = hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()[:12]
        entry["supervised"] = ranges(output["assistant_masks"])
        rows.append(entry)
write_json(OUT / "labels.json", {**provenance("trl_labels.py"), "chats": chats, "rows": rows})
for name in [*templates, *ours]:
    mine = [r for r in rows if r["template"] == name]
    print(name, sum("refused" in r for r in mine), "refused", sum(not r.get("supervised") and "refused" not in r for r in mine), "empty")
