"""The signed statement with which a Google service account asks for a token (RFC 7523)."""

from __future__ import annotations

from datetime import datetime, timedelta

import jwt

from secondsource.adapters.http.credentials import CredentialError, GoogleServiceAccount, revealed
from secondsource.contracts.connector import ParseError
from secondsource.contracts.reading import document

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 an address
_LIFETIME = timedelta(hours=1)  # the longest that Google takes


def statement(name: str, account: GoogleServiceAccount, at: datetime) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """Where to ask, the form to send, and what must not be shown. Raises :class:`CredentialError` for a key file that is not one."""
    try:
        key = document(revealed(name, account.reveal).encode())
        email, private, url = key["client_email"].text(), key["private_key"].text(), key.text_of("token_uri") or _TOKEN_URL
        claims = {"iss": email, "scope": account.scope, "aud": url, "iat": int(at.timestamp()), "exp": int((at + _LIFETIME).timestamp())}
        named = key.text_of("private_key_id")
        signed = jwt.encode(claims, private, algorithm="RS256", headers={"kid": named} if named else None)
    except ParseError as error:
        raise CredentialError(f"credential {name!r} is not the key file of a service account ({error.where})") from None
    except (ValueError, TypeError, jwt.PyJWTError):
        # neither shown nor chained: the error may quote the key
        raise CredentialError(f"the private key of credential {name!r} can not be read") from None
    return url, {"grant_type": GRANT, "assertion": signed}, (private, signed)
