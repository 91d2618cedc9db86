"""Rules over the whole configuration: what is unsafe, and what does not fit together."""

import re
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from order_receiver.settings.addresses import is_label, is_loopback, is_plain, url_fault
from order_receiver.settings.credentials import is_argon2
from order_receiver.settings.enrichments import HttpEnrichment
from order_receiver.settings.extra_rules import extra_troubles
from order_receiver.settings.model import Door, Norce, Settings
from order_receiver.settings.problems import Severity, Trouble, nearest
from order_receiver.settings.sending_rules import number_givers, route_troubles, value_troubles
from order_receiver.settings.targets import AmqpTarget, FolderTarget, HttpTarget, OdooTarget, SqlTarget, TrytonTarget
from order_receiver.settings.targets.http import OAuth2Auth
from order_receiver.settings.targets.sql import tls_fault

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def troubles(settings: Settings) -> list[Trouble]:
    """Everything that is wrong or doubtful, errors first.

    What is unsafe is an error in production mode and a warning in development; what cannot work is an error in both.
    """
    found = [
        *_door(settings),
        *_credentials(settings),
        *_applications(settings),
        *_zones(settings),
        *_targets(settings),
        *route_troubles(settings),
        *value_troubles(settings),
        *extra_troubles(settings),
        *_norce(settings),
    ]
    located = [replace(trouble, where=settings.written.where(trouble.where)) for trouble in found]
    return sorted(located, key=lambda trouble: trouble.severity is not Severity.ERROR)


def _error(where: str, what: str, advice: str = "") -> Trouble:
    return Trouble(Severity.ERROR, where, what, advice)


def _warning(where: str, what: str, advice: str = "") -> Trouble:
    return Trouble(Severity.WARNING, where, what, advice)


def _unsafe(settings: Settings, where: str, what: str, advice: str) -> Trouble:
    severity = Severity.ERROR if settings.mode == "production" else Severity.WARNING
    return Trouble(severity, where, what, advice)


def _door(settings: Settings) -> Iterator[Trouble]:
    door = settings.door
    if (door.tls_certificate is None) != (door.tls_key is None):
        yield _error("door", "tls_certificate and tls_key belong together.", "Name both, or neither.")
    if not door.path.startswith("/"):
        yield _error("door.path", f'"{door.path}" must begin with a slash.', f'Write "/{door.path}".')
    if door.public_url is not None and (fault := url_fault(door.public_url)):
        yield _error("door.public_url", f"{fault}.", "Write it like https://orders.example.com/orders.")
    yield from _open_door(settings, door)
    known = {application.key.lower() for application in settings.applications}
    if door.default_application is not None and door.default_application.lower() not in known:
        advice = "Use the key of one of the applications."
        yield _error("door.default_application", f'there is no application "{door.default_application}".', advice)


def _open_door(settings: Settings, door: Door) -> Iterator[Trouble]:
    own_tls = door.tls_certificate is not None
    if own_tls or (door.behind_proxy and is_loopback(door.host)):
        return
    if door.behind_proxy:
        advice = "Listen on 127.0.0.1, or let a firewall see to it that only the proxy gets through."
        yield _warning("door.host", f"a proxy ends TLS, yet {door.host} can be reached without it.", advice)
    elif settings.mode == "production" or not is_loopback(door.host):
        what = "orders and passwords would travel without TLS."
        advice = "Set behind_proxy = true where a proxy ends TLS, or tls_certificate and tls_key."
        yield _unsafe(settings, "door", what, advice)


def _credentials(settings: Settings) -> Iterator[Trouble]:
    credentials = settings.door.credentials
    if not credentials:
        what = "there are none, so every message is answered 401."
        yield _unsafe(settings, "door.credentials", what, "Make one with `order-receiver credentials hash`.")
    for index, credential in enumerate(credentials):
        where = f"door.credentials[{index}]"
        if not is_argon2(credential.password_hash):
            what = "is no argon2 hash (not shown: it may be the password), so nobody can pass with it."
            advice = "Make one with `order-receiver credentials hash`."
            yield _unsafe(settings, f"{where}.password_hash", what, advice)
        if not credential.user or ":" in credential.user:
            yield _error(f"{where}.user", "must have at least one character, and no colon: HTTP Basic ends it there.")


def _applications(settings: Settings) -> Iterator[Trouble]:
    if not settings.applications:
        what = "there are none, so no order can be told where it belongs."
        yield _unsafe(settings, "applications", what, "Add [[applications]] with `key` and `name`.")
    counts = Counter(application.key.lower() for application in settings.applications)
    for key in (key for key, count in counts.items() if count > 1):
        yield _error("applications", f"the key {key} stands there {counts[key]} times.", "Keep one of them.")
    for index, application in enumerate(settings.applications):
        where = f"applications[{index}]"
        if not _GUID.fullmatch(application.key):
            advice = "It looks like 11111111-2222-3333-4444-555555555555; Norce Admin shows it."
            yield _error(f"{where}.key", f'"{application.key}" is not a GUID.', advice)
        if not application.rounding_allowance >= 0:
            yield _error(f"{where}.rounding_allowance", f"{application.rounding_allowance} is below 0.")
        if settings.norce is not None and application.id is None:
            advice = "Set it to the integer id of the application that Norce Admin shows."
            yield _warning(f"{where}.id", "is not set, so calls to Norce go without an application-id header.", advice)


