"""What all senders' settings have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from secondsource.settings.secrets import Secret

__all__ = ["Secret", "SenderSettings"]


class SenderSettings(BaseModel):
    """Base of every sender's settings: unknown names are refused, and no error quotes a value, for it may be a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
