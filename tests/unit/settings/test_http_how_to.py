"""Every target that the how-to of the adapter `http` shows can be read by the program."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import inspect

from order_receiver.settings.places import lines_of
from order_receiver.settings.reading import Reading
from order_receiver.settings.targets import HttpTarget, Target
from order_receiver.settings.targets.http import Call, Find, News, OAuth2Auth
from order_receiver.settings.words import sections_of

DOCS = Path(__file__).parents[3] / "docs" / "how-to"
PAGES = ("connect-an-erp-by-http.md", "connect-business-central.md", "connect-fortnox.md")


def shown(page: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)


EXAMPLES = [(page, number) for page in PAGES for number, _ in enumerate(shown(page))]


@pytest.mark.parametrize(("page", "number"), EXAMPLES)
def test_what_is_shown_can_be_read(page: str, number: int) -> None:
    text = shown(page)[number]
    for name, table in tomllib.loads(text, parse_float=Decimal)["targets"].items():
        reading = Reading("receiver.toml", lines_of(text))
        reading.section(sections_of(inspect.type_info(HttpTarget)), table, ("targets", name))
        assert reading.problems == []


@pytest.mark.parametrize("kind", [HttpTarget, Call, Find, News, OAuth2Auth])
def test_every_setting_is_shown(kind: type[HttpTarget | Call | Find | News | OAuth2Auth]) -> None:
    page = (DOCS / PAGES[0]).read_text("utf-8")
    general = {*Target.__struct_fields__} - {"poll"}
    missing = [name for name in kind.__struct_fields__ if name not in general and f"{name} =" not in page]
    assert set(missing) <= {"calls", "auth", "news", "find", "answers", "client_order_ref"}


def test_the_message_that_is_shown() -> None:
    text = shown(PAGES[0])[0].replace("body.orderNo", "boddy.orderNo")
    reading = Reading("receiver.toml", lines_of(text))
    reading.section(
        sections_of(inspect.type_info(HttpTarget)), tomllib.loads(text)["targets"]["erp"], ("targets", "erp")
    )
    [problem] = reading.problems
    assert f"```text\n{problem}\n```" in (DOCS / PAGES[0]).read_text("utf-8")