def _zones(settings: Settings) -> Iterator[Trouble]:
    named = [("time_zone", settings.time_zone)]
    named += [(f"applications[{index}].time_zone", each.time_zone) for index, each in enumerate(settings.applications)]
    for where, zone in named:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            known = {name.lower(): name for name in available_timezones()}
            matches = get_close_matches(zone.lower(), known, n=1)
            yield _error(where, f'there is no time zone "{zone}".', f"Write {known[matches[0]]}." if matches else "")


def _targets(settings: Settings) -> Iterator[Trouble]:
    names = list(settings.targets)
    if not names:
        yield _error("targets", "there are none, so orders have nowhere to go.", "Add a table such as [targets.erp].")
    for index, application in enumerate(settings.applications):
        where = f"applications[{index}].target"
        if application.target is None and len(names) > 1 and not settings.routes:
            known = ", ".join(f"`{name}`" for name in names)
            advice = f"Known: {known}. Or write [[routes]]."
            yield _error(where, "must be set where there is more than one target.", advice)
        if application.target is not None and application.target not in names:
            yield _error(where, f'there is no target "{application.target}".', nearest(application.target, names))
    yield from _places(settings)
    yield from _folders(settings)
    yield from _addresses(settings)
    yield from _rpc_urls(settings)
    for name, target in settings.targets.items():
        if isinstance(target, AmqpTarget) and not target.tls and not is_loopback(target.host):
            what = "is off: orders and the password would travel without TLS."
            yield _unsafe(settings, f"targets.{name}.tls", what, "Leave it on; the broker then listens on port 5671.")
        if isinstance(target, SqlTarget) and (fault := tls_fault(target.url)):
            what = f"would send orders and the password over the network {fault}."
            yield _unsafe(settings, f"targets.{name}.url", what, "See docs/how-to/connect-a-staging-table.md.")


def _addresses(settings: Settings) -> Iterator[Trouble]:
    """Passwords, keys and orders travel to these."""
    called: list[tuple[str, object]] = [(f"targets.{name}", target) for name, target in settings.targets.items()]
    called += [(f"enrichments[{index}]", each) for index, each in enumerate(settings.enrichments)]
    for where, each in called:
        if isinstance(each, HttpTarget | HttpEnrichment):
            urls = [("base_url", each.base_url)]
            if isinstance(each.auth, OAuth2Auth):
                urls.append(("auth.token_url", each.auth.token_url))
            for key, url in urls:
                if is_plain(url):
                    what = "would send orders and passwords over the network without TLS."
                    yield _unsafe(settings, f"{where}.{key}", what, "Use https://.")


def _places(settings: Settings) -> Iterator[Trouble]:
    """Every part of an order has the same key, so the second one in a place would count as done already."""
    taken: dict[Hashable, str] = {}
    for name, target in settings.targets.items():
        for key, place in target.places().items():
            where = f"targets.{name}.{key}"
            if (other := taken.setdefault(place, where)) != where:
                what = f"is the same place as {other}, where one of two orders would be taken for the other."
                yield _error(where, what, "Give each its own.")


def _folders(settings: Settings) -> Iterator[Trouble]:
    givers = number_givers(settings)
    for name, target in settings.targets.items():
        if not isinstance(target, FolderTarget):
            continue
        if target.number_setting and name in givers:
            what = "is not set, so order numbers never come back and nothing is confirmed."
            yield _warning(f"targets.{name}.inbox", what, "Name the folder the ERP writes its answers into.")
        elif target.number_setting:
            what = "is not set, so its order numbers never come back; Norce gets those of other targets."
            yield _warning(f"targets.{name}.inbox", what, "Name the folder the ERP writes its answers into.")
        if target.number_on_write:
            what = "is for try-outs: numbers are made up."
            yield _unsafe(settings, f"targets.{name}.number_on_write", what, "Set an inbox instead.")


def _rpc_urls(settings: Settings) -> Iterator[Trouble]:
    for name, target in settings.targets.items():
        if not isinstance(target, TrytonTarget | OdooTarget):
            continue
        where = f"targets.{name}.url"
        if fault := url_fault(target.url):
            yield _error(where, f"{fault}.", "Write it like https://erp.example.com.")
        elif is_plain(target.url):
            yield _unsafe(settings, where, "would send the password over the network without TLS.", "Use https://.")


def _norce(settings: Settings) -> Iterator[Trouble]:
    norce = settings.norce
    if norce is None:
        yield _warning(
            "norce", "is not set: numbers wait and are not reported.", "Add [norce] when you have a client id."
        )
        return
    if norce.base_url is not None:
        yield from _base_url(settings, norce.base_url)
    yield from _host_name(norce)


def _base_url(settings: Settings, url: str) -> Iterator[Trouble]:
    if fault := url_fault(url):
        yield _error("norce.base_url", f"{fault}.", "Write it like https://shop.api-se.norce.tech.")
    elif is_plain(url):
        what = "would send the client secret over the network without TLS."
        yield _unsafe(settings, "norce.base_url", what, "Use https://.")


def _host_name(norce: Norce) -> Iterator[Trouble]:
    for key, value in (("slug", norce.slug), ("region", norce.region)):
        if value is not None and not is_label(value):
            advice = "Only letters, digits and hyphens: the word before .api- is the slug, the one after it the region."
            yield _error(f"norce.{key}", f'"{value}" cannot be part of a host name.', advice)
