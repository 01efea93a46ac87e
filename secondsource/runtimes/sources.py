"""From the settings of sources to what the collector polls, and the credentials that the fetcher applies."""

from __future__ import annotations

from collections.abc import Mapping

from secondsource.adapters.http.credentials import Basic, Bearer, Credential, HeaderCredential
from secondsource.ports.fetcher import DEFAULT_POLICY, FetchPolicy
from secondsource.runtimes.poll import Source
from secondsource.settings.settings import SourceSettings
from secondsource.settings.sources import CredentialForm


def source_of(source: SourceSettings) -> Source:
    """A source as the collector polls it."""
    policy = FetchPolicy(
        allow=source.allow,
        ports=source.ports,
        deadline=source.deadline or DEFAULT_POLICY.deadline,
        max_bytes=source.max_bytes or DEFAULT_POLICY.max_bytes,
    )
    return Source(source.id, source.vendor, source.connector, source.config, source.interval, policy)


def credentials(forms: Mapping[str, CredentialForm]) -> Mapping[str, Credential]:
    """The credentials as the fetcher applies them. Secrets are read when they are used."""
    found: dict[str, Credential] = {}
    for name, form in forms.items():
        if form.bearer is not None:
            found[name] = Bearer(form.bearer.reveal)
        elif form.basic is not None:
            found[name] = Basic(form.basic.username, form.basic.password.reveal)
        elif form.header is not None:
            found[name] = HeaderCredential(form.header.name, form.header.value.reveal)
    return found
