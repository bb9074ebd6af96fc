"""The network of the mention recognisers: an encoder, name features, one linear layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kg.errors import MissingExtraError
from nlp.token_scheme import TokenScheme


def make_network(encoder: Path, scheme: TokenScheme, *, dropout: float, layers: int = 0) -> Any:
    """A torch module: ``pieces``, ``mask``, ``features`` int64 [batch, length] → float logits
    [batch, length, labels].

    The features are added to the embeddings of the pieces, so that the first layer sees them; the
    one of "no feature" begins as zero.

    Args:
        encoder: folder of a BERT encoder (``config.json`` and weights).
        scheme: labels and features.
        dropout: share of the last hidden state set to zero in training.
        layers: how many of the encoder's layers are kept, the lowest; 0 for all.

    Raises:
        MissingExtraError: without torch and transformers.
    """
    try:
        import torch
        from transformers import BertModel
    except ImportError as error:
        raise MissingExtraError("torch or transformers", extra="train") from error

    class Recogniser(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = BertModel.from_pretrained(
                str(encoder),
                add_pooling_layer=False,
                attn_implementation="eager",
                attention_probs_dropout_prob=0.0,
            )
            if layers:
                self.encoder.encoder.layer = self.encoder.encoder.layer[:layers]
                self.encoder.config.num_hidden_layers = layers
            width = self.encoder.config.hidden_size
            self.feature = torch.nn.Embedding(len(scheme.features), width)
            torch.nn.init.normal_(self.feature.weight, std=0.02)
            with torch.no_grad():
                self.feature.weight[0].zero_()
            self.dropout = torch.nn.Dropout(dropout)
            self.head = torch.nn.Linear(width, len(scheme.labels))

        def forward(self, pieces: Any, mask: Any, features: Any) -> Any:
            embedded = self.encoder.embeddings.word_embeddings(pieces) + self.feature(features)
            hidden = self.encoder(inputs_embeds=embedded, attention_mask=mask).last_hidden_state
            return self.head(self.dropout(hidden))

    return Recogniser()
