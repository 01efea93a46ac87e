"""Reads rules of one's own from folders: every mistake at its place, conditions tried before they are trusted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from string import Template

from secondsource.contracts.rule import Rule
from secondsource.contracts.yaml_positions import BadYaml, Document, read
from secondsource.domain.conditions import BadCondition, Condition
from secondsource.domain.findings import FINDING, Finding
from secondsource.domain.observations import KINDS, Body
from secondsource.domain.problems import Problem
from secondsource.settings.forms import read as read_form
from secondsource.settings.say import Say, instead
from secondsource.settings.user_rule import made
from secondsource.settings.user_rule_form import UserRuleForm

KEY_NAMES = frozenset({"vendor", "source", "subject"})
TEXT_NAMES = KEY_NAMES | {"key", "count", "value"}
_KINDS: Mapping[str, type[Body]] = {**{kind: body for kind, body in KINDS.items() if kind not in ("tick", "gone")}, FINDING: Finding}


def read_rules(folders: Iterable[Path], taken: Collection[str]) -> tuple[Mapping[str, type[Rule]], list[Problem]]:
    """The rules in ``folders`` by id, and what is wrong with those that are left out. ``taken`` are ids of other rules."""
    found: dict[str, type[Rule]] = {}
    places: dict[str, str] = {}
    problems: list[Problem] = []
    for folder in folders:
        for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
            rule, wrong = read_rule(path)
            problems += wrong
            if rule is None:
                continue
            id_ = rule.meta.id
            if id_ in taken or id_ in found:
                other = places.get(id_, "the program's own")
                problems.append(Problem(str(path), 1, 1, f"there is a rule {id_!r} already, {other}; give this one another id"))
                continue
            found[id_] = rule
            places[id_] = str(path)
    return found, problems


def read_rule(path: Path) -> tuple[type[Rule] | None, list[Problem]]:
    """The rule in the file ``path``; None, with all that is wrong, where it can not be used."""
    try:
        documents = read(path)
    except BadYaml as error:
        return None, [error.problem]
    if len(documents) != 1:
        return None, [Problem(str(path), 1, 1, "one file is one rule: `id`, `title`, `consumes`, `when` and `severity` at least")]
    say = Say(documents[0])
    form = read_form(UserRuleForm, documents[0].value, say, folder=path.parent)
    if form is not None:
        _check(form, documents[0], say)
    return (made(form) if form is not None and not say.problems else None), sorted(say.problems)


def _check(form: UserRuleForm, document: Document, say: Say) -> None:
    for index, kind in enumerate(form.consumes):
        if kind not in _KINDS:
            say(f"there is no kind {kind!r}; {instead(kind, _KINDS)}", "consumes", index)
    if FINDING in form.consumes and form.reach != "portfolio":
        say("findings come from all vendors' rules: say `reach: portfolio`", "reach" if "reach" in document.value else "consumes")
    if form.reach == "vendor" and "${vendor}" not in form.key:
        say("a key must be unique over all vendors: it needs ${vendor}, or the rule `reach: portfolio`", "key")
    for field, text, names in (("key", form.key, KEY_NAMES), ("title", form.title, TEXT_NAMES), ("message", form.message, TEXT_NAMES)):
        template = Template(text)
        if not template.is_valid():
            say("a $ begins a placeholder such as ${vendor}; write $$ for the sign itself", field)
            continue
        for name in template.get_identifiers():
            if name not in names:
                say(f"there is no placeholder ${{{name}}} here; {instead(name, names)}", field)
    kinds = {kind: _KINDS[kind] for kind in form.consumes if kind in _KINDS}
    _try(form.when, kinds, bool, say, "when")
    if form.value is not None:
        _try(form.value, kinds, (int, float), say, "value")
    elif "${value}" in form.title + form.message:
        say("${value} is told, and no `value` says what it is", "title" if "${value}" in form.title else "message")


def _try(text: str, kinds: Mapping[str, type[Body]], wanted: type | tuple[type, ...], say: Say, field: str) -> None:
    try:
        Condition(text).tried(kinds, wanted)
    except BadCondition as error:
        place = f" (line {error.line}, column {error.column} of it)" if error.line is not None else ""
        say(f"{error}{place}", field)
