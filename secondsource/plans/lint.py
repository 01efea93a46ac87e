"""Whether runbooks, plans and drills make sense: every name is known, every step is reached, every wait has a way out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from secondsource.contracts.durations import format_duration
from secondsource.domain.problems import Problem
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Severity
from secondsource.plans import graph
from secondsource.plans.drill import MEASURES, body_of
from secondsource.plans.facts import Known
from secondsource.plans.findings import Findings
from secondsource.plans.load import FOLDERS, Library, Read, files, library, read_file
from secondsource.plans.placeholders import DRILL_NAMES
from secondsource.plans.schema import ApproveVerb, Contingency, Drill, Escalation, Runbook, StepSpec, Triggers, WebhookVerb
from secondsource.plans.walk import FITTING_PLAN


def lint_file(path: Path, known: Known, now: datetime) -> list[Problem]:
    """Everything wrong with one file, in the order of the file. ``known.plans`` are the plans that it may name."""
    return _lint(read_file(path), Path(path), known, now)


def lint_all(folder: Path, known: Known, now: datetime) -> list[Problem]:
    """Everything wrong with the files of ``folder``, each by itself and all together."""
    books = library(read_file(path) for path in files(folder))
    known = msgspec.structs.replace(known, plans=frozenset(books.contingencies) | (known.plans or frozenset()))
    return [*lint_folder(folder, known, now), *uncovered(folder, books, known)]


def lint_folder(folder: Path, known: Known, now: datetime) -> list[Problem]:
    """What is wrong with the files of ``folder``, whatever other folders there are. ``known.plans`` are the plans that they may name."""
    paths = files(folder)
    found = [read_file(path) for path in paths]
    return [*(problem for path, each in zip(paths, found, strict=True) for problem in _lint(each, path, known, now)), *_twice(found)]


def _lint(found: Read, path: Path, known: Known, now: datetime) -> list[Problem]:
    if found.content is None or found.document is None:
        return sorted(found.problems)
    book, say = found.content, Findings(found.document)
    if path.stem != book.id:
        say(f"the file is called {path.name}; call it {book.id}.yaml, or correct the id", "id")
    if path.parent.name in FOLDERS.values() and path.parent.name != FOLDERS[book.kind]:
        say(f"this is the folder {path.parent.name}; a file of this kind belongs in {FOLDERS[book.kind]}", "kind")
    if book.review_by < now.date():
        say(f"the day by which this had to be reviewed is past ({book.review_by}); read it again and set a new one", "review_by")
    say.unknown("role", book.owner, known.roles, "owner")
    if isinstance(book, Drill):
        _drill(book, known, say)
    else:
        _triggers(book.triggers, known, say)
        _graph(book, say)
        for number, spec in enumerate(book.steps):
            _step(spec, number, known, say)
        if isinstance(book, Contingency):
            _contingency(book, known, say)
    return sorted(say.problems)


def _triggers(triggers: Triggers, known: Known, say: Findings) -> None:
    for number, rule in enumerate(triggers.rules):
        say.unknown("rule", rule, known.rules, "triggers", "rules", number)
    for number, function in enumerate(triggers.functions):
        say.unknown("function", function, known.functions, "triggers", "functions", number)
    for number, place in enumerate(triggers.scopes):
        say.unknown("vendor", place.vendor, known.vendors, "triggers", "scopes", number, "vendor")


def _graph(book: Runbook, say: Findings) -> None:
    ids: dict[str, int] = {}
    for number, spec in enumerate(book.steps):
        if spec.id in ids:
            say(f"step {spec.id!r} stands here twice; the other is steps[{ids[spec.id]}]", "steps", number, "id")
        ids.setdefault(spec.id, number)
    for id, field in graph.entries(book):
        say.unknown("step", id, ids, *field)
    for number, spec in enumerate(book.steps):
        for edge in graph.ways(book, spec):
            if edge.to is not None and edge.field:
                say.unknown("step", edge.to, ids, "steps", number, *edge.field)
        if spec.end and spec.next:
            say("after `end` there is no next step", "steps", number, "next")
    if say.problems:
        return  # what does not exist can not be walked
    reached, stuck, round_ = graph.reachable(book), graph.endless(book), graph.circles(book)
    for number, spec in enumerate(book.steps):
        if spec.id not in reached:
            say("no way leads to this step; lead one to it or take it out", "steps", number)
        elif spec.id in stuck:
            say("there is no way out: from here no run ever ends", "steps", number)
        elif spec.id in round_:
            say("the run can come back here without a wait; put a wait between", "steps", number)


def _step(spec: StepSpec, number: int, known: Known, say: Findings) -> None:
    here = ("steps", number)
    if spec.notify:
        for index, target in enumerate(spec.notify.to):
            kind, name = target.split(":", 1)
            names = {"person": known.people, "role": known.roles, "channel": known.channels}[kind]
            say.unknown(kind, name, names, *here, "notify", "to", index)
        say.placeholders(spec.notify.text, *here, "notify", "text")
    if spec.approve:
        say.unknown("role", spec.approve.by, known.roles, *here, "approve", "by")
        say.placeholders(spec.approve.text, *here, "approve", "text")
        _plan(spec.approve.plan, known, say, *here, "approve", "plan")
        _enough(spec.approve, known, say, *here, "approve", "approvals")
    if spec.checklist:
        seen: set[str] = set()
        for index, item in enumerate(spec.checklist.items):
            if item.id in seen:
                say(f"item {item.id!r} stands here twice", *here, "checklist", "items", index, "id")
            seen.add(item.id)
            say.placeholders(item.text, *here, "checklist", "items", index, "text")
    if spec.webhook:
        _webhook(spec.webhook, known, say, *here, "webhook")
    if spec.start_plan:
        _plan(spec.start_plan.plan, known, say, *here, "start_plan", "plan")
    for field in ("mitigate", "note", "end"):
        say.placeholders(getattr(spec, field), *here, field)


def _enough(ask: ApproveVerb, known: Known, say: Findings, *loc: str | int) -> None:
    """Whether so many different people can say yes. Who brings the run to the question may be one of them, and can not."""
    holders = known.holders.get(ask.by, 0) if known.holders is not None else None
    if ask.approvals > 1 and holders is not None and holders < ask.approvals:
        have = "nobody has" if not holders else "one has" if holders == 1 else f"{holders} have"
        say(f"{ask.approvals} people must say yes, and {have} the role {ask.by}", *loc)


def _webhook(hook: WebhookVerb, known: Known, say: Findings, *loc: str | int) -> None:
    if known.automation is False:
        say("nothing may be called: the configuration has no `automation`", *loc)
    say.unknown("credential", hook.auth, known.credentials, *loc, "auth")
    for name, value in hook.body.items():
        say.placeholders(value, *loc, "body", name)
    if hook.timeout > hook.within:
        say(f"one try may take {format_duration(hook.timeout)}, longer than it is tried at all", *loc, "timeout")


def _plan(plan: str | None, known: Known, say: Findings, *loc: str | int) -> None:
    if plan is not None and plan != FITTING_PLAN:
        say.unknown("plan", plan, known.plans, *loc)


def _contingency(book: Contingency, known: Known, say: Findings) -> None:
    say.unknown("role", book.decision_owner, known.roles, "decision_owner")
    seen: set[Scope] = set()
    for number, alternate in enumerate(book.alternates):
        scope, here = alternate.scope.scope, ("alternates", number, "scope")
        say.unknown("vendor", scope.vendor, known.vendors, *here, "vendor")
        if scope in seen:
            say(f"{scope} is an alternate twice", *here)
        seen.add(scope)
        if any(scope.within(place.scope) for place in book.triggers.scopes):
            say(f"{scope} lies within what the plan is to replace", *here)
        elif known.shared is not None:
            both = {shared for place in book.triggers.scopes if (shared := known.shared(place.scope, scope)) is not None}
            for shared in sorted(both):
                say(f"{scope} sits on {shared}, as what the plan is to replace does; it would fail with it", *here)
    if book.alternates and not book.needs_alternate:
        say("it lists alternates and says that it needs none; take out one of the two", "needs_alternate")
    if book.needs_alternate and not book.alternates and known.fallback_plans is not None and book.id not in known.fallback_plans:
        say("the plan leads nowhere: list alternates here, or let a fallback of your portfolio name it", "alternates")
    wanted = book.preconditions
    if not wanted.any:
        say("nothing is checked beforehand: ask for a healthy alternate, no shared chokepoint or a passed drill", "preconditions")
    if not book.needs_alternate and (wanted.alternate_healthy or wanted.no_shared_chokepoint or wanted.quota_has_room):
        say("what is asked of alternates is never checked, for the plan needs none", "preconditions")
    asked: set[str] = set()
    for number, check in enumerate(wanted.answers):
        say.unknown("credential", check.auth, known.credentials, "preconditions", "answers", number, "auth")
        if check.id in asked:
            say(f"check {check.id!r} stands here twice", "preconditions", "answers", number, "id")
        asked.add(check.id)


def _drill(book: Drill, known: Known, say: Findings) -> None:
    say.unknown("vendor", book.scope.vendor, known.vendors, "scope", "vendor")
    say.unknown("rule", book.rule, known.rules, "rule")
    say.unknown("plan", book.plan, known.plans, "plan")
    for number, function in enumerate(book.functions):
        say.unknown("function", function, known.functions, "functions", number)
    if all(getattr(book.expect, measure) is None for measure in MEASURES):
        say(f"nothing is expected, so the drill can not fail; give one of {', '.join(MEASURES)}", "expect")
    for number, inject in enumerate(book.injects):
        say.placeholders(inject.subject, "injects", number, "subject", names=DRILL_NAMES)
        for text, loc in _texts(inject.body.model_dump(mode="python"), ("injects", number, "body")):
            say.placeholders(text, *loc, names=DRILL_NAMES)
        try:
            body_of(inject, book.scope.scope, number)
        except ValueError as error:
            say(str(error).removeprefix(f"injects[{number}].body: "), "injects", number, "body")


def _texts(value: object, loc: tuple[str | int, ...]) -> Iterable[tuple[str, tuple[str | int, ...]]]:
    if isinstance(value, str):
        yield value, loc
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _texts(member, (*loc, key))
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from _texts(member, (*loc, index))


def _twice(found: Iterable[Read]) -> list[Problem]:
    first: dict[tuple[str, str], str] = {}
    problems = []
    for content, document, _ in found:
        if content is None or document is None:
            continue
        other = first.setdefault((content.kind, content.id), document.file)
        if other != document.file:
            problems.append(document.problem(f"id: {content.kind} {content.id!r} is in {other} too", "id"))
    return problems


def uncovered(folder: Path, books: Library, known: Known) -> list[Problem]:
    """Rules that nothing in ``books`` answers, and plans that fallbacks name but ``books`` lack; told of ``folder``."""
    problems = []
    for rule, severity in sorted((known.rules or {}).items()):
        if severity >= Severity.HIGH and not any(_covers(book, rule, severity) for book in books.escalations.values()):
            said = f"no runbook answers every finding of rule {rule!r}, whose severity is {severity.value}; nobody would be told"
            problems.append(Problem(str(folder / FOLDERS["escalation"]), 1, 1, said))
    missing = sorted((known.fallback_plans or frozenset()) - (known.plans or frozenset()))
    place = str(folder / FOLDERS["contingency"])
    return [*problems, *(Problem(place, 1, 1, f"a fallback names plan {plan!r}, which is not there") for plan in missing)]


def _covers(book: Escalation, rule: str, severity: Severity) -> bool:
    triggers = book.triggers
    narrowed = bool(triggers.functions or triggers.scopes) or triggers.exercise is True
    return not narrowed and (not triggers.rules or rule in triggers.rules) and severity >= triggers.min_severity
