"""What the settings of the adapter `http` must fulfil, found when the configuration is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from order_receiver.settings.addresses import url_fault
from order_receiver.settings.expressions import BadExpression, expression, template
from order_receiver.settings.expressions.forms import form_of
from order_receiver.settings.expressions.language import check_names
from order_receiver.settings.section import Unfit

if TYPE_CHECKING:
    from order_receiver.settings.targets.http import AnswerRule, Call, Find, HttpTarget, News, Request

IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})
"""Methods that do the same when repeated. (RFC 9110, 9.2.2)"""

DOCUMENT = "document"
"""The body that is the mapped order, byte for byte."""

IDENTITY = frozenset({"key", "application_key", "client_order_ref"})
ORDER = IDENTITY | {"reference"}
SENT = ORDER | {DOCUMENT, "saved"}
ANSWERED = frozenset({"status", "headers", "body", "text"})
ITEM = frozenset({"item", "index"})

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_STATUSES = re.compile(r"\s*([1-5]\d\d)\s*(?:-\s*([1-5]\d\d)\s*)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEPT_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})

Path = tuple[str | int, ...]


def statuses(text: str) -> tuple[range, ...]:
    """Read `409, 500-599`. Raises ValueError."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _STATUSES.fullmatch(part)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise ValueError(f"`{part}` is no HTTP status and no range of them such as 400-499")
        found.append(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(found)


def check_user(user: str) -> None:
    """Raise Unfit where HTTP Basic cannot carry the name."""
    if not user or ":" in user or not user.isprintable():
        raise Unfit("must have at least one character, and no colon: HTTP Basic ends it there", "user")


def check_header_name(name: str, *path: str) -> None:
    """Raise Unfit for what is no header, and for one that belongs to HTTP itself."""
    if not _HEADER_NAME.fullmatch(name):
        raise Unfit("is no name of a header", *(path or ("header",)))
    if name.lower() in _KEPT_HEADERS:
        raise Unfit("is a header that HTTP itself sets", *(path or ("header",)))


def check_token_request(token_url: str, headers: Mapping[str, str]) -> None:
    """Raise Unfit where no token can be asked for."""
    if fault := url_fault(token_url):
        raise Unfit(fault, "token_url")
    for name in headers:
        check_header_name(name, "headers", name)


def check_answer(rule: AnswerRule) -> None:
    """Raise Unfit for a rule that cannot be read."""
    check_statuses(rule.status, "status")
    known = SENT | ANSWERED | ITEM | {"record", "cursor"}
    for name, source in (("when", rule.when), ("message", rule.message)):
        check_expression(source, known, None, name)


def check_request(request: Request) -> None:
    """Raise Unfit where it has not exactly one address, or something in it cannot be read."""
    if request.path is not None and request.url is not None:
        raise Unfit("belongs to a request without `path`", "url")
    if request.path is not None and re.search(r"[?#]", re.sub(r"\{\{.*?\}\}", "", request.path)):
        raise Unfit('must hold no `?` and no `#`; parameters belong in query = { name = "value" }', "path")
    for name in request.headers:
        check_header_name(name, "headers", name)
    templates_of(request, _compiles)


def check_find(find: Find) -> None:
    """Raise Unfit for a look-up that cannot work."""
    check_request(find)
    check_statuses(find.missing, "missing")
    for name, source in _of_find(find):
        _compile(source, *name)
    if find.method == "GET" and find.body is not None:
        raise Unfit("belongs to a look-up by POST", "body")
    if find.body == DOCUMENT:
        raise Unfit("must be a template: what is looked for is not the order itself", "body")


def check_call(call: Call) -> None:
    """Raise Unfit for a call that cannot work, or that nobody could repeat safely."""
    check_request(call)
    if not _NAME.fullmatch(call.name):
        raise Unfit("must be a word of letters, digits and underscores", "name")
    for name in call.save:
        if not _NAME.fullmatch(name):
            raise Unfit("must be a word of letters, digits and underscores", "save", name)
    for path, source in _of_call(call):
        _compile(source, *path)
    _check_parts(call)
    if call.find is None and not call.harmless:
        what = f"is missing: after a time-out nobody knows whether the {call.method} took effect, so the receiver must"
        advice = "look before it repeats it; say repeatable = true where the ERP itself refuses a second one"
        raise Unfit(f"{what} {advice}", "find")
    _check_found(call)


def _check_parts(call: Call) -> None:
    if call.path is None and call.url is None:
        raise Unfit("is missing: the path of the call below base_url", "path")
    if call.until is not None and not call.reads:
        raise Unfit("belongs to a call with GET, which can be made again and again", "until")
    if call.reads and call.body is not None:
        raise Unfit("belongs to a call with another method than GET", "body")


def check_news(news: News) -> None:
    """Raise Unfit for a look that cannot work."""
    check_request(news)
    for name, source in _of_news(news):
        _compile(source, name)
    if (news.key is None) == (news.client_order_ref is None):
        raise Unfit("says exactly one thing: either `key` or `client_order_ref`", "key")
    if news.path is None and news.url is None:
        raise Unfit("is missing: the path below base_url", "path")


def check_target(target: HttpTarget) -> None:
    """Raise Unfit for what does not fit together: names nobody saves, a base address that is none."""
    if fault := url_fault(target.base_url):
        raise Unfit(fault, "base_url")
    for name, value in target.headers.items():
        check_header_name(name, "headers", name)
        if not value.isprintable():
            raise Unfit("must be one line", "headers", name)
    check_template(target.reference, "text", IDENTITY, None, "reference")
    _check_calls(target.calls)
    if target.news is not None:
        _check_news_names(target.news)
    if target.check is not None:
        templates_of(target.check, lambda source, form, *path: check_template(source, form, (), None, "check", *path))


def _check_calls(calls: Iterable[Call]) -> None:
    names: set[str] = set()
    saved: set[str] = set()
    first = True
    for index, call in enumerate(calls):
        if call.name in names:
            raise Unfit(f"`{call.name}` is the name of an earlier call", "calls", index, "name")
        names.add(call.name)
        _check_call_names(call, saved, ("calls", index))
        if call.find is not None:
            _check_find_names(call, call.find, saved, ("calls", index, "find"), first=first)
            first = False
        saved.update(call.save)
    if not names:
        raise Unfit("must have at least one call", "calls")


def _check_call_names(call: Call, saved: Collection[str], at: Path) -> None:
    known = SENT | ITEM if call.each is not None else SENT
    templates_of(call, lambda source, form, *path: check_template(source, form, known, saved, *at, *path))
    for path, source in _of_call(call):
        check_expression(source, SENT if path == ("each",) else known | ANSWERED, saved, *at, *path)


def _check_find_names(call: Call, find: Find, saved: Collection[str], at: Path, *, first: bool) -> None:
    """The first look-up finds whole orders, also when only their key is known; the others know all that calls know."""
    known = ORDER if first else SENT | ITEM if call.each is not None else SENT
    templates_of(find, lambda source, form, *path: check_template(source, form, known, saved, *at, *path))
    for name, source in _of_find(find):
        here = known | ANSWERED if name[0] in ("items", "next") else known | ANSWERED | {"record"}
        check_expression(source, here, saved, *at, *name)


def _check_news_names(news: News) -> None:
    at = ("news",)
    templates_of(news, lambda source, form, *path: check_template(source, form, {"cursor"}, None, *at, *path))
    for name, source in _of_news(news):
        known = ANSWERED if name in ("items", "next") else ANSWERED | {"record"}
        check_expression(source, known, None, *at, name)


def _check_found(call: Call) -> None:
    """What the call saves must be there after it was found, too: later calls need it."""
    if call.find is None:
        return
    for name in call.save:
        if name not in call.find.save:
            raise Unfit(
                f"must save `{name}` too, as the call does: it is needed when the order was found", "find", "save"
            )


def _of_call(call: Call) -> list[tuple[Path, str | None]]:
    saves: list[tuple[Path, str | None]] = [(("save", name), source) for name, source in call.save.items()]
    return [(("each",), call.each), (("until",), call.until), *saves]


def _of_find(find: Find) -> list[tuple[tuple[str, ...], str | None]]:
    saves: list[tuple[tuple[str, ...], str | None]] = [(("save", name), source) for name, source in find.save.items()]
    return [(("items",), find.items), (("only",), find.only), (("next",), find.next), *saves]


def _of_news(news: News) -> list[tuple[str, str | None]]:
    words = ("items", "next", "key", "client_order_ref", "number", "refused", "source", "cursor")
    return [(word, getattr(news, word)) for word in words]


def templates_of(request: Request, visit: Callable[..., None]) -> None:
    """Show every template of a request, with its form and its path, and its one expression."""
    if request.path is not None:
        visit(request.path, "segment", "path")
    visit(request.url, "", "url")
    for name, source in request.query.items():
        visit(source, "text", "query", name)
    for name, source in request.headers.items():
        visit(source, "text", "headers", name)
    body = getattr(request, "body", None)
    if body is not None and body != DOCUMENT:
        visit(body, form_of(getattr(request, "content_type", "")), "body")


def _compiles(source: str | None, form: str, *path: str | int) -> None:
    if form:
        try:
            template(source or "", form)
        except BadExpression as error:
            raise Unfit(str(error), *path, advice=error.advice) from None
    else:
        _compile(source, *path)


def _compile(source: str | None, *path: str | int) -> None:
    if source is not None:
        try:
            expression(source)
        except BadExpression as error:
            raise Unfit(str(error), *path, advice=error.advice) from None


def check_template(
    source: str | None, form: str, known: Collection[str], saved: Collection[str] | None, *path: str | int
) -> None:
    """Raise Unfit for a template that cannot be read, or uses other names; `form` empty: for an expression."""
    if source is None:
        return
    _compiles(source, form, *path)
    names = template(source, form).names if form else expression(source).names
    _check(names, known, saved, *path)


def check_expression(
    source: str | None, known: Collection[str], saved: Collection[str] | None, *path: str | int
) -> None:
    """Raise Unfit for an expression that cannot be read, or uses other names. `saved` None: nobody knows these."""
    if source is not None:
        _compile(source, *path)
        _check(expression(source).names, known, saved, *path)


def _check(names: Collection[str], known: Collection[str], saved: Collection[str] | None, *path: str | int) -> None:
    """`saved` None: nobody knows here what was saved."""
    if saved is None:
        names = [name for name in names if not name.startswith("saved.")]
    try:
        check_names(names, known, saved or ())
    except BadExpression as error:
        raise Unfit(str(error), *path, advice=error.advice) from None


def check_statuses(text: str, name: str) -> None:
    """Raise Unfit for what are no HTTP statuses."""
    try:
        statuses(text)
    except ValueError as error:
        raise Unfit(str(error), name) from None
