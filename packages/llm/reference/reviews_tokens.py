"""
Chat text and token ids of all 3,000 reviews, as transformers gives them for SmolLM2-135M-Instruct's GGUF file.

Writes test/fixtures/smollm2/reviews.json. Digests: `text` and `ids` are SHA-256 over the lines of all rows in file
order (the text's JSON; the ids joined with spaces); `rowDigests` holds the first four hex digits of each row's own.
Run: python reviews_tokens.py --model FOLDER --reviews FOLDER
"""

import hashlib
import json

from tokenizers import Tokenizer, pre_tokenizers
from transformers import AutoTokenizer

from common import FIXTURES, SMOLLM2_FILE, arguments, chat, provenance, reviews, write_json

options = arguments("model", "reviews")
tokenizer = AutoTokenizer.from_pretrained(options.model, gguf_file=SMOLLM2_FILE)
# transformers drops the file's pre-tokenizer `smollm` (digits one by one) and keeps GPT-2's pattern.
digits = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
digits.pre_tokenizer = pre_tokenizers.Sequence([
    pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])

text_all, ids_all = hashlib.sha256(), hashlib.sha256()
text_rows, ids_rows, literal, tokens, other = [], [], [], 0, []
for n, (file, number, review, label) in enumerate(reviews(options.reviews)):
    messages = chat(review, label)
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    ids = tokenizer.apply_chat_template(messages, tokenize=True, return_dict=True)["input_ids"]
    assert ids == tokenizer(text, add_special_tokens=False).input_ids
    if ids != digits.encode(text, add_special_tokens=False).ids:
        other.append([file, number])
    line = json.dumps(text, ensure_ascii=False, separators=(",", ":")).encode()
    joined = " ".join(map(str, ids)).encode()
    text_all.update(line + b"\n")
    ids_all.update(joined + b"\n")
    text_rows.append(hashlib.sha256(line).hexdigest()[:4])
    ids_rows.append(hashlib.sha256(joined).hexdigest()[:4])
    tokens += len(ids)
    if n in (0, 1999, 2999):
        literal.append({"file": file, "row": number, "text": text, "ids": ids,
                        "prompt": tokenizer.apply_chat_template(messages[:2], tokenize=False, add_generation_prompt=True)})
print("rows that differ under the smollm pre-tokenizer:", len(other), other[:10], "tokens", tokens)
probes = ["", " ", "  1", "a  12345 b", "x=\t\t3.14159\n\n\n", "<|im_start|>user<|im_end|><|endoftext|> <repo_name>",
          "naïve café — “quotes” … 漢字かな 한국어 🙂👩‍👩‍👧 עברית العربية", "don't I'LL we've", "\u00a0\u2003\u200b\ufeff",
          "e\u0301 combining", "\x00\x01\x7f", "The year 2026, №5 and ½ and Ⅷ and ٣٤"]
write_json(FIXTURES / "smollm2" / "reviews.json", {
    **provenance("reviews_tokens.py"), "rows": len(text_rows), "tokens": tokens,
    "text": text_all.hexdigest(), "ids": ids_all.hexdigest(),
    "rowDigests": {"text": "".join(text_rows), "ids": "".join(ids_rows)}, "literal": literal,
    "probes": [{"text": p, "ids": digits.encode(p, add_special_tokens=False).ids,
                "decoded": tokenizer.decode(digits.encode(p, add_special_tokens=False).ids)} for p in probes],
})
