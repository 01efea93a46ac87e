"""The ways through a runbook, without walking it: what can be reached, what leads nowhere, what goes round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from secondsource.plans.schema import Contingency, Escalation, Runbook, StepSpec


class Edge(NamedTuple):
    """A way from one step to another; ``to`` None is the end. ``field`` is where it is written, empty where it is implied."""

    to: str | None
    field: tuple[str, ...] = ()
    at_once: bool = True  # may be taken without anything happening in between


def ways(runbook: Runbook, spec: StepSpec) -> Iterator[Edge]:
    """Every way out of ``spec``."""
    below = Edge(runbook.after(spec.id), ("next",) if spec.next else ())
    if spec.wait_ack:
        ack, late = spec.wait_ack.on_ack, spec.wait_ack.on_timeout
        yield Edge(ack, ("wait_ack", "on_ack"))
        yield Edge(late, ("wait_ack", "on_timeout"), at_once=False) if late else below._replace(at_once=False)
    elif spec.wait:
        yield below._replace(at_once=False)
        if isinstance(runbook, Escalation):
            yield Edge(runbook.on_ack, at_once=False)
    elif spec.wait_clear:
        yield below
        yield Edge(spec.wait_clear.on_timeout, ("wait_clear", "on_timeout"), at_once=False)
    elif spec.checklist:
        yield below
        yield Edge(spec.checklist.on_timeout, ("checklist", "on_timeout"), at_once=False)
    elif spec.approve:
        ask = spec.approve
        yield Edge(ask.on_approve, ("approve", "on_approve"), at_once=False) if ask.on_approve else below._replace(at_once=False)
        yield Edge(ask.on_decline, ("approve", "on_decline"), at_once=False)
        yield Edge(ask.on_timeout, ("approve", "on_timeout"), at_once=False)
        if ask.plan:
            yield Edge(ask.otherwise, ("approve", "otherwise")) if ask.otherwise else below
    elif spec.start_plan:
        yield below
        if spec.start_plan.otherwise:
            yield Edge(spec.start_plan.otherwise, ("start_plan", "otherwise"))
    elif spec.webhook:
        # in a drill nothing is called, so that the run goes on at once
        yield Edge(spec.webhook.on_success, ("webhook", "on_success")) if spec.webhook.on_success else below
        yield Edge(spec.webhook.on_failure, ("webhook", "on_failure"), at_once=False)
    elif spec.repeat:
        yield Edge(spec.repeat.from_, ("repeat", "from"))
        yield below
    elif spec.end:
        yield Edge(None)
    else:
        yield below


def entries(runbook: Runbook) -> list[tuple[str, tuple[str, ...]]]:
    """Where a run can begin or be put by a person or an event, with the field that says so."""
    found: list[tuple[str, tuple[str, ...]]] = [(runbook.steps[0].id, ())]
    if isinstance(runbook, Contingency):
        found.append((runbook.rollback, ("rollback",)))
    elif runbook.on_ack is not None:
        found.append((runbook.on_ack, ("on_ack",)))
    return found


def edges(runbook: Runbook) -> dict[str, list[Edge]]:
    """The ways out of every step, by its id."""
    return {spec.id: list(ways(runbook, spec)) for spec in runbook.steps}


def reachable(runbook: Runbook) -> set[str]:
    """The steps that some run can come to."""
    graph = edges(runbook)
    found: set[str] = set()
    todo = [id for id, _ in entries(runbook)]
    while todo:
        id = todo.pop()
        if id in graph and id not in found:
            found.add(id)
            todo.extend(edge.to for edge in graph[id] if edge.to is not None)
    return found


def endless(runbook: Runbook) -> set[str]:
    """The reachable steps from which no end can be reached, whatever people do."""
    graph = edges(runbook)
    ends: set[str] = set()
    grown = True
    while grown:
        grown = False
        for id, out in graph.items():
            if id not in ends and any(edge.to is None or edge.to in ends for edge in out):
                ends.add(id)
                grown = True
    return reachable(runbook) - ends


def circles(runbook: Runbook) -> set[str]:
    """The steps that a run can come back to without a wait in between: it would spin, or send without end."""
    graph = {id: {edge.to for edge in out if edge.at_once and edge.to is not None} for id, out in edges(runbook).items()}
    found = set()
    for start in graph:
        seen: set[str] = set()
        todo = list(graph[start])
        while todo:
            id = todo.pop()
            if id == start:
                found.add(start)
                break
            if id not in seen:
                seen.add(id)
                todo.extend(graph.get(id, ()))
    return found
