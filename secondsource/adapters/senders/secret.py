"""What all senders' settings have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from secondsource.settings.secrets import Secret

__all__ = ["Secret", "SenderSettings"]


class SenderSettings(BaseModel):
    """Base of every sender's settings: unknown names are refused, and no error quotes a value, for it may be a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def recipient_problem(self, recipient: str | None) -> str | None:
        """Why messages can not go to ``recipient`` this way, in a sentence; None where they can.

        Without one, a channel only carries what is meant for people.
        """
        return None
