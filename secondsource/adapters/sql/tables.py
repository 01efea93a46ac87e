"""The tables. Rows are declared here and nowhere else; the migrations are checked against this."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

from secondsource.adapters.sql.types import Instant


def _instant(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_type=Instant, nullable=nullable, index=index)


def _typed(type_: type[TypeEngine[Any]], *, nullable: bool = False, default: Any = ...) -> Any:
    return Field(default=default, sa_type=type_, nullable=nullable)


def _serial() -> Any:
    # SQLite counts only in a column that is called INTEGER; it has 64 bits there all the same
    return Field(default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True))


class BatchRow(SQLModel, table=True):
    """The log: one row for each batch, in the order in which it was accepted."""

    __tablename__ = "batch"
    __table_args__ = {"sqlite_autoincrement": True}
    position: int = _serial()
    id: str = Field(unique=True)
    key: str
    source: str
    at: datetime = _instant(index=True)
    exercise: str | None = None
    observations: int
    payload: bytes = _typed(LargeBinary)  # compressed msgpack of the Batch


class PositionRow(SQLModel, table=True):
    """How far each consumer has applied the log. Advanced in the transaction that applied it."""

    __tablename__ = "position"
    consumer: str = Field(primary_key=True)
    position: int


class DeadLetterRow(SQLModel, table=True):
    """Batches that no rule could digest, with the reason; the stream went on without them."""

    __tablename__ = "dead_letter"
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: str
    key: str
    source: str
    at: datetime = _instant()
    reason: str = _typed(Text)
    tries: int


class CellRow(SQLModel, table=True):
    """Keyed rule state."""

    __tablename__ = "cell"
    __table_args__ = (Index("ix_cell_wake", "wake_at", sqlite_where=text("wake_at IS NOT NULL")),)
    partition: str = Field(primary_key=True)
    exercise: str = Field(primary_key=True, default="")  # "" for the real world
    rule: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    state: bytes = _typed(LargeBinary)
    wake_at: datetime | None = _instant(nullable=True)


class SignalRow(SQLModel, table=True):
    """The ledger."""

    __tablename__ = "signal"
    __table_args__ = {"sqlite_autoincrement": True}
    seq: int = _serial()
    id: str = Field(unique=True)
    rule: str
    key: str
    episode: str
    phase: str
    severity: str
    subject: str
    at: datetime = _instant(index=True)
    exercise: str | None = None
    risk: str = Field(index=True)
    payload: str = _typed(Text)  # JSON of the Signal


class RiskRow(SQLModel, table=True):
    """The register's current rows: a projection of :class:`RiskChangeRow`. Columns are what lists filter and sort by."""

    __tablename__ = "risk"
    __table_args__ = (
        Index("ix_risk_updated", "exercise", "updated_at", "id"),
        Index("ix_risk_state", "exercise", "state", "updated_at", "id"),
        Index("ix_risk_score", "exercise", "score", "id"),
        Index("ix_risk_hurts", "exercise", "hurts_at", "id"),
        Index("ix_risk_severity", "exercise", "severity", "id"),
        Index("ix_risk_firing", "exercise", "rule", sqlite_where=text("cleared_at IS NULL")),
        Index("ix_risk_wake", "wake_at", sqlite_where=text("wake_at IS NOT NULL")),
    )
    id: str = Field(primary_key=True)
    rule: str
    key: str
    exercise: str = ""
    vendor: str = Field(index=True)
    subject: str
    state: str
    severity: int
    score: int
    title: str
    functions: str = ""  # ids, each between spaces
    owner: str | None = None
    opened_at: datetime = _instant()
    updated_at: datetime = _instant()
    hurts_at: datetime | None = _instant(nullable=True)  # when it begins to hurt; past where it does already
    cleared_at: datetime | None = _instant(nullable=True)  # None while detection fires, whatever people say
    wake_at: datetime | None = _instant(nullable=True)
    version: int
    payload: str = _typed(Text)  # JSON of the Entry


class RiskChangeRow(SQLModel, table=True):
    """The register's history. Rows are only ever added."""

    __tablename__ = "risk_change"
    __table_args__ = (UniqueConstraint("risk", "n"), {"sqlite_autoincrement": True})
    seq: int = _serial()
    risk: str = Field(index=True)
    n: int
    at: datetime = _instant()
    actor: str
    event: str
    payload: str = _typed(Text)  # JSON of the Change


class RunRow(SQLModel, table=True):
    """Runbook runs as they stand."""

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_wake", "wake_at", sqlite_where=text("wake_at IS NOT NULL")),)
    id: str = Field(primary_key=True)
    risk: str = Field(index=True)
    runbook: str
    kind: str
    exercise: str = ""
    state: str
    started_at: datetime = _instant()
    wake_at: datetime | None = _instant(nullable=True)
    payload: str = _typed(Text)  # JSON of the Run


class RunLogRow(SQLModel, table=True):
    """What happened in each run. Rows are only ever added."""

    __tablename__ = "run_log"
    __table_args__ = (UniqueConstraint("run", "n"), {"sqlite_autoincrement": True})
    seq: int = _serial()
    run: str = Field(index=True)
    n: int
    at: datetime = _instant()
    actor: str
    step: str
    event: str
    text: str = _typed(Text)


