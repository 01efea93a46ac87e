"""The pages of a vendor review on what stands: risks and how people answered, the way out, the contract, all asks."""

from __future__ import annotations

from secondsource.adapters.reports.paper import FIGURES, WHOLE, AnyBlock, Column, Notes, Prose, Section, Table, Text
from secondsource.adapters.reports.words import NONE, day, delay, instant, lasting, money, part, percent
from secondsource.domain.register import State
from secondsource.domain.review.asks import Ask
from secondsource.domain.review.basis import Missing
from secondsource.domain.review.measured import Measured
from secondsource.domain.review.risks import Answer, Response, RiskLine
from secondsource.domain.review.spend import Concentration
from secondsource.domain.review.wayout import Alternative, PlanLine
from secondsource.domain.words import count


def risks(measured: Measured, notes: Notes) -> Section:
    """Open and accepted risks, and the answers."""
    table = Table(
        "Risks that stood at the end of the period or came in it; times in UTC",
        (
            Column("Risk"),
            Column("Severity", WHOLE),
            Column("At the end", WHOLE),
            Column("Opened", WHOLE),
            Column("Taken after", FIGURES),
            Column("Escalated", FIGURES),
            Column("Functions"),
        ),
        tuple(_risk(line, notes) for line in measured.risks),
        "The register has no risk of it that stood in the period.",
    )
    return Section("Risks and how we answered", (table, Prose(_response(measured.response, notes))))


def way_out(measured: Measured, notes: Notes) -> Section:
    """Alternatives, plans, concentration."""
    out = measured.way_out
    bare = (
        f"Outside it no sound alternative is known for {', '.join(out.bare)}."
        if out.bare
        else "Each function that rests on it has an alternative outside it that is not known to be hollow."
        if out.functions
        else "No function of ours is known to rest on it directly, so there is nothing to move."
    )
    alternatives = Table(
        "Alternatives in the portfolio",
        (
            Column("For"),
            Column("To"),
            Column("Carries", FIGURES),
            Column("Switch, declared", FIGURES),
            Column("Switch, drilled", FIGURES),
            Column("Hurts after", FIGURES),
            Column("In time", WHOLE),
            Column("Stands against it"),
        ),
        tuple(_alternative(one) for one in out.alternatives),
        "The portfolio names none.",
    )
    plans = Table(
        "Plans",
        (
            Column("Plan"),
            Column("Last drill", WHOLE),
            Column("Result"),
            Column("Proven until", WHOLE),
            Column("Used", FIGURES),
            Column("Hollow because"),
        ),
        tuple(_plan(line, notes) for line in out.plans),
        "No plan is named for it.",
    )
    blocks: list[AnyBlock] = [Prose(notes.text(bare, out.basis)), alternatives, plans, _concentration(measured.concentration, notes)]
    return Section("What leaving would take", tuple(blocks))


def contract(measured: Measured) -> Section:
    """What was signed, with its dates."""
    table = Table(
        "Contracts",
        (
            Column("Contract"),
            Column("From", WHOLE),
            Column("To"),
            Column("Notice by", WHOLE),
            Column("Days left", FIGURES),
            Column("A year", FIGURES),
            Column("Promised", FIGURES),
        ),
        tuple(
            (
                Text(line.id),
                Text(day(line.starts)),
                Text(day(line.ends)),
                Text(day(line.notice_by)) if line.notice_by else Text("not known", unknown=True),
                Text(NONE if line.days_left is None else "passed" if line.days_left < 0 else str(line.days_left)),
                Text(money(line.annual, line.currency)) if line.annual is not None else Text("not known", unknown=True),
                Text(percent(line.sla)) if line.sla is not None else Text("nothing on record", unknown=True),
            )
            for line in measured.contracts
        ),
        "Not known: no contract with it is on record.",
    )
    return Section("Contract and dates", (table,))


def all_asks(found: tuple[Ask, ...], notes: Notes) -> Section:
    """Every ask with its figure and its rule."""
    table = Table(
        "Asks, by stated rules; what has no figure is not asked for",
        (Column("Ask for"), Column("Because"), Column("Rule")),
        tuple((Text(ask.text), notes.text(ask.because, ask.basis), Text(ask.when)) for ask in found),
        "No rule for an ask is met by the figures of this period.",
    )
    return Section("What to ask for", (table,))


