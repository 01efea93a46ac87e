"""From the settings of sources to what the collector polls, and the credentials that the fetcher applies."""

from __future__ import annotations

from collections.abc import Mapping

from secondsource.adapters.http.credentials import (
    AwsKeys,
    Basic,
    Bearer,
    ClientCredentials,
    Credential,
    GoogleServiceAccount,
    HeaderCredential,
)
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
    return {name: _credential(form) for name, form in forms.items()}


def _credential(form: CredentialForm) -> Credential:
    if form.bearer is not None:
        return Bearer(form.bearer.reveal)
    if form.basic is not None:
        return Basic(form.basic.username, form.basic.password.reveal)
    if form.header is not None:
        return HeaderCredential(form.header.name, form.header.value.reveal)
    if form.aws is not None:
        token = form.aws.session_token
        return AwsKeys(form.aws.key_id, form.aws.region, form.aws.service, form.aws.secret.reveal, token.reveal if token else None)
    if form.oauth2 is not None:
        return ClientCredentials(form.oauth2.token_url, form.oauth2.client_id, form.oauth2.client_secret.reveal, form.oauth2.scope)
    assert form.google is not None, "a credential is one of the kinds; the settings see to that"
    return GoogleServiceAccount(form.google.scope, form.google.key_file.reveal)
