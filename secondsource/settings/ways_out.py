"""From what a file says of channels, people and rules to what sends, and to what is looked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from secondsource.settings.known import JudgesRecipients, Known
from secondsource.settings.people import ChannelForm, PersonForm
from secondsource.settings.plugged import plugged
from secondsource.settings.polling import check_networks
from secondsource.settings.say import Say
from secondsource.settings.settings import ChannelSettings


def channels(forms: Mapping[str, ChannelForm], known: Known, say: Say, folder: Path) -> tuple[ChannelSettings, ...]:
    """The channels, in the order of the file."""
    found = []
    for name, form in forms.items():
        here = ("channels", name)
        check_networks(form.allow, say, *here)
        if say.unknown("kind of channel", form.kind, known.senders, *here, "kind"):
            continue
        sender = plugged(known.senders[form.kind], form.sender, say, *here, folder=folder, quote=False)
        if sender is None:
            continue
        wrong = sender.recipient_problem(form.to) if isinstance(sender, JudgesRecipients) else None
        if wrong is not None:
            say(wrong, *here, "to")
        # where the address is a secret of the sender's, messages still need someone to be meant for
        to = form.to or (name if getattr(sender, "url", None) is not None else None)
        found.append(ChannelSettings(name, form.kind, to, sender, form.allow))
    return tuple(found)


def check_people(people: Mapping[str, PersonForm], forms: Mapping[str, ChannelForm] | None, say: Say) -> None:
    """Say whom no message could reach. ``forms`` None: channels have mistakes, so which there are is not known."""
    kinds = {form.kind for form in forms.values()} if forms is not None else {"slack", "email"}
    for id_, person in people.items():
        ways = {kind for kind in ("slack", "email") if getattr(person, kind)}
        if not ways:
            say("there is no way to reach them; give `email` or `slack`", "people", id_)
        elif not ways & kinds:
            said = f"there is no channel that reaches them; add one of kind {' or '.join(sorted(ways))} under channels"
            say(said, "people", id_)


def rules(entries: Mapping[str, bool | dict[str, object]], known: Known, say: Say, folder: Path) -> Mapping[str, BaseModel]:
    """The parameters of the rules that run, by id."""
    for name in entries:
        say.unknown("rule", name, known.rules, "rules", name)
    found = {}
    for id_, rule in sorted(known.rules.items()):
        entry = entries.get(id_, True)
        if entry is False:
            continue
        params = plugged(rule.Params, entry if isinstance(entry, dict) else {}, say, "rules", id_, folder=folder)
        if params is not None:
            found[id_] = params
    return found