class RunbookRow(SQLModel, table=True):
    """The text of every runbook version that a run was started with: a run ends with the version it began with."""

    __tablename__ = "runbook"
    version: str = Field(primary_key=True)  # content hash
    id: str
    payload: str = _typed(Text)


class OutboxRow(SQLModel, table=True):
    """Messages to send, written in the transaction that caused them."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_waiting", "due_at", sqlite_where=text("due_at IS NOT NULL")),
        Index("ix_outbox_lane", "lane", "seq"),
        {"sqlite_autoincrement": True},
    )
    seq: int = _serial()
    id: str = Field(unique=True)
    idempotency_key: str = Field(unique=True)
    channel: str
    recipient: str
    lane: str  # channel, recipient and thread; the message's own id where it has no thread
    replaces: bool
    severity: int
    risk: str | None = Field(default=None, index=True)
    exercise: str | None = None
    state: str
    created_at: datetime = _instant()
    due_at: datetime | None = _instant(nullable=True)  # None once settled; for sending, the deadline of the try
    attempts: int = 0
    first_try_at: datetime | None = _instant(nullable=True)
    sent_at: datetime | None = _instant(nullable=True)
    reason: str = _typed(Text, default="")
    receipt: str | None = None
    payload: str = _typed(Text)  # JSON of the Message


class SourceRow(SQLModel, table=True):
    """What is remembered about each source between polls."""

    __tablename__ = "source"
    id: str = Field(primary_key=True)
    vendor: str
    connector: str
    next_poll_at: datetime = _instant(index=True)
    lease_until: datetime | None = _instant(nullable=True)
    polled_at: datetime | None = _instant(nullable=True)
    succeeded_at: datetime | None = _instant(nullable=True)
    outcome: str | None = None
    detail: str = _typed(Text, default="")
    cursor: str | None = _typed(Text, nullable=True, default=None)
    memory: bytes = _typed(LargeBinary)  # validators, back-off and difference, msgpack


class PushedRow(SQLModel, table=True):
    """What was last pushed of each subject, so that the same said again is not a second observation."""

    __tablename__ = "pushed"
    source: str = Field(primary_key=True)
    vendor: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    id: str  # of the observation
    at: datetime = _instant()


class RawRow(SQLModel, table=True):
    """Responses as they came, compressed, each content once."""

    __tablename__ = "raw"
    hash: str = Field(primary_key=True)
    source: str = Field(index=True)
    at: datetime = _instant(index=True)
    url: str = _typed(Text)
    status: int
    content_type: str = ""
    size: int
    body: bytes = _typed(LargeBinary)


class ApiKeyRow(SQLModel, table=True):
    """API keys: the prefix to find one, the hash to prove it."""

    __tablename__ = "api_key"
    prefix: str = Field(primary_key=True)
    name: str
    person: str | None = None
    hash: str
    scopes: str  # separated by spaces
    created_at: datetime = _instant()
    expires_at: datetime | None = _instant(nullable=True)
    revoked_at: datetime | None = _instant(nullable=True)


class JobRow(SQLModel, table=True):
    """Scheduled jobs that ran: one row for each job and due time, so that each runs once."""

    __tablename__ = "job"
    job: str = Field(primary_key=True)
    due_at: datetime = Field(primary_key=True, sa_type=Instant)
    started_at: datetime = _instant()
    ended_at: datetime | None = _instant(nullable=True)
    outcome: str = ""


class DrillRow(SQLModel, table=True):
    """Drills, running and done, with their report."""

    __tablename__ = "drill"
    id: str = Field(primary_key=True)
    scenario: str
    plan: str | None = Field(default=None, index=True)  # the contingency plan under test
    passed: bool | None = None  # None until it is scored
    state: str  # running, done, refused, aborted
    started_at: datetime = _instant()
    ended_at: datetime | None = _instant(nullable=True)
    payload: str = _typed(Text)  # JSON: of the Underway while it runs, then of the DrillReport or of the reason why it was stopped


class PlanCheckRow(SQLModel, table=True):
    """How checks of plans' preconditions ended: one row for each stretch in which one said the same. Stretches are only ever added."""

    __tablename__ = "plan_check"
    __table_args__ = (Index("ix_plan_check_of", "plan", "check_", "seq"), {"sqlite_autoincrement": True})
    seq: int = _serial()
    plan: str
    check_: str
    outcome: str  # ok, failed, unknown; gone: it is asked for no more
    reason: str = _typed(Text, default="")
    first_at: datetime = _instant()
    last_at: datetime = _instant()


class PlanRecordRow(SQLModel, table=True):
    """What people recorded of plans, with its day. Rows are only ever added."""

    __tablename__ = "plan_record"
    __table_args__ = {"sqlite_autoincrement": True}
    seq: int = _serial()
    plan: str = Field(index=True)
    what: str  # evaluated
    at: datetime = _instant()
    by: str
    note: str = _typed(Text, default="")


metadata = SQLModel.metadata
