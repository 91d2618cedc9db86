"""Finds out about an order, before its rules and mappings, what the order does not say. (ADR 0035)"""

from order_receiver.enrichment.enriching import NO_ENRICHMENTS, Enriched, Enrichments
from order_receiver.enrichment.model import EnrichmentFailed, EnrichmentUnusable
from order_receiver.enrichment.opening import open_enrichments

__all__ = [
    "NO_ENRICHMENTS",
    "Enriched",
    "EnrichmentFailed",
    "EnrichmentUnusable",
    "Enrichments",
    "open_enrichments",
]