def _risk(line: RiskLine, notes: Notes) -> tuple[Text, ...]:
    state = line.state.value
    if line.state is State.ACCEPTED and line.accepted_by and line.accepted_until:
        state = (
            f"accepted by {line.accepted_by.removeprefix('person:')} until {day(line.accepted_until.date())}: {line.accepted_reason or ''}"
        )
    escalated = sum(answer.escalations for answer in line.answers)
    return (
        notes.text(f"{line.title} ({line.id})", line.basis),
        Text(line.severity.value),
        Text(state),
        Text(instant(line.opened_at) + (f", {len(line.answers)} times" if len(line.answers) > 1 else "")),
        Text(_taken(line)),
        Text(count(escalated, "time") if escalated else "never"),
        Text(", ".join(line.functions) or "none"),
    )


def _taken(line: RiskLine) -> str:
    if len(line.answers) < 2:
        return "".join(map(_answered, line.answers)) or NONE
    taken = [answer.after for answer in line.answers if answer.after is not None]
    return f"{len(taken)} of {len(line.answers)}" + (f", {delay(max(taken))} at worst" if taken else "")


def _answered(answer: Answer) -> str:
    if answer.after is not None:
        return delay(answer.after)
    return "nobody, cleared" if answer.over_at is not None else "nobody yet"


def _response(response: Response | Missing, notes: Notes) -> Text:
    if isinstance(response, Missing):
        return Text(f"How people answered: {response.reason}.", unknown=True)
    said = [f"{count(response.opened, 'opening')} in the period, {response.taken} taken by a person or a plan"]
    if response.median is not None and response.worst is not None:
        said.append(f"after {delay(response.median)} (median), at worst {delay(response.worst)}")
    if response.unanswered:
        said.append(f"{response.unanswered} cleared before anybody took {'it' if response.unanswered == 1 else 'them'}")
    if response.waiting:
        said.append(f"{response.waiting} still waited for somebody at the end")
    said.append(f"{count(response.escalations, 'escalation')}" if response.escalations else "no escalation")
    return notes.text("; ".join(said) + ".", response.basis)


def _alternative(one: Alternative) -> tuple[Text, ...]:
    late = "its switch takes longer than is borne" if one.in_time is False else ""
    against = one.hollow or one.doubt or late or ("" if one.outside else "it is of the same vendor")
    in_time = {True: "yes", False: "no", None: NONE}[one.in_time if one.sound else None]
    return (
        Text(f"{one.workload}: {one.provides} ({one.dependency})"),
        Text(one.name),
        Text(f"{part(one.capacity)} of {part(one.share) if one.share is not None else 'a share not measured'}"),
        Text(lasting(one.switch_time, "at once")),
        Text(f"{lasting(one.tested_in)} ({one.tested_at:%Y-%m-%d})")
        if one.tested_in is not None and one.tested_at
        else Text("never", unknown=True),
        Text(lasting(one.needed_within)),
        Text(in_time),
        Text(f"{'hollow: ' if one.hollow else 'in doubt: ' if one.doubt else ''}{against}" if against else "nothing known"),
    )


def _plan(line: PlanLine, notes: Notes) -> tuple[Text, ...]:
    review = f"; to be reviewed by {day(line.review_by)}" if line.review_by else ""
    result = f"{'passed' if line.last_passed else 'failed'}: {line.says}" if line.last_drill else NONE
    return (
        notes.text(f"{line.title}{review}", line.basis),
        Text(instant(line.last_at) if line.last_at else "never drilled"),
        Text(result),
        Text(day(line.valid_until.date()) if line.valid_until else "not proven", unknown=line.valid_until is None),
        Text(count(line.runs, "time") if line.runs else "never"),
        Text("; ".join(line.hollow) or "nothing known"),
    )


def _concentration(found: Concentration | Missing, notes: Notes) -> AnyBlock:
    if isinstance(found, Missing):
        return Prose(Text(f"Its share with and without the alternatives is not known: {found.reason}.", unknown=True))
    return Table(
        "Concentration of spend by vendor",
        (Column(""), Column("Its share", FIGURES), Column("Herfindahl index (of 10,000)", FIGURES)),
        (
            (Text("As it is"), notes.text(percent(found.share), found.basis), Text(f"{found.index:,}")),
            _moved(found, notes),
        ),
    )


def _moved(found: Concentration, notes: Notes) -> tuple[Text, ...]:
    if found.share_with is None or found.moved is None or found.index_with is None:
        return (Text("With the alternatives used"), Text("no sound one outside it", unknown=True), Text(NONE))
    return (
        Text(f"With the alternatives used, {money(found.moved, found.currency)} a month moved"),
        notes.text(percent(found.share_with), found.basis),
        Text(f"{found.index_with:,}"),
    )
