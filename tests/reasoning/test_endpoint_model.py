"""A model behind HTTP. The server here speaks the protocol and says what a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from kg.errors import ModelUnavailableError, UsageError
from reasoning.endpoint_model import EndpointModel, GrammarForm
from reasoning.sentence_grammar import choice, sequence
from reasoning.writer import Writer, worded, written

GRAMMAR = sequence(choice("Use aspirin.", "Aspirin is used."), " ", choice("Rest.", "Sleep."))


class Server:
    """An OpenAI-compatible server on loopback; ``say`` makes the text of a reply."""

    def __init__(self) -> None:
        self.models = ["small"]
        self.pages: dict[str, Any] = {}
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.say: Callable[[dict[str, Any]], str] = lambda request: "Use aspirin. Rest."
        self.status = 200
        self.raw: bytes | None = None
        self.delay = 0.0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                pages = {
                    "/v1/models": {"data": [{"id": name} for name in server.models]},
                    **server.pages,
                }
                found = pages.get(self.path)
                self._send(404 if found is None else 200, json.dumps(found or {}).encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.requests.append(json.loads(body))
                server.headers.append(dict(self.headers))
                time.sleep(server.delay)
                said = server.say(server.requests[-1])
                reply = {"choices": [{"message": {"role": "assistant", "content": said}}]}
                self._send(server.status, server.raw or json.dumps(reply).encode())

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def test_it_is_a_writer_and_names_its_model(server: Server) -> None:
    model = EndpointModel(server.url)
    assert isinstance(model, Writer)
    assert model.name == f"small at {server.url}"
    assert written(model, "s", "q", max_tokens=9) == "Use aspirin. Rest."
    sent = server.requests[-1]
    assert sent["messages"][1] == {"role": "user", "content": "q"}
    assert (sent["temperature"], sent["max_tokens"]) == (0, 9)
    assert not {"grammar", "response_format", "guided_grammar"} & set(sent)


@pytest.mark.parametrize(
    ("pages", "form", "field"),
    [
        ({"/props": {"default_generation_settings": {}}}, GrammarForm.GBNF, "grammar"),
        ({"/version": {"version": "0.9"}}, GrammarForm.GUIDED, "guided_grammar"),
        ({}, GrammarForm.SCHEMA, "response_format"),
    ],
)
def test_the_grammar_goes_along_as_the_server_takes_it(
    server: Server, pages: dict[str, Any], form: GrammarForm, field: str
) -> None:
    server.pages = pages
    model = EndpointModel(server.url)
    assert model.form is form
    if form is GrammarForm.SCHEMA:
        server.say = lambda request: json.dumps(
            {
                name: of["enum"][-1]
                for name, of in request["response_format"]["json_schema"]["schema"][
                    "properties"
                ].items()
            }
        )
    said = worded(model, "s", "q", GRAMMAR, max_tokens=50)
    assert said in ("Use aspirin. Rest.", "Aspirin is used. Sleep.")
    assert field in server.requests[-1]


@pytest.mark.parametrize("text", ["Use heroin. Rest.", "Use aspirin. Rest. And more.", ""])
def test_a_server_that_does_not_obey_is_not_believed(server: Server, text: str) -> None:
    server.pages = {"/props": {"default_generation_settings": {}}}
    server.say = lambda request: text
    assert worded(EndpointModel(server.url), "s", "q", GRAMMAR, max_tokens=50) is None
    server.pages = {}
    assert worded(EndpointModel(server.url), "s", "q", GRAMMAR, max_tokens=50) is None


def test_a_model_is_chosen_by_name(server: Server) -> None:
    server.models = ["small", "large"]
    with pytest.raises(ModelUnavailableError, match=r"2 models \(small, large\); name one"):
        EndpointModel(server.url)
    assert EndpointModel(f"{server.url}/v1#large").name.startswith("large at")
    with pytest.raises(ModelUnavailableError, match="no model 'huge'; it has: small, large"):
        EndpointModel(f"{server.url}#huge")


def test_a_key_is_sent_and_never_in_the_clear_over_a_network(server: Server) -> None:
    EndpointModel(server.url, key="secret").write("s", "q")
    assert server.headers[-1]["Authorization"] == "Bearer secret"
    with pytest.raises(UsageError, match="https only"):
        EndpointModel("http://example.org/v1", key="secret")


def test_what_goes_wrong_is_said(server: Server) -> None:
    with pytest.raises(UsageError, match="no http"):
        EndpointModel("ftp://x")
    model = EndpointModel(server.url, timeout=0.5)
    server.raw = b"<html>"
    with pytest.raises(ModelUnavailableError, match="does not speak the OpenAI protocol"):
        model.write("s", "q")
    server.raw = b'{"choices": []}'
    with pytest.raises(ModelUnavailableError, match="does not speak the OpenAI protocol"):
        model.write("s", "q")
    server.raw, server.status = b"no such key", 401
    with pytest.raises(ModelUnavailableError, match=r"401.*give a key"):
        model.write("s", "q")
    server.raw, server.status, server.delay = None, 200, 1.0
    with pytest.raises(ModelUnavailableError, match=r"did not answer within 0\.5 s"):
        model.write("s", "q")
    time.sleep(0.6)


def test_a_server_that_is_not_there() -> None:
    running = Server()
    running.close()
    with pytest.raises(ModelUnavailableError, match="cannot be reached"):
        EndpointModel(running.url, timeout=2)
