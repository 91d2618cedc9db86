"""What an answer means: first by the rules of the settings, then by its status."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from order_receiver.orders.answers import clean
from order_receiver.orders.outcomes import CallFailed, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.settings.expressions import ExpressionFailed, expression
from order_receiver.settings.expressions.forms import WrongValue, as_json, as_text
from order_receiver.settings.targets.http import AnswerRule, Means
from order_receiver.settings.targets.http_rules import statuses
from order_receiver.targets.http.exchange import Answer, Prepared

CREDENTIALS_PAUSE = 300.0
"""Seconds before the ERP is asked again after it refused our credentials: only a person can change that."""

_PASSES_UNDONE = frozenset(
    {
        HTTPStatus.NOT_FOUND,
        HTTPStatus.LOCKED,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)
"""404 is among them: an ERP that is starting, or was given another address, answers it to everything."""


_ERRORS = frozenset({"error", "errors"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means. `failure` is there unless it means `success` or `done`."""

    means: Means
    failure: CallFailed | None = None
    by_rule: bool = False
    """A rule of the settings said so, not the status alone."""


def judge(
    call: Prepared,
    answer: Answer,
    rules: Sequence[AnswerRule],
    values: Mapping[str, object],
    secrets: tuple[str, ...] = (),
    *,
    quoted: bool = True,
) -> Verdict:
    """Find the first rule that fits, or go by status. `values` are the names that expressions may use.

    `quoted`: where no rule says which words to tell, those of the answer itself are told.
    """
    known = {**values, **answer.values}
    rule = next((rule for rule in rules if _fits(rule, answer, known)), None)
    means = _by_status(answer.status) if rule is None else rule.means
    if means in ("success", "done"):
        return Verdict(means, by_rule=rule is not None)
    sentence = _sentence(call, answer, rule, known, secrets, answer.text if quoted else "")
    if means == "permanent":
        return Verdict(means, PermanentFailure(sentence))
    if means == "transient" or not call.changes:
        return Verdict(means, TransientFailure(sentence, _wait(answer, rule)))
    return Verdict(means, UnknownOutcome(sentence))


def unexpected(answer: Answer, saves: Collection[str]) -> str | None:
    """What speaks against success where only the status says so, as a page of a proxy has a good status too.

    `saves`: the expressions that take something from the answer. Those on headers and text know what they look for.
    Otherwise an answer must be empty or JSON; where nothing is taken from that, it must not name an error.
    """
    read = {name for source in saves for name in expression(source).names}
    if not answer.content.strip() or read & {"headers", "text"}:
        return None
    if not answer.is_json:
        return "something that is neither empty nor JSON"
    return "JSON that names an error" if "body" not in read and names_error(answer.body) else None


def names_error(value: object) -> bool:
    """Whether an object of JSON has an `error` or `errors` that says something."""
    return isinstance(value, Mapping) and any(said and str(name).lower() in _ERRORS for name, said in value.items())


def _fits(rule: AnswerRule, answer: Answer, values: Mapping[str, object]) -> bool:
    """A rule that fails on an answer does not fit it."""
    if not any(answer.status in part for part in statuses(rule.status)):
        return False
    try:
        return rule.when is None or expression(rule.when).holds(values)
    except ExpressionFailed:
        return False


def _by_status(status: int) -> Means:
    if 200 <= status < 300:
        return "success"
    if status == HTTPStatus.UNAUTHORIZED or status in _PASSES_UNDONE:
        return "transient"
    if status >= 500 or status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.MISDIRECTED_REQUEST):
        return "unknown"
    return "permanent"


def _wait(answer: Answer, rule: AnswerRule | None) -> float | None:
    if answer.retry_after is not None:
        return answer.retry_after
    if rule is not None:
        return rule.wait
    return CREDENTIALS_PAUSE if answer.status == HTTPStatus.UNAUTHORIZED else None


def _sentence(
    call: Prepared,
    answer: Answer,
    rule: AnswerRule | None,
    values: Mapping[str, object],
    secrets: tuple[str, ...],
    otherwise: str,
) -> str:
    said = f"{call.url.host} answered {call.name} with HTTP {answer.status}"
    if rule is None and 300 <= answer.status < 400:
        return f"{said}, a redirect; redirects are never followed. Correct base_url or the path."
    if rule is None and answer.status == HTTPStatus.UNAUTHORIZED:
        return f"{said}: it does not take our credentials. Check its `auth`."
    words = clean(_words(rule, values, otherwise).encode(), secrets)
    return f"{said}: {words}" if words else f"{said}."


def _words(rule: AnswerRule | None, values: Mapping[str, object], otherwise: str) -> str:
    if rule is None or rule.message is None:
        return otherwise
    try:
        value = expression(rule.message).value(values)
        return as_json(value) if isinstance(value, Mapping | list) else as_text(value)
    except (ExpressionFailed, WrongValue):
        return otherwise
