"""A model behind an OpenAI-compatible server: vLLM, llama.cpp, Ollama, or a hosted one.

The grammar of an answer goes along in the form the server takes: GBNF (``grammar``, llama.cpp;
``structured_outputs`` and the older ``guided_grammar``, vLLM) or a JSON schema
(``response_format``, everything else). A server may ignore it; what it sends is read against the
grammar before it is believed (:func:`reasoning.writer.worded`).

Chat completions: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from kg.errors import ModelUnavailableError, UsageError
from reasoning.grammar_text import SentenceSchema, gbnf, sentence_schema
from reasoning.sentence_grammar import Grammar

_MOST_BYTES = 8_000_000  # of one reply
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class GrammarForm(StrEnum):
    """How a server is told what may be said."""

    AUTO = "auto"  # asked of the server once
    GBNF = "gbnf"  # llama.cpp
    GUIDED = "guided"  # vLLM
    SCHEMA = "schema"  # response_format json_schema
    NONE = "none"


class EndpointModel:
    """A :class:`~reasoning.writer.Writer` over HTTP.

    Args:
        url: base of the server, with or without ``/v1``; ``#NAME`` at its end names the model
            where the server has several: ``http://localhost:11434/v1#llama3``.
        key: sent as a bearer token; none where empty.
        timeout: seconds for one reply.
        form: how the grammar is handed over.

    Raises:
        UsageError: on a URL that is none, or a key that would go out unencrypted.
        ModelUnavailableError: where the server does not answer or has no such model.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str = "",
        timeout: float = 120.0,
        form: GrammarForm = GrammarForm.AUTO,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url!r} is no http:// or https:// address of a server")
        if key and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise UsageError(f"{url}: a key is sent over https only; give an https:// address")
        self._root = f"{parts.scheme}://{parts.netloc}"
        path = parts.path.rstrip("/")
        self._base = self._root + (path if path.endswith("/v1") else f"{path}/v1")
        self._key = key
        self._timeout = timeout
        proxies = urllib.request.ProxyHandler({}) if parts.hostname in _LOOPBACK else None
        self._opener = urllib.request.build_opener(*([proxies] if proxies else []))
        self._model = self._chosen(parts.fragment)
        self._form = self._asked_form() if form is GrammarForm.AUTO else form

    @property
    def name(self) -> str:
        """The model's name on the server, and the server."""
        return f"{self._model} at {self._root}"

    @property
    def form(self) -> GrammarForm:
        """How the grammar is handed over."""
        return self._form

    def write(
        self, system: str, user: str, *, grammar: Grammar | None = None, max_tokens: int = 512
    ) -> str:
        """See :meth:`reasoning.writer.Writer.write`."""
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": user},
            ],
            "temperature": 0,
            "max_tokens": max_tokens,
            "stream": False,
        }
        schema: SentenceSchema | None = None
        if grammar is not None:
            if self._form is GrammarForm.SCHEMA:
                schema = sentence_schema(grammar)
                if not schema.schema["properties"]:
                    return schema.text("{}")
            request |= _constraint(self._form, grammar, schema)
        reply = self._post("/chat/completions", request)
        text = self._content(reply)
        return text if schema is None else schema.text(text)

    # --- the server

    def _chosen(self, wanted: str) -> str:
        """The model asked for, or the only one; both checked with the server."""
        reply = self._get(f"{self._base}/models")
        listed = reply.get("data") if isinstance(reply, dict) else None
        if not isinstance(listed, list):
            raise self._odd("/models", reply)
        names = [str(m["id"]) for m in listed if isinstance(m, dict) and "id" in m]
        if wanted:
            if names and wanted not in names:
                raise ModelUnavailableError(
                    f"{self._base} has no model {wanted!r}; it has: {', '.join(names[:10])}"
                )
            return wanted
        if len(names) != 1:
            some = ", ".join(names[:10]) or "none"
            raise ModelUnavailableError(
                f"{self._base} offers {len(names)} models ({some}); name one: {self._base}#NAME"
            )
        return names[0]

    def _asked_form(self) -> GrammarForm:
        """By what only that kind of server answers; a JSON schema for all others."""
        for path, field, form in (
            ("/props", "default_generation_settings", GrammarForm.GBNF),
            ("/version", "version", GrammarForm.GUIDED),
        ):
            try:
                reply = self._get(self._root + path)
            except ModelUnavailableError:
                continue
            if isinstance(reply, dict) and field in reply:
                return form
        return GrammarForm.SCHEMA

    def _content(self, reply: Any) -> str:
        try:
            choice = reply["choices"][0]
            text = choice["message"]["content"]
        except (KeyError, IndexError, TypeError):
            raise self._odd("/chat/completions", reply) from None
        if not isinstance(text, str):
            raise self._odd("/chat/completions", reply)
        return text.strip()

    def _get(self, url: str) -> Any:
        return self._sent(urllib.request.Request(url, headers=self._headers()))

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        encoded = json.dumps(body, ensure_ascii=False).encode("utf-8")
        headers = {**self._headers(), "Content-Type": "application/json"}
        return self._sent(urllib.request.Request(self._base + path, encoded, headers))

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": "medkgqa"}
        return headers | ({"Authorization": f"Bearer {self._key}"} if self._key else {})

    def _sent(self, request: urllib.request.Request) -> Any:
        url = request.full_url
        try:
            with self._opener.open(request, timeout=self._timeout) as reply:
                raw = reply.read(_MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            detail = error.read(500).decode("utf-8", errors="replace").strip()
            hint = "; give a key that it accepts" if error.code in (401, 403) else ""
            raise ModelUnavailableError(
                f"{url} answers {error.code} {error.reason}: {detail}{hint}"
            ) from error
        except TimeoutError as error:
            raise self._late(url) from error
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise self._late(url) from error
            raise ModelUnavailableError(
                f"{url} cannot be reached: {reason}; start the server, or give its address"
            ) from error
        if len(raw) > _MOST_BYTES:
            raise ModelUnavailableError(f"{url} answers with more than {_MOST_BYTES:,} bytes")
        try:
            return json.loads(raw)
        except ValueError as error:
            raise self._odd(url, raw[:200].decode("utf-8", errors="replace")) from error

    def _late(self, url: str) -> ModelUnavailableError:
        return ModelUnavailableError(
            f"{url} did not answer within {self._timeout:g} s; allow more time, or use a "
            "smaller model"
        )

    def _odd(self, place: str, reply: Any) -> ModelUnavailableError:
        return ModelUnavailableError(
            f"{self._base} does not speak the OpenAI protocol: {place} answers "
            f"{str(reply)[:200]!r}; give the address that ends in /v1"
        )


def _constraint(
    form: GrammarForm, grammar: Grammar, schema: SentenceSchema | None
) -> dict[str, Any]:
    """The fields that tell a server what may be said."""
    if form is GrammarForm.GBNF:
        return {"grammar": gbnf(grammar)}
    if form is GrammarForm.GUIDED:
        rules = gbnf(grammar)
        return {"structured_outputs": {"grammar": rules}, "guided_grammar": rules}
    if schema is not None:
        named = {"name": "answer", "strict": True, "schema": schema.schema}
        return {"response_format": {"type": "json_schema", "json_schema": named}}
    return {}
