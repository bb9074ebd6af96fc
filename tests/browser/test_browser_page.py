"""The real Neo4j Browser, looked at with the tests' own Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from kg.neo4j_saved_queries import saved_queries
from kg.networkx_store import NetworkxStore
from kg.schema import PREDICATE_BY_LABEL
from medkgqa.facade import MedicalQA
from medkgqa.neo4j_command import Serving

pytestmark = [pytest.mark.neo4j, pytest.mark.slow]

SHOWN = 60_000  # milliseconds
PICTURES = os.environ.get("MEDKGQA_SCREENSHOTS", "")


class BrowserPage:
    """Neo4j Browser, logged in."""

    def __init__(self, page: Any, pictures: Path) -> None:
        self.page = page
        self.pictures = pictures

    def clear(self) -> None:
        """Close all frames."""
        self.run(":clear")
        self.page.wait_for_selector("[data-testid=frame]", state="detached", timeout=SHOWN)

    def paste(self, text: str) -> None:
        """Put a text into the editor as a person pastes it."""
        self.page.click("[data-testid=activeEditor] .monaco-editor", timeout=SHOWN)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)

    def run(self, text: str) -> None:
        """Paste a text and press the button that runs it."""
        self.paste(text)
        self.page.click("[data-testid=editor-Run]")

    def shows(self, selector: str) -> list[Any]:
        """Elements of the newest frame, once there are any."""
        within = f"[data-testid=frame]:first-of-type {selector}"
        self.page.wait_for_selector(within, timeout=SHOWN)
        found: list[Any] = self.page.query_selector_all(within)
        return found

    def picture(self, name: str) -> None:
        """Take a screenshot, once nothing moves any more."""
        self.page.wait_for_timeout(4_000 if PICTURES else 0)
        self.page.screenshot(path=str(self.pictures / f"{name}.png"))


@pytest.fixture(scope="module")
def logged_in(
    served: Serving, chromium: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserPage]:
    pictures = Path(PICTURES) if PICTURES else tmp_path_factory.mktemp("pictures")
    pictures.mkdir(parents=True, exist_ok=True)
    context = chromium.new_context(viewport={"width": 1200, "height": 760})
    page = context.new_page()
    address = served.address
    page.goto(f"{address.browser}?dbms={address.bolt.replace('//', '//neo4j@')}")
    page.wait_for_selector("[data-testid=password]", timeout=SHOWN)
    browser = BrowserPage(page, pictures)
    browser.picture("browser-login")
    page.fill("[data-testid=password]", address.password)
    page.click("[data-testid=connect]")
    yield browser
    context.close()


def test_it_comes_up_with_style_and_guide(logged_in: BrowserPage) -> None:
    page = logged_in.page
    page.wait_for_selector("[data-testid=carousel]", timeout=SHOWN)
    page.wait_for_selector("text=node.Disease", timeout=SHOWN)
    for _ in range(5):
        page.click("[data-testid=nextSlide]")
    text = page.wait_for_selector("pre.runnable:visible", timeout=SHOWN).inner_text()
    wanted = saved_queries()[4]
    assert wanted.title in text
    page.locator("pre.runnable:visible").scroll_into_view_if_needed()
    logged_in.picture("browser-guide")
    page.click("pre.runnable:visible")
    page.click("[data-testid=editor-Run]")
    logged_in.shows("circle.b-outline")


def test_the_graph_is_drawn_in_colour(logged_in: BrowserPage, small: NetworkxStore) -> None:
    logged_in.clear()
    logged_in.run(saved_queries()[4].text)
    fills = {c.get_attribute("fill") for c in logged_in.shows("circle.b-outline")}
    assert fills == {"#1B998B", "#D7263D"}, "drugs and the disease, as the style says"
    captions = {c.text_content().strip() for c in logged_in.shows("g.node text")}
    assert "migraine" in captions
    logged_in.picture("browser-treatments")
    logged_in.clear()
    logged_in.run(saved_queries()[7].text)
    assert len(logged_in.shows("circle.b-outline")) >= 3
    logged_in.picture("browser-shared-side-effects")


def test_a_plan_pasted_returns_the_edges_of_the_answer(
    logged_in: BrowserPage, served: Serving
) -> None:
    """What ``ask`` ran, asked again from the page: the same edges, row by row."""
    qa = MedicalQA(store=served.address.url, mode="template")
    answer = qa.ask("Which drugs treat migraine?", limit=None)
    expected = {(*astuple(c.edge.triple), c.edge.polarity.value) for c in answer.claims}
    assert len(expected) >= 3
    logged_in.clear()
    logged_in.run(answer.plan.cypher)
    heads = [cell.inner_text() for cell in logged_in.shows("table th")]
    rows = [
        [cell.inner_text().strip('"\n ') for cell in row.query_selector_all("td")]
        for row in logged_in.shows("table tbody tr")
    ]
    columns = [
        next(i for i, h in enumerate(heads) if name in h)
        for name in ("subject", "predicate", "object", "polarity")
    ]
    shown = {tuple(row[i] for i in columns) for row in rows}
    assert {(s, PREDICATE_BY_LABEL[p].curie, o, v) for s, p, o, v in shown} == expected
    logged_in.picture("browser-plan")
