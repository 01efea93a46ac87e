"""What ``check`` looks at, and with which names in mind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from secondsource.contracts.rule import Rule
from secondsource.contracts.yaml_positions import BadYaml, read
from secondsource.domain.errors import UserError
from secondsource.domain.exposure import hollow_fallbacks
from secondsource.domain.fallbacks import shared_chokepoint
from secondsource.domain.problems import Problem
from secondsource.domain.reach import index_of
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Severity
from secondsource.plans import facts
from secondsource.plans.lint import lint_all, lint_file, lint_folder, uncovered
from secondsource.plans.load import FOLDERS, Library, load
from secondsource.plans.schema import Contingency, Escalation
from secondsource.settings.catalog import VENDORS
from secondsource.settings.catalog_check import check_catalog
from secondsource.settings.known import Known
from secondsource.settings.load import Examined, Names, examine
from secondsource.settings.portfolio import named
from secondsource.settings.settings import Settings
from secondsource.settings.user_rules import read_rule

CONFIGURATION = "secondsource.yaml"


class Report(NamedTuple):
    """What was found. ``notes`` are about what works but may not be meant; ``checked`` names what was looked at."""

    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    checked: tuple[str, ...]


class Checker:
    """Checks one path after the other. ``now`` is for days by which something had to be reviewed."""

    def __init__(self, known: Known, now: datetime, *, secrets: bool) -> None:
        self._known = known
        self._now = now
        self._secrets = secrets
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []

    def check(self, path: Path) -> None:
        """Check what stands at ``path``. Raises ``UserError`` where nothing there can be checked."""
        if path.is_dir():
            self._folder(path)
        else:
            self._file(path)

    def _folder(self, path: Path) -> None:
        if (path / CONFIGURATION).is_file():
            self._configuration(path / CONFIGURATION)
        elif any((path / name).is_dir() for name in FOLDERS.values()):
            self.problems += lint_all(path, self._plain(), self._now)
        elif path.name == VENDORS or (path / VENDORS).is_dir():
            self.problems += check_catalog([*self._before(path), path], self._known)
        else:
            folders = ", ".join([*FOLDERS.values(), VENDORS])
            raise UserError(f"{path} holds nothing to check: no {CONFIGURATION}, and none of the folders {folders}")

    def _file(self, path: Path) -> None:
        """Runbooks say their kind, rules their condition and vendors their id; a configuration says none of these."""
        try:
            documents = read(path)
        except BadYaml as error:
            self.problems.append(error.problem)
            return
        value: Any = documents[0].value if documents else None
        if isinstance(value, dict) and ("kind" in value or path.parent.name in FOLDERS.values()):
            folder = path.absolute().parent.parent
            self.problems += lint_file(path, self._plain(load([folder])), self._now)
        elif isinstance(value, dict) and "when" in value:
            self.problems += read_rule(path)[1]
        elif isinstance(value, dict) and "id" in value:
            whole = check_catalog([*self._before(path.parent), path.parent], self._known)
            self.problems += [problem for problem in whole if Path(problem.file) == path]
        else:
            self._configuration(path)

    def _before(self, folder: Path) -> list[Path]:
        """The shipped catalogs, which one's own may refer to, where ``folder`` is none of them."""
        return [shipped for shipped in self._known.catalog if shipped.resolve() not in (folder.resolve(), folder.resolve().parent)]

    def _plain(self, beside: Library | None = None) -> facts.Known:
        """What is known without a configuration: rules and plans."""
        plans = {*load(self._known.runbooks).contingencies, *(beside.contingencies if beside else ())}
        return facts.Known(rules=self._severities(self._known.rules, self._known.rules), plans=frozenset(plans))

    @staticmethod
    def _severities(running: Iterable[str], types: Mapping[str, type[Rule]]) -> Mapping[str, Severity]:
        return {id_: types[id_].meta.severity for id_ in running}

    def _configuration(self, path: Path) -> None:
        examined = examine(path, self._known)
        self.problems += examined.problems
        settings = examined.settings
        if settings is None or examined.names is None:
            return
        if self._secrets:
            self.problems += settings.missing_secrets()
        if len(settings.catalog_folders) > len(self._known.catalog):
            self.problems += check_catalog(settings.catalog_folders, self._known, own=True)
        self._runbooks(settings, examined.names)
        self.notes += [*_unheard(settings, examined), *_hollow(settings, examined)]

    def _runbooks(self, settings: Settings, names: Names) -> None:
        library = load(settings.runbook_folders)
        plans = frozenset(library.contingencies)
        rules = self._severities(settings.rules, settings.rule_types)
        fallback_plans = named(settings.context.portfolio)["plans"]
        known = facts.Known(
            names.people or None, (names.roles if names.people else None), names.channels, names.functions, names.vendors,
            self._severities(settings.rule_types, settings.rule_types), plans, fallback_plans, frozenset(settings.credentials),
            settings.automation is not None, Counter(role for p in settings.people for role in p.roles) if names.people else None,
            _sharing(settings),
        )  # fmt: skip
        shipped = len(self._known.runbooks)
        for folder in settings.runbook_folders[shipped:]:
            self.problems += lint_folder(folder, known, self._now)
        # what is shipped can not be mended here, and speaks of roles and fallbacks that a company may not have
        for folder in settings.runbook_folders[:shipped]:
            self.notes += lint_folder(folder, facts.Known(rules=known.rules, plans=plans), self._now)
        self.problems += uncovered(settings.runbook_folders[-1], library, facts.Known(rules=rules, plans=plans))


