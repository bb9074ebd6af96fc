"""The network behind the relation model: an encoder and a head over pairs of concepts.

After ATLOP (Zhou et al. 2021, https://doi.org/10.1609/aaai.v35i16.17717): a concept is the
log-sum-exp of its mentions' marks; a pair also sees the text both attend to, by the attention of
the encoder's last layer; a grouped bilinear form of the two gives the labels. Added to it are the
counted features of the pair, and each label has its own probability.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kg.errors import MissingExtraError
from nlp.relation_pairs import FEATURE_NAMES
from nlp.relation_pieces import PIECE_KINDS

GROUP = 32  # width of a block of the bilinear form
FEATURE_WIDTH = 48


def make_network(encoder: Path, *, labels: int, dropout: float) -> tuple[Any, Any]:
    """The encoder of folder ``encoder`` and a new head, as two torch modules.

    ``encoder(pieces, mask, kinds)`` takes int64 [batch, length] and gives the last hidden states,
    float32 [batch, length, width], and the last attention, [batch, heads, length, length].
    ``head(hidden, attention, places, real, pairs, features)`` takes one document and gives
    logits, float32 [pairs, labels].

    Raises:
        MissingExtraError: without torch and transformers.
    """
    try:
        import torch
        from transformers import BertModel
    except ImportError as error:
        raise MissingExtraError("torch or transformers", extra="train") from error

    class Encoder(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.bert = BertModel.from_pretrained(
                str(encoder),
                add_pooling_layer=False,
                attn_implementation="eager",
                attention_probs_dropout_prob=0.0,
            )
            self.kind = torch.nn.Embedding(len(PIECE_KINDS), self.bert.config.hidden_size)
            torch.nn.init.normal_(self.kind.weight, std=0.02)
            with torch.no_grad():
                self.kind.weight[0].zero_()

        def forward(self, pieces: Any, mask: Any, kinds: Any) -> Any:
            embedded = self.bert.embeddings.word_embeddings(pieces) + self.kind(kinds)
            out = self.bert(inputs_embeds=embedded, attention_mask=mask, output_attentions=True)
            return out.last_hidden_state, out.attentions[-1]

    class Head(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self, width: int) -> None:
            super().__init__()
            self.first = torch.nn.Linear(2 * width, width)
            self.second = torch.nn.Linear(2 * width, width)
            self.bilinear = torch.nn.Linear(width * GROUP, labels)
            self.counted = torch.nn.Linear(len(FEATURE_NAMES), FEATURE_WIDTH)
            self.weigh = torch.nn.Linear(FEATURE_WIDTH, labels)
            self.straight = torch.nn.Linear(len(FEATURE_NAMES), labels)
            self.dropout = torch.nn.Dropout(dropout)
            for layer in (self.weigh, self.straight):
                torch.nn.init.zeros_(layer.bias)
                torch.nn.init.normal_(layer.weight, std=0.02)

        def forward(
            self, hidden: Any, attention: Any, places: Any, real: Any, pairs: Any, counted: Any
        ) -> Any:
            entities, most = places.shape  # index_select: its backward is fast, indexing's is not
            flat = places.flatten()
            marks = hidden.index_select(0, flat).view(entities, most, -1)
            marks = marks.masked_fill(~real[..., None], float("-inf"))
            concepts = torch.logsumexp(marks.float(), dim=1)  # [entities, width]
            share = real.float() / real.sum(1, keepdim=True)
            rows = attention.index_select(1, flat).float()
            rows = rows.view(len(rows), entities, most, -1) * share[None, :, :, None]
            heeded = rows.sum(2)  # [heads, entities, length]
            firsts, seconds = pairs[:, 0], pairs[:, 1]
            both = (heeded.index_select(1, firsts) * heeded.index_select(1, seconds)).mean(0)
            both = both / (both.sum(1, keepdim=True) + 1e-10)
            around = both @ hidden.float()  # [pairs, width]
            a = torch.tanh(self.first(torch.cat([concepts.index_select(0, firsts), around], 1)))
            b = torch.tanh(self.second(torch.cat([concepts.index_select(0, seconds), around], 1)))
            count, width = a.shape
            a = a.view(count, width // GROUP, GROUP, 1)
            b = b.view(count, width // GROUP, 1, GROUP)
            crossed = self.dropout((a * b).reshape(count, width * GROUP))
            features = self.dropout(torch.relu(self.counted(counted)))
            return self.bilinear(crossed) + self.weigh(features) + self.straight(counted)

    body = Encoder()
    return body, Head(body.bert.config.hidden_size)
