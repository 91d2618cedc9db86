"""Enrichments put together from their settings."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from order_receiver.enrichment.cache import Cache
from order_receiver.enrichment.enriching import Enrichment, Enrichments
from order_receiver.enrichment.function import FunctionSource
from order_receiver.enrichment.lookup import HttpSource
from order_receiver.enrichment.model import EnrichmentUnusable, Source
from order_receiver.mapping.loading import CannotLoad, UserFunction
from order_receiver.settings.enrichments import AnyEnrichment, FunctionEnrichment, HttpEnrichment
from order_receiver.settings.secrets import reveal
from order_receiver.settings.section import Secret
from order_receiver.targets.http.auth import open_auth
from order_receiver.targets.http.calls import Caller, Host


def open_enrichments(
    settings: Sequence[AnyEnrichment],
    base: Path,
    environ: Mapping[str, str],
    clock: Callable[[], float] = time.monotonic,
) -> Enrichments:
    """Load functions and take secrets from where they are kept; reaches nothing yet. `clock` ages what is cached.

    Modules and files are looked for from `base`, the folder of the settings file. Raises EnrichmentUnusable,
    SettingsError.
    """
    opened = []
    for index, each in enumerate(settings):
        source = _function(each, base) if isinstance(each, FunctionEnrichment) else _http(each, index, base, environ)
        opened.append(Enrichment(each, source, Cache(each.cache_seconds, clock)))
    return Enrichments(opened)


def _function(settings: FunctionEnrichment, base: Path) -> Source:
    try:
        function = UserFunction(settings.function, base, user=f"enrichment {settings.name}", may_be_async=True)
    except CannotLoad as error:
        raise EnrichmentUnusable(str(error)) from error
    return FunctionSource(settings.name, function, settings.save, settings.concurrency)


def _http(settings: HttpEnrichment, index: int, base: Path, environ: Mapping[str, str]) -> Source:
    def secret(reference: Secret, key: str) -> str:
        return reveal(reference, environ, base, f"enrichments[{index}].{key}")

    def now() -> datetime:
        return datetime.now(UTC)

    host = Host(
        base_url=settings.base_url,
        timeout=settings.timeout,
        at_once=settings.concurrency,
        answer_limit=settings.answer_limit,
        answers=settings.answers,
        quoted=False,
    )
    return HttpSource(settings, Caller(host, open_auth(settings.auth, secret, now), now))
