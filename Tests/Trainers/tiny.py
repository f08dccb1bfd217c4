"""A tiny language model, its tokenizer and its callback for the libraries that build on transformers."""
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast, TrainerCallback, set_seed

from common import LENGTH, VOCABULARY, Report

SPECIAL = ["<pad>", "<s>", "</s>", "<unk>"]
WORDS = [f"w{number}" for number in range(len(SPECIAL), VOCABULARY)]


def tokenizer():
    words = {word: number for number, word in enumerate(SPECIAL + WORDS)}
    backend = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>",
        model_max_length=4 * LENGTH)


def text(tokens):
    """The words of the tokens, none of them a special one."""
    return " ".join(WORDS[token - len(SPECIAL)] for token in tokens)


def model(seed=1, dropout=0.1, positions=4 * LENGTH):
    """A model with dropout: a resumed run only repeats its losses if the random number state came back too."""
    set_seed(seed)
    return GPT2LMHeadModel(GPT2Config(
        vocab_size=VOCABULARY, n_positions=positions, n_embd=16, n_layer=1, n_head=2, pad_token_id=0,
        bos_token_id=1, eos_token_id=2, resid_pdrop=dropout, embd_pdrop=dropout, attn_pdrop=dropout))


def finish(trainer):
    """Ends the group of ranks. A rank that just exits can take the others down with it."""
    trainer.accelerator.wait_for_everyone()
    trainer.accelerator.end_training()


class ReportCallback(TrainerCallback):
    """Hands what a Trainer does to a Report."""

    def __init__(self, options):
        self.report = Report(options)

    def on_train_begin(self, args, state, control, **kwargs):
        self.report.start(state.global_step)

    def on_log(self, args, state, control, logs=None, **kwargs):
        if logs and "loss" in logs:
            self.report.step(state.global_step, float(logs["loss"]))

    def on_step_end(self, args, state, control, **kwargs):
        self.report.pause()

    def on_train_end(self, args, state, control, **kwargs):
        self.report.end()
