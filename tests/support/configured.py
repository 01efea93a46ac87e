"""A small company as a configuration file, and its settings."""

from __future__ import annotations

from pathlib import Path

from secondsource.adapters.known import known
from secondsource.settings.load import load
from secondsource.settings.settings import Settings

COMPANY = """\
data: store
vendors:
  halcyon: {name: Halcyon AI, kinds: [model_api], products: [{id: api, name: API}]}
  cirrus: {name: Cirrus AI, kinds: [model_api], products: [{id: api, name: API}]}
functions:
  support: {name: Support assistant, owner: ana, criticality: critical, workloads: [chat], rto: 1h}
workloads:
  chat:
    name: Chat
    needs:
      - id: chat-model
        provides: model API
        from: halcyon/api
        share: 1.0
        fallbacks: [{to: cirrus/api, switch_time: 10m, plan: model-api-failover}]
people:
  ana: {name: Ana, email: ana@example.org, roles: [on-call, duty-manager, incident-commander]}
channels:
  mail: {kind: email, host: 127.0.0.1, port: 2525, security: none, sender: risk@example.org, allow: [127.0.0.0/8]}
"""


def settings_in(path: Path) -> Settings:
    """The settings in a file."""
    return load(path, known())
