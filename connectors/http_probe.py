"""Our own probe of an endpoint: whether and how quickly it answers, to know of trouble before the vendor admits it.

A probe sees two things at once, the far side and our own way there, and must not take one for the other:

- An answer of 5xx speaks of the service: it is down. One that is as expected, but slow or without the text that it should have, is
  degraded or partly out. Any other answer (401, 404, 429) speaks of our request, our key or our network: unknown.
- No answer at all may be our fault. So a **control** is asked, an address of somebody else. Where it answers, our network works and
  the endpoint is down; where no control does, or none is configured, nothing is known, and the poll counts as failed.
- Over plain http anyone on the way can answer, a hotel's portal for example. So there only a good answer counts, which must hold a
  text that is known beforehand, and controls are https only. An answer from another host than was asked counts nowhere.

One bad probe is no news: ``confirm`` in a row are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

import msgspec
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from secondsource.contracts.connector import Failure, Parsed, Reading, Request, Response, Spec
from secondsource.contracts.memo import read_memo, write_memo
from secondsource.contracts.reading import SourceConfig, WebAddress
from secondsource.domain.observations import ComponentStatus, Outcome
from secondsource.domain.status import Status
from secondsource.domain.text import tidy
from secondsource.domain.words import count

_OURS = frozenset({Outcome.REFUSED, Outcome.TOO_LARGE, Outcome.HTTP_ERROR})
"""Outcomes without an answer that no control could explain: our policy, our bounds, a row of redirects."""
_OF_THE_NETWORK = 511  # Network Authentication Required: the answer of a portal


def _https(url: str) -> str:
    if urlsplit(url).scheme != "https":
        raise ValueError("a control must be https, so that nobody on the way can answer for it")
    return url


Control = Annotated[WebAddress, AfterValidator(_https)]
Expected = Annotated[str, StringConstraints(pattern="^[1-5](xx|[0-9][0-9])$")]


class Config(SourceConfig):
    """An endpoint, and what is expected of it."""

    id: str = Field(default="endpoint", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="What the probe is called in readings.")
    name: str | None = Field(default=None, max_length=200, description="How people call what is probed; absent: 'Own probe of' its host.")
    method: Literal["GET", "HEAD"] = Field(default="GET", description="HEAD where only the status counts.")
    expect: tuple[Expected, ...] = Field(
        default=("2xx",), min_length=1, description="Status codes that are as they should be: 2xx, 204; 401 where the probe has no key."
    )
    contains: str | None = Field(default=None, min_length=1, max_length=1000, description="Text that a good answer holds.")
    slow_ms: int | None = Field(default=2000, gt=0, description="From how many milliseconds on it is degraded; null for never.")
    stuck_ms: int | None = Field(default=None, gt=0, description="From how many milliseconds on it is partly out; null for never.")
    confirm: int = Field(default=2, ge=1, le=10, description="How many bad probes in a row it takes to say so.")
    controls: tuple[Control, ...] = Field(
        default=(), max_length=5, description="https addresses of others, asked when the endpoint gives no answer; one that answers shows "
        "that the fault is not ours.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _text_where_it_is_needed(self) -> Config:
        if self.contains is not None and self.method == "HEAD":
            raise ValueError("an answer to HEAD has no text, so 'contains' can not be found in it; use GET")
        if self.contains is None and urlsplit(self.url).scheme != "https":
            raise ValueError("over plain http anyone can answer: say what a good answer 'contains', or use https")
        return self


class _Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """What goes from request to request: bad probes in a row so far; why the endpoint gave no answer, once controls are asked, and
    which of them is."""

    bad: int = 0
    why: str = ""
    control: int = 0


class HttpProbe:
    """One reading, ``probe/<id>``. Its ``native`` holds the numbers that led to it."""

    spec: ClassVar[Spec] = Spec(
        name="http_probe",
        summary="Own probe of an endpoint: success and latency",
        config=Config,
        interval=timedelta(minutes=1),
        kinds=("component_status",),
        documentation="https://www.rfc-editor.org/rfc/rfc9110#name-status-codes",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The endpoint. The cursor counts the bad probes since the last good one."""
        assert isinstance(config, Config)
        bad = int(cursor) if cursor and cursor.isdecimal() and len(cursor) < 10 else 0
        return (_request(config, _Memo(bad)),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """What the answer says of the endpoint; an answer of a control says that the endpoint gave none."""
        assert isinstance(config, Config)
        memo = read_memo(response.memo, _Memo)
        if memo.why:
            return _bad(Status.MAJOR_OUTAGE, f"no answer: {memo.why}", memo, config)
        status, words = _judged(response, config)
        if status is Status.OPERATIONAL:
            return Parsed([_reading(status, words, config)], cursor="0")
        return _unknown(words, config) if status is Status.UNKNOWN else _bad(status, words, memo, config)

    def on_failure(self, failure: Failure, config: BaseModel) -> Parsed:
        """Asks the next control, or says that nothing is known where none is left."""
        assert isinstance(config, Config)
        memo = read_memo(failure.memo, _Memo)
        if not memo.why and failure.outcome in _OURS:
            return _unknown(failure.detail, config)
        asked = memo.control + 1 if memo.why else 0
        why = memo.why or tidy(failure.detail, 200)
        if asked < len(config.controls):
            return Parsed((), complete=False, next_request=_request(config, _Memo(memo.bad, why, asked)))
        others = f"{count(asked, 'control')} gave no answer either" if asked else "no control is configured"
        return _unknown(f"no answer: {why}; {others}, so the fault may be on our side", config)

    def recognise(self, response: Response) -> float:
        """Never: a probe reads what it is pointed at."""
        return 0.0


def _request(config: Config, memo: _Memo) -> Request:
    text = write_memo(memo)
    if memo.why:
        return Request(config.controls[memo.control], method="HEAD", every_status=True, every_time=True, memo=text)
    return Request(config.url, config.method, auth=config.auth, every_status=True, every_time=True, memo=text)


def _judged(response: Response, config: Config) -> tuple[Status, str]:
    """The status that the answer shows, and the numbers that show it."""
    code, latency = response.status, response.latency_ms
    expected = ", ".join(config.expect)
    said = f"HTTP {code}"
    open_way = urlsplit(config.url).scheme != "https"
    if str(code) not in config.expect and f"{code // 100}xx" not in config.expect:
        server = code >= 500 and code != _OF_THE_NETWORK and not open_way
        return Status.MAJOR_OUTAGE if server else Status.UNKNOWN, f"{said}, {expected} expected"
    if urlsplit(response.url).hostname != urlsplit(config.url).hostname:
        return Status.UNKNOWN, f"{said}, from another host than was asked"
    if config.contains is not None and config.contains.encode() not in response.body:
        return Status.UNKNOWN if open_way else Status.PARTIAL_OUTAGE, f"{said} without the text that was expected"
    for limit, status, word in ((config.stuck_ms, Status.PARTIAL_OUTAGE, "stuck"), (config.slow_ms, Status.DEGRADED, "slow")):
        if limit is not None and latency is not None and latency >= limit:
            return status, f"{said} after {_rounded(latency)}, {word} from {limit / 1000:g} s"
    return Status.OPERATIONAL, said


def _rounded(milliseconds: int) -> str:
    """To one figure: a number that changes with every probe would be news every time."""
    return f"{round(milliseconds, 1 - len(str(milliseconds))) / 1000:g} s"


def _reading(status: Status, words: str, config: Config) -> Reading:
    name = config.name or f"Own probe of {urlsplit(config.url).hostname}"
    return Reading(f"probe/{config.id}", ComponentStatus(tidy(name, 200), status, native=tidy(words, 300)))


def _bad(status: Status, words: str, memo: _Memo, config: Config) -> Parsed:
    bad = memo.bad + 1
    if bad < config.confirm:
        return Parsed((), complete=False, cursor=str(bad), notes=(f"{words}; {bad} of {config.confirm} bad probes in a row that it takes",))
    return Parsed([_reading(status, words, config)], cursor=str(bad))


def _unknown(words: str, config: Config) -> Parsed:
    return Parsed([_reading(Status.UNKNOWN, words, config)], inconclusive=words)
