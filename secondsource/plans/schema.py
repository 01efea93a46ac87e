"""The form of the files in ``runbooks/``. What is not in here can not be written there: no code, no shell, no templates.

``python -m secondsource.plans.schema [FILE]`` writes the JSON schema that editors use.
"""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

from secondsource.contracts.durations import Duration, Span
from secondsource.domain.ids import content_id
from secondsource.domain.observations import KINDS
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Severity

OCCASIONS = ("first", "escalation", "reminder", "update", "plan", "roll_back")
Occasion = Literal["first", "escalation", "reminder", "update", "plan", "roll_back"]

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=64)]
StepId = Id
Target = Annotated[str, StringConstraints(pattern=r"^(?:person|role|channel):[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
BodyKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
WebUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+(?:[/?][^\s#]*)?$", max_length=500)]


class Strict(BaseModel):
    """Unknown fields are errors, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Place(Strict):
    """A vendor, narrowed by product or region."""

    vendor: str
    product: str | None = None
    region: str | None = None

    @property
    def scope(self) -> Scope:
        """The same as a value of the domain."""
        return Scope(self.vendor, self.product, self.region)


class Triggers(Strict):
    """For which findings the file is meant. An empty list does not narrow; what is narrowed more is chosen first."""

    rules: tuple[str, ...] = Field((), description="ids of rules")
    min_severity: Severity = Field(Severity.INFO, description="the least severity")
    functions: tuple[str, ...] = Field((), description="ids of business functions, one of which must be hit")
    scopes: tuple[Place, ...] = Field((), description="parts of vendors, one of which must be in trouble")
    exercise: bool | None = Field(None, description="true: only in drills; false: never in drills; absent: both")


class NotifyVerb(Strict):
    """Send a message and go on."""

    to: tuple[Target, ...] = Field(min_length=1, description="person:ID, role:NAME or channel:NAME")
    occasion: Occasion = Field("first", description="which message: it sets the wording")
    text: Text | None = Field(None, description="a sentence to add; ${name} placeholders")


class WaitAckVerb(Strict):
    """Wait for someone to take the risk. Time out: the next step, which is the escalation."""

    for_: Span = Field(alias="for", description="how long")
    on_ack: StepId | None = Field(None, description="the step after an acknowledgement; absent: the run is done")
    on_timeout: StepId | None = Field(None, description="absent: the next step")


class WaitVerb(Strict):
    """Let time pass."""

    for_: Span = Field(alias="for", description="how long")


class WaitClearVerb(Strict):
    """Wait until the finding clears, then go on."""

    for_: Span = Field(alias="for", description="how long at most")
    on_timeout: StepId = Field(description="the step when the trouble is still there")


class ApproveVerb(Strict):
    """Ask for a decision."""

    by: str = Field(description="the role that decides")
    within: Span = Field(description="how long the question stands")
    text: Text = Field(description="the question; ${name} placeholders")
    plan: str | None = Field(None, description="the plan that is asked about: its id, or ${plan}, the one that fits the risk")
    otherwise: StepId | None = Field(None, description="the step when no plan fits, so that nobody is asked; absent: the next step")
    approvals: int = Field(
        1, ge=1, le=5, description="how many different people must say yes; from 2 on, who brought the run to the question can not"
    )
    on_approve: StepId | None = Field(None, description="absent: the next step")
    on_decline: StepId = Field(description="the step after a no")
    on_timeout: StepId = Field(description="the step when nobody answers")


class Item(Strict):
    """One thing that a person does and ticks."""

    id: Id
    text: Text
    evidence: bool = Field(False, description="a tick needs a word on what was seen")


class ChecklistVerb(Strict):
    """People do these, in any order. When all are ticked the run goes on; ticks stay if the step is left and entered again."""

    items: tuple[Item, ...] = Field(min_length=1)
    within: Span = Field(description="how long it may take")
    on_timeout: StepId = Field(description="the step when it takes longer")


class StartPlanVerb(Strict):
    """Start a contingency plan for the same risk and go on."""

    plan: str = Field(description="the id of a plan, or ${plan}: the one that fits the risk")
    otherwise: StepId | None = Field(None, description="the step when no plan fits; absent: the next step")


class WebhookVerb(Strict):
    """Call a program of one's own with a signed POST, tried again until it answers as expected. In a drill nothing is called."""

    url: WebUrl = Field(description="where; it must be one's own, for it is told what is in trouble")
    method: Literal["POST"] = "POST"
    auth: str | None = Field(None, description="the name of a credential of the configuration")
    body: dict[BodyKey, Text] = Field({}, max_length=20, description="fields to send; ${name} placeholders")
    expect: tuple[Annotated[int, Field(ge=100, le=599)], ...] = Field((), description="answers that mean success; empty: any 2xx")
    timeout: Span = Field(timedelta(seconds=10), le=timedelta(minutes=2), description="how long one try may take")
    within: Span = Field(le=timedelta(hours=12), description="how long it is tried")
    on_success: StepId | None = Field(None, description="absent: the next step")
    on_failure: StepId = Field(description="the step when it was refused, or did not succeed in time")


class RepeatVerb(Strict):
    """Go back, at most so many times; then go on."""

    from_: StepId = Field(alias="from", description="the step to go back to")
    times: int = Field(ge=1, le=20)


VERBS = (
    "notify", "wait_ack", "wait", "wait_clear", "approve", "checklist", "start_plan", "webhook", "mitigate", "note", "repeat", "end",
)  # fmt: skip


_ONE_VERB: dict[str, Any] = {"oneOf": [{"required": [verb]} for verb in VERBS]}


class StepSpec(Strict):
    """One step: an id and one verb."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_ONE_VERB)

    id: StepId
    next: StepId | None = Field(None, description="the step after this one; absent: the one below, or done after the last")
    notify: NotifyVerb | None = None
    wait_ack: WaitAckVerb | None = None
    wait: WaitVerb | None = None
    wait_clear: WaitClearVerb | None = None
    approve: ApproveVerb | None = None
    checklist: ChecklistVerb | None = None
    start_plan: StartPlanVerb | None = None
    webhook: WebhookVerb | None = None
    mitigate: Text | None = Field(None, description="declare the risk as being mitigated, for this reason")
    note: Text | None = Field(None, description="a line in the run's history")
    repeat: RepeatVerb | None = None
    end: Text | None = Field(None, description="the run is done, with this outcome")

    @model_validator(mode="after")
    def _one_verb(self) -> StepSpec:
        given = [verb for verb in VERBS if getattr(self, verb) is not None]
        if len(given) != 1:
            raise ValueError(f"a step has one verb, this one has {', '.join(given) or 'none'}; verbs are {', '.join(VERBS)}")
        return self

    @property
    def verb(self) -> str:
        """The name of the verb."""
        return next(verb for verb in VERBS if getattr(self, verb) is not None)


class Document(Strict):
    """What every file says of itself."""

    id: Id = Field(description="how other files, people and commands call it")
    title: Text
    version: int = Field(ge=1, description="raise it with every change of meaning")
    description: Text
    owner: str = Field(description="the role that keeps it true")
    review_by: date = Field(description="the day by which someone must have read it again")

    @cached_property
    def digest(self) -> str:
        """The content hash that a run pins."""
        # without defaults: a field that a later program adds must not rename what runs under way are pinned to
        return content_id(type(self).__name__, self.model_dump(mode="json", by_alias=True, exclude_defaults=True))


class _Runnable(Document):
    triggers: Triggers
    steps: tuple[StepSpec, ...] = Field(min_length=1)

    def step(self, id: str) -> StepSpec | None:
        """The step called ``id``."""
        return next((step for step in self.steps if step.id == id), None)

    def after(self, id: str) -> str | None:
        """The step that comes when ``id`` names no other: its ``next``, the one below, or None after the last."""
        for step, below in zip(self.steps, [*self.steps[1:], None], strict=True):
            if step.id == id:
                return step.next or (below.id if below else None)
        return None


class Escalation(_Runnable):
    """Who is told, in which order, until someone answers."""

    kind: Literal["escalation"]
    on_ack: StepId | None = Field(None, description="the step after an acknowledgement outside wait_ack; absent: done")


class Alternate(Strict):
    """Where the load goes."""

    scope: Place
    note: str = ""


class HttpCheck(Strict):
    """A request that shows that we would be let in on the day: with the credential that would be used then. Made once an hour at most."""

    id: Id
    url: WebUrl = Field(description="what is asked; choose an address that costs and changes nothing, such as the list of models")
    method: Literal["GET", "HEAD", "POST"] = "GET"
    auth: str | None = Field(None, description="the name of a credential of the configuration")
    expect: int = Field(200, ge=100, le=599, description="the answer that shows it")
    timeout: Span = Field(timedelta(seconds=10), le=timedelta(minutes=2), description="how long it may take")


class Preconditions(Strict):
    """What must hold for the plan to be worth anything. It is checked beforehand, not on the day."""

    alternate_healthy: bool = Field(False, description="an alternate is known to work now")
    no_shared_chokepoint: bool = Field(False, description="an alternate does not sit on what it replaces")
    quota_has_room: bool = Field(False, description="the quota of an alternate has room for the load that it would take over")
    answers: tuple[HttpCheck, ...] = Field((), description="requests that must be answered as expected: do our credentials work there?")
    evaluated_within: Span | None = Field(
        None, description="somebody recorded within this time that an alternate does the work well enough"
    )
    drill_passed_within: Span | None = Field(None, description="the plan was rehearsed with success within this time")

    @property
    def any(self) -> bool:
        """Whether anything is asked for."""
        flags = self.alternate_healthy or self.no_shared_chokepoint or self.quota_has_room
        return flags or bool(self.answers) or self.evaluated_within is not None or self.drill_passed_within is not None


class Contingency(_Runnable):
    """How to do without a vendor, or a part of one."""

    kind: Literal["contingency"]
    decision_owner: str = Field(description="the role that may start the plan")
    needs_alternate: bool = Field(
        True, description="false: the plan makes do without another place for the load; it is then chosen by its triggers"
    )
    alternates: tuple[Alternate, ...] = Field(
        (), description="in order of preference; empty: the fallbacks of the portfolio that name this plan"
    )
    only_by_name: bool = Field(False, description="true: never chosen by its triggers; a runbook or a person starts it by its id")
    preconditions: Preconditions
    time_objective: Span = Field(description="from the decision to the load being carried elsewhere")
    rollback: StepId = Field(description="the step with which the way back begins")


class InjectBody(BaseModel):
    """What the observation says: ``kind`` and the fields of that kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str = Field(json_schema_extra={"enum": [*sorted(set(KINDS) - {"tick"})]})


class Inject(Strict):
    """One made-up observation. ``${vendor}``, ``${product}`` and ``${region}`` stand for the drill's scope."""

    at: Duration = Field(description="how long after the start")
    says: Text = Field(description="what the players would learn, for the report")
    source: str = "drill"
    subject: str = Field(description="as in observations: component/..., incident/..., price/...")
    body: InjectBody


class Expectations(Strict):
    """By when, counted from the start, things must have happened."""

    detect: Span | None = Field(None, description="the finding opened")
    notify: Span | None = Field(None, description="the first message left")
    acknowledge: Span | None = Field(None, description="a person took it")
    decide: Span | None = Field(None, description="the plan was approved or declined")
    recover: Span | None = Field(None, description="the load was carried again: the plan's first checklist was done")


class Drill(Document):
    """A made-up vendor event on the live path, and how soon people and program must have answered it."""

    kind: Literal["drill"]
    scope: Place = Field(description="what is said to be in trouble; a command can name another")
    functions: tuple[str, ...] = Field((), description="business functions exercised; empty: all")
    plan: str | None = Field(None, description="the contingency plan under test")
    rule: str | None = Field(None, description="the rule that must open; absent: any")
    injects: tuple[Inject, ...] = Field(min_length=1)
    expect: Expectations


Runbook = Escalation | Contingency
AnyDocument = Annotated[Escalation | Contingency | Drill, Field(discriminator="kind")]
DOCUMENT: TypeAdapter[Escalation | Contingency | Drill] = TypeAdapter(AnyDocument)


def pin(document: Escalation | Contingency | Drill) -> bytes:
    """The text as JSON, to be stored for as long as a run of it goes on; a runbook's under its :attr:`Document.digest`."""
    return json.dumps(document.model_dump(mode="json", by_alias=True), sort_keys=True).encode()


def unpin(data: bytes) -> Runbook:
    """What :func:`pin` wrote. Raises ``ValueError`` for anything else."""
    found = DOCUMENT.validate_python(json.loads(data))
    if isinstance(found, Drill):
        raise ValueError("a drill has no runs")
    return found


def unpin_drill(data: bytes) -> Drill:
    """As :func:`unpin`, for a drill."""
    found = DOCUMENT.validate_python(json.loads(data))
    if not isinstance(found, Drill):
        raise ValueError(f"{found.id} is no drill")
    return found


def json_schema() -> str:
    """The JSON schema of all three kinds, as text with a final newline."""
    schema: dict[str, Any] = DOCUMENT.json_schema(by_alias=True)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Second Source runbook", **schema}
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("runbooks/schema.json")
    target.write_text(json_schema(), encoding="utf-8")
