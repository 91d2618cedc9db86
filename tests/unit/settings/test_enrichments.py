"""[[enrichments]] in receiver.toml: what is read, and every message about them."""

import re
from pathlib import Path

import pytest

from order_receiver.settings.enrichments import FunctionEnrichment, HttpEnrichment
from order_receiver.settings.extra_rules import extra_troubles
from order_receiver.settings.load import load
from order_receiver.settings.model import Settings
from order_receiver.settings.problems import SettingsError
from order_receiver.settings.rules import troubles

TARGET = "[targets.erp]\nadapter = 'folder'\noutbox = 'o'\n"
PAGE = (Path(__file__).parents[3] / "docs/how-to/enrich-orders.md").read_text("utf-8")
[EXAMPLE] = re.findall(r"^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)

FUNCTION = "[[enrichments]]\nkind = 'function'\nname = 'f'\nfunction = 'a.b:c'\n"
HTTP = "[[enrichments]]\nkind = 'http'\nname = 'h'\nbase_url = 'https://crm.example.com'\n"
GOOD = HTTP + "path = 'c'\nsave = { no = 'body.no' }\n"


def read(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "receiver.toml").write_text(text, "utf-8")
    return load(tmp_path / "receiver.toml", {})


def test_the_example_of_the_page_can_be_read(tmp_path: Path) -> None:
    settings = read(tmp_path, TARGET + EXAMPLE)
    customer, credit = settings.enrichments
    assert isinstance(customer, HttpEnrichment)
    assert isinstance(credit, FunctionEnrichment)
    assert (customer.method, customer.cache_seconds, customer.missing) == ("GET", 600, "404")
    assert (credit.function, credit.save, credit.timeout) == ("our_credit:look_up", ["credit", "limit"], 10)
    assert list(extra_troubles(settings)) == []


def test_the_message_of_the_page_is_that_of_the_program(tmp_path: Path) -> None:
    settings = read(tmp_path, TARGET + EXAMPLE + "[[routes]]\nto = ['erp']\nwhen = 'extra[\"segmant\"] == \"a\"'\n")
    [trouble] = extra_troubles(settings)
    assert f"error   receiver.toml:34: {trouble.where}: {trouble.what} {trouble.advice}" in PAGE


WRONG = [
    (FUNCTION, "1: enrichments[0]: `save` is missing: names of the values that it gives."),
    ("[[enrichments]]\nname = 'x'", "enrichments[0].kind: `kind` is missing. Known: `function`, `http`."),
    ("[[enrichments]]\nkind = 'htpp'", 'there is no kind "htpp". Did you mean `http`?'),
    (f"{FUNCTION}save = []", "5: enrichments[0].save: must name at least one value."),
    (f"{FUNCTION}save = ['a-b']", "save: `a-b` must be a word of letters, digits and underscores."),
    (f"{FUNCTION}save = ['items']", "save: `items` cannot be used in templates, as it is a word of Python's."),
    (f"{FUNCTION}save = ['a']\nwhen = 'curency'", "6: enrichments[0].when: there is no field `curency`. Did you mean"),
    (f"{FUNCTION}save = ['a']\ncache_seconds = 5", "cache_key: is missing: a template that says which orders share"),
    (f"{FUNCTION}save = ['a']\ncache_key = 'x'", "6: enrichments[0].cache_key: has no effect without `cache_seconds`."),
    (
        f"{FUNCTION}save = ['a']\ncache_seconds = 5\ncache_key = '{{{{ buyr.code }}}}'",
        "7: enrichments[0].cache_key: there is no `buyr` here. Did you mean `buyer`?",
    ),
    (
        f"{FUNCTION}save = ['a']\ncache_seconds = 5\ncache_key = '{{{{ buyer.adress }}}}'",
        "cache_key: there is no field `buyer.adress`. Did you mean `buyer.address`?",
    ),
    (
        f"{GOOD}query = {{ q = '{{{{ buyer.person.emial }}}}' }}",
        "7: enrichments[0].query.q: there is no field `buyer.person.emial`. Did you mean `buyer.person.email`?",
    ),
    (
        f"{HTTP}path = 'c'\nsave = {{ a = 'body.a ~ shipping.pickup[\"cod\"]' }}",
        "save.a: there is no field `shipping.pickup.cod`. Did you mean `shipping.pickup.code`?",
    ),
    (FUNCTION.replace("a.b:c", "a.b.c") + "save = ['a']", "4: enrichments[0].function: must be written as package"),
    (FUNCTION.replace("'f'", "''") + "save = ['a']", "3: enrichments[0].name: must have 1 to 60 characters."),
    (f"{FUNCTION}save = ['a']\ntimeout = 0", "6: enrichments[0].timeout: must be a number above 0"),
    (f"{HTTP}save = {{ a = 'body.a' }}", "enrichments[0].path: is missing: the path of the look-up below base_url."),
    (f"{HTTP}path = 'c'\nsave = {{ a = 'bdy.a' }}", "6: enrichments[0].save.a: there is no `bdy` here. Did you mean"),
    (f"{HTTP}path = 'c'\nsave = {{ a = 'body.' }}", "6: enrichments[0].save.a: cannot be read: "),
    (f"{GOOD}body = '1'", "7: enrichments[0].body: belongs to a look-up by POST."),
    (f"{GOOD}method = 'POST'\nbody = 'document'", "8: enrichments[0].body: must be a template"),
    (f"{GOOD}url = 'extra.x'", "7: enrichments[0].url: belongs to a request without `path`."),
    (f"{GOOD}missing = '4o4'", "7: enrichments[0].missing: `4o4` is no HTTP status"),
    (f"{GOOD}headers = {{ Host = 'x' }}", "7: enrichments[0].headers.Host: is a header that HTTP itself sets."),
    (f"{GOOD}query = {{ q = '{{{{ row.x }}}}' }}", "7: enrichments[0].query.q: there is no `row` here."),
    (GOOD.replace("'c'", "'c?x=1'"), "5: enrichments[0].path: must hold no `?` and no `#`"),
    (GOOD.replace("https://", "https://u@"), "4: enrichments[0].base_url: must hold no user, query or fragment."),
    (
        f"{GOOD}auth = {{ kind = 'bearer', token = 'x' }}",
        "7: enrichments[0].auth.token: must not be the secret",
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_cannot_work_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as failed:
        read(tmp_path, text)
    assert message in str(failed.value)


def told(tmp_path: Path, text: str) -> list[str]:
    return [f"{each.where}: {each.what} {each.advice}".strip() for each in extra_troubles(read(tmp_path, text))]


def test_a_name_must_be_saved_before_it_is_asked_for(tmp_path: Path) -> None:
    early = GOOD.replace("'c'", "'c/{{ extra.group }}'") + "when = 'extra[\"group\"]'\n"
    text = early + f"{FUNCTION}save = ['group']\nwhen = 'extra[\"no\"]'\n"
    assert told(tmp_path, text) == [
        "enrichments[0].when: No earlier enrichment saves `group`. Add it to `save` of one.",
        "enrichments[0].path: No earlier enrichment saves `group`. Add it to `save` of one.",
    ]


def test_routes_and_value_tables_ask_for_what_is_saved(tmp_path: Path) -> None:
    rules = "[[routes]]\nto = ['erp']\nlines = 'extra[\"numer\"] == row.part_no'\n"
    values = "[targets.erp.values]\n'extra.number' = { table = 'a.csv' }\n'extra.nmber' = { table = 'b.csv' }\n"
    assert told(tmp_path, GOOD.replace("{ no", "{ number") + rules + TARGET + values) == [
        "routes[0].lines: No enrichment saves `numer`. Did you mean `number`?",
        'targets.erp.values."extra.nmber": No enrichment saves `nmber`. Did you mean `number`?',
    ]


def test_two_of_one_name(tmp_path: Path) -> None:
    assert told(tmp_path, GOOD + GOOD) == ['enrichments[1].name: "h" is the name of an earlier one. Choose another.']


def test_questions_and_passwords_travel_by_tls(tmp_path: Path) -> None:
    plain = GOOD.replace("https://", "http://")
    found = [
        trouble for trouble in troubles(read(tmp_path, plain)) if trouble.where.endswith("enrichments[0].base_url")
    ]
    assert [(trouble.severity.value, trouble.advice) for trouble in found] == [("error", "Use https://.")]