def check(paths: Sequence[Path], known: Known, now: datetime, *, secrets: bool) -> Report:
    """Everything that is wrong at ``paths``. Raises ``UserError`` where one holds nothing that can be checked."""
    checker = Checker(known, now, secrets=secrets)
    for path in paths:
        checker.check(path)
    return Report(_ordered(checker.problems), _ordered(checker.notes), tuple(map(str, paths)))


def _ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each once, file by file as they were come to, and in the order of the file."""
    files: dict[str, list[Problem]] = {}
    for problem in problems:
        files.setdefault(problem.file, []).append(problem)
    return tuple(problem for found in files.values() for problem in sorted(set(found)))


def _unheard(settings: Settings, examined: Examined) -> Iterable[Problem]:
    """Whom runbooks speak to, and nobody is: what is meant for them goes to the first channel with a place of its own."""
    assert examined.say is not None
    first = next((channel.name for channel in settings.channels if channel.to), None)
    if not settings.channels:
        yield _at(examined, "there is no channel, so nobody is told of anything", "channels")
        return
    held = {role for person in settings.people for role in person.roles}
    missing = sorted(_asked(load(settings.runbook_folders)) - held)
    if missing:
        said = f"nobody has the role {', '.join(missing)}, to which runbooks speak"
        instead = f"the channel {first} hears what is meant for them" if first else "what is meant for them is lost: give a channel a `to`"
        yield _at(examined, f"{said}; {instead}", "people")


def _hollow(settings: Settings, examined: Examined) -> Iterable[Problem]:
    """Fallbacks that sit on what they are to replace: they would fail with it."""
    needs = {need.id: need for need in settings.context.portfolio.dependencies}
    for hollow in hollow_fallbacks(settings.context):
        number = next(n for n, fallback in enumerate(needs[hollow.dependency].fallbacks) if fallback.scope == hollow.fallback)
        yield _at(examined, hollow.reason, *examined.needs[hollow.dependency], "fallbacks", number, "to")


def _sharing(settings: Settings) -> Callable[[Scope, Scope], str | None]:
    index = index_of(settings.context)

    def shared(used: Scope, other: Scope) -> str | None:
        surely, _ = shared_chokepoint(used, other, index)
        return index.name(surely) if surely is not None else None

    return shared


def _at(examined: Examined, text: str, *loc: str | int) -> Problem:
    assert examined.say is not None
    place = examined.say.place(*loc)
    return msgspec.structs.replace(place, text=f"{place.text}: {text}")


def _asked(library: Library) -> set[str]:
    """Roles that steps of runbooks and plans notify or ask for a decision."""
    roles = set()
    for book in library.documents:
        if isinstance(book, Escalation | Contingency):
            for step in book.steps:
                roles |= {to.removeprefix("role:") for to in (step.notify.to if step.notify else ()) if to.startswith("role:")}
                roles |= {step.approve.by} if step.approve else set()
    return roles
