"""
Small tokenizers of five kinds, trained on the reviews, and digests of the token ids that the Rust library gives to
one megabyte of mixed text: Unicode, code, white space, special tokens, reviews.

Writes test/fixtures/tokenizers/{byteLevel,llama3,sentencePiece,unigram,wordPiece}.json and families.json. The text is
500 chunks; chunk n joins pieces[hash32(1000 n + k) mod pieces] for k = 0, 1, … until it has 2,048 characters, where
pieces are those in families.json followed by the reviews' texts.
Run: python tokenizer_families.py --reviews FOLDER
"""

import hashlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from common import FIXTURES, arguments, hash32, provenance, reviews, write_json

OUT = FIXTURES / "tokenizers"
OUT.mkdir(parents=True, exist_ok=True)
texts = [row[2] for row in reviews(arguments("reviews").reviews)]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<unk>"]
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
pieces = [
    " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", "\t\t", " \n ", "\u00a0", "\u2003", "\u200b", "\u3000", ".", ", ", "...", "…", "!?", "--",
    "<|im_start|>user\n", "<|im_end|>\n", "<|im_start|>assistant\n", "<|endoftext|>", "<|im_end", "|>", "< |im_end| >",
    "1", " 12", " 123", "1234567890", " 3.14159", "1,000,000", "2026-11-23", "٣٤٥", "²³", "½", "Ⅷ", "①", "№5", "0x1F", "1e-8",
    "I'll", " don't", "WE'VE", "it's", " they'd", "O'Brien's", "rock'n'roll",
    "naïve", " café", "Zürich", "ça va", "Łódź", "żółw", "ſharp", "İstanbul", "straße", "ﬁne", "Å", "Å", "e\u0301", "n\u0303", "a\u0308\u0323",
    "Привет, мир", " как дела?", "Ελληνικά", "עברית", "שלום", "العربية", "مرحبا", "हिन्दी", "नमस्ते", "ไทย", "ភាសា", "தமிழ்",
    "漢字", "かな", "カタカナ", "ｶﾅ", "中文，没有空格。", "日本語のテキスト", "한국어", " 안녕하세요", "𠮷野家", "𐍈𐌰", "Ａｂｃ",
    "🙂", " 🙂🙂", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇳🇴", "❤️", "☃", "→", "≤", "∑", "€", "£5", "™", "©", "\u00ad", "\ufeff", "\ufffd", "\x00", "\x1b[0m", "\x7f",
    "def f(x):\n    return x**2\n", "for (let i = 0; i < n; i++) {\n\tsum += a[i]\n}\n", "#include <stdio.h>\n", "SELECT * FROM t WHERE a='b';",
    "https://example.org/a?b=c&d=%20#e", "user@example.org", "C:\\Windows\\x", "{\"a\": [1, 2.5, null, true]}", "<div class=\"x\">y</div>",
    "snake_case", "camelCaseWord", "SCREAMING", "kebab-case", "a/b/c", "$x_1^2$", "\\frac{a}{b}", "~!@#$%^&*()_+`-=[]\\{}|;':\",./<>?",
    "word", " word", "Word", " WORD", " the", " The quick brown fox", " jumps over the lazy dog", "\n- item", "\n1. first", "\n    indented",
]


def chunk(n, all_pieces):
    out, k = "", 0
    while len(out) < 2048:
        out += all_pieces[int(hash32([1000 * n + k])[0]) % len(all_pieces)]
        k += 1
    return out


def special(names):
    return [AddedToken(name, special=True, normalized=False) for name in names]


def trained(tokenizer, trainer):
    tokenizer.train_from_iterator(texts + pieces * 3, trainer)
    return tokenizer


alphabet = pre_tokenizers.ByteLevel.alphabet()
byte_level = Tokenizer(models.BPE())
byte_level.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
byte_level.decoder = decoders.ByteLevel()
llama3 = Tokenizer(models.BPE(ignore_merges=True))
llama3.pre_tokenizer = pre_tokenizers.Sequence([
    pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
llama3.decoder = decoders.ByteLevel()
sentence_piece = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
sentence_piece.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
sentence_piece.decoder = decoders.Sequence([
    decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
unigram = Tokenizer(models.Unigram())
unigram.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
unigram.pre_tokenizer = pre_tokenizers.Metaspace()
unigram.decoder = decoders.Metaspace()
word_piece = Tokenizer(models.WordPiece(unk_token="<unk>"))
word_piece.normalizer = normalizers.BertNormalizer(lowercase=True)
word_piece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
word_piece.decoder = decoders.WordPiece()

bpe = dict(vocab_size=1200, special_tokens=special(SPECIAL), show_progress=False)
bytes_ = [f"<0x{b:02X}>" for b in range(256)]
families = {
    "byteLevel": trained(byte_level, trainers.BpeTrainer(**bpe, initial_alphabet=alphabet)),
    "llama3": trained(llama3, trainers.BpeTrainer(**bpe, initial_alphabet=alphabet)),
    "sentencePiece": trained(sentence_piece, trainers.BpeTrainer(
        **{**bpe, "vocab_size": 1500, "special_tokens": special(SPECIAL) + bytes_}, limit_alphabet=300, max_token_length=12)),
    "unigram": trained(unigram, trainers.UnigramTrainer(
        vocab_size=1200, special_tokens=special(SPECIAL), unk_token="<unk>", show_progress=False)),
    "wordPiece": trained(word_piece, trainers.WordPieceTrainer(**bpe)),
}
everything = pieces + texts
chunks = [chunk(n, everything) for n in range(500)]
result = {}
for name, tokenizer in families.items():
    state = tokenizer.to_str()
    if name == "sentencePiece":  # byte tokens are no added tokens in a converted tokenizer
        import json
        parsed = json.loads(state)
        parsed["added_tokens"] = [t for t in parsed["added_tokens"] if not t["content"].startswith("<0x")]
        state = json.dumps(parsed, ensure_ascii=False)
        tokenizer = Tokenizer.from_str(state)
    (OUT / f"{name}.json").write_text(state)
    ids = [e.ids for e in tokenizer.encode_batch(chunks, add_special_tokens=False)]
    result[name] = {
        "tokens": sum(map(len, ids)),
        "digests": "".join(hashlib.sha256(" ".join(map(str, row)).encode()).hexdigest()[:6] for row in ids),
        "decoded": hashlib.sha256("\n".join(tokenizer.decode(row, skip_special_tokens=False) for row in ids[:50]).encode()).hexdigest(),
    }
    print(name, tokenizer.get_vocab_size(), result[name]["tokens"], sum(tokenizer.token_to_id("<unk>") in row for row in ids))
write_json(OUT / "families.json", {
    **provenance("tokenizer_families.py"), "pieces": pieces,
    "bytes": sum(len(c.encode()) for c in chunks),
    "chunks": "".join(hashlib.sha256(c.encode()).hexdigest()[:6] for c in chunks), "families": result})
