"""TRL's SFTTrainer with its defaults, on rows that are already tokenized; `options` override SFTConfig's fields."""
import json
import logging
import os
import time

from common import held_out_loss, load_adapter, load_model, lora_config, rate, work

import torch
from datasets import Dataset
from transformers import AutoTokenizer, TrainerCallback
from trl import SFTConfig, SFTTrainer

task = work()
rows = [row for batch in task["batches"] for row in batch]
data = Dataset.from_list(
    [
        {"input_ids": row["ids"], "completion_mask": [0 if label == -100 else 1 for label in row["labels"]]}
        for row in rows
    ]
)


class Clock(TrainerCallback):
    def __init__(self):
        self.seconds = []

    def on_step_begin(self, *args, **kwargs):
        self.began = time.perf_counter()

    def on_step_end(self, *args, **kwargs):
        self.seconds.append(time.perf_counter() - self.began)


class SameRecipe(SFTTrainer):
    """The order of the batches and the learning rates of the other contenders."""

    def _get_train_sampler(self, *args, **kwargs):
        return torch.utils.data.SequentialSampler(self.train_dataset)

    def create_scheduler(self, num_training_steps, optimizer=None):
        share = lambda done: rate(task, done + 1) / task["learningRate"]
        self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer or self.optimizer, share)
        return self.lr_scheduler


class Heard(logging.Handler):
    """What the libraries say of packing: whether they fall back to something else."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.notes = []

    def emit(self, record):
        text = record.getMessage()
        if any(word in text.lower() for word in ("pack", "padding", "flash")):
            self.notes.append(text)


heard = Heard()
for name in ("trl", "transformers"):
    logging.getLogger(name).addHandler(heard)
clock = Clock()
folder, file = os.path.split(task["gguf"])
settings = dict(
    output_dir=task["scratch"],
    per_device_train_batch_size=len(task["batches"][0]),
    num_train_epochs=1,
    learning_rate=task["learningRate"],
    logging_steps=1,
    save_strategy="no",
    report_to=[],
    use_cpu=True,
    dataloader_pin_memory=False,
    disable_tqdm=True,
    completion_only_loss=True,  # rows that are already tokenized do not tell TRL that they are completions
)
settings.update(task.get("options", {}))
trainer = SameRecipe(
    model=load_model(task),
    args=SFTConfig(**settings),
    train_dataset=data,
    processing_class=AutoTokenizer.from_pretrained(folder, gguf_file=file),
    peft_config=lora_config(task),
    callbacks=[clock],
)
load_adapter(trainer.model, task)
trainer.train()
losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
result = {"seconds": clock.seconds, "losses": losses}
if settings.get("packing"):
    result["notes"] = [f"attention: {trainer.model.config._attn_implementation}", *heard.notes]
if "heldOut" in task:
    result["heldOutLoss"] = held_out_loss(trainer.model, task["heldOut"])
print(json.dumps(result))
