"""
Token ids that transformers' GGUF reader gives under each kind of tokenizer metadata, from the vocabularies in
test/fixtures/tokenizers (byteLevel.json for `gpt2`, sentencePiece.json for `llama`; a piece's score is minus its id).

transformers leaves out two things that the models' own tokenizers have, added here: Llama 3 takes a whole word that is
in the vocabulary without merging (`ignore_merges`), and Qwen composes characters (NFC).

Writes test/fixtures/tokenizers/gguf.json: per kind, six hex digits for each of the first 100 chunks of families.json.
Run: python gguf_tokenizers.py --reviews FOLDER   (after tokenizer_families.py)
"""

import hashlib
import json

from tokenizers import Tokenizer, normalizers
from transformers.integrations.gguf.gguf_tokenizer_mapping import convert_gguf_tokenizer

from common import FIXTURES, arguments, hash32, provenance, reviews, write_json

OUT = FIXTURES / "tokenizers"
texts = [row[2] for row in reviews(arguments("reviews").reviews)]
everything = json.loads((OUT / "families.json").read_text())["pieces"] + texts


def chunk(n):
    out, k = "", 0
    while len(out) < 2048:
        out += everything[int(hash32([1000 * n + k])[0]) % len(everything)]
        k += 1
    return out


def vocabulary(name):
    state = json.loads((OUT / f"{name}.json").read_text())
    tokens = sorted(state["model"]["vocab"], key=state["model"]["vocab"].get)
    special = {t["content"] for t in state["added_tokens"]}
    types = [2 if t == "<unk>" else 3 if t in special else 6 if t.startswith("<0x") else 1 for t in tokens]
    return tokens, types, [" ".join(m) for m in state["model"].get("merges", [])]


chunks = [chunk(n) for n in range(100)]
result = {}
tokens, types, merges = vocabulary("byteLevel")
for pre in ["gpt-2", "llama-bpe", "qwen2", "deepseek-r1-qwen", "tekken", "gpt-4o"]:
    backend, _ = convert_gguf_tokenizer("llama", {
        "tokenizer_type": "gpt2", "pre_tokenizer_type": pre, "tokens": tokens, "token_type": types, "merges": merges})
    state = json.loads(backend.to_str())
    state["model"]["ignore_merges"] = pre == "llama-bpe"
    backend = Tokenizer.from_str(json.dumps(state))
    if "qwen" in pre:
        backend.normalizer = normalizers.NFC()
    result[pre] = backend
tokens, types, _ = vocabulary("sentencePiece")
result["llama"], _ = convert_gguf_tokenizer("llama", {
    "tokenizer_type": "llama", "tokens": tokens, "token_type": types, "scores": [-float(i) for i in range(len(tokens))]})
print(json.dumps({k: v for k, v in json.loads(result["llama"].to_str()).items() if k not in ("model", "added_tokens")}))
print({k: v for k, v in json.loads(result["llama"].to_str())["model"].items() if k not in ("vocab", "merges")})
out = {}
for kind, backend in result.items():
    ids = [backend.encode(c, add_special_tokens=False).ids for c in chunks]
    out[kind] = {"tokens": sum(map(len, ids)),
                 "digests": "".join(hashlib.sha256(" ".join(map(str, r)).encode()).hexdigest()[:6] for r in ids)}
    print(kind, out[kind]["tokens"])
write_json(OUT / "gguf.json", {**provenance("gguf_tokenizers.py"), "kinds": out})
