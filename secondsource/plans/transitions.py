"""What can become of a run: the table that the interpreter obeys. What is not in it is refused."""

from __future__ import annotations

from collections.abc import Mapping

from secondsource.plans.run import (
    Acknowledged,
    Approved,
    CallEnded,
    Cancelled,
    Declined,
    Event,
    HandedOver,
    Paused,
    Resumed,
    RiskChanged,
    RiskCleared,
    RiskClosed,
    RollBack,
    RunState,
    Ticked,
    Woke,
)

_RUNNING, _WAITING, _ASKING = RunState.RUNNING, RunState.WAITING, RunState.AWAITING_APPROVAL
_PAUSED, _DONE, _CANCELLED = RunState.PAUSED, RunState.DONE, RunState.CANCELLED

# Where a run can be after walking on: at any step that waits, at the end, or stopped because the text leads in a circle.
WALKED_ON = frozenset({_RUNNING, _WAITING, _ASKING, _DONE, _CANCELLED})

TRANSITIONS: Mapping[tuple[RunState, type[Event]], frozenset[RunState]] = {
    **{(state, RiskChanged): frozenset({state}) for state in (_RUNNING, _WAITING, _ASKING, _PAUSED)},
    **{(state, Paused): frozenset({_PAUSED}) for state in (_RUNNING, _WAITING, _ASKING)},
    **{(state, Cancelled): frozenset({_CANCELLED}) for state in (_RUNNING, _WAITING, _ASKING, _PAUSED)},
    **{(state, HandedOver): frozenset({state}) for state in (_RUNNING, _WAITING, _ASKING, _PAUSED)},
    **{(state, RollBack): WALKED_ON for state in (_RUNNING, _WAITING, _ASKING, _PAUSED)},
    **{(state, Woke): WALKED_ON for state in (_RUNNING, _WAITING, _ASKING)},
    # an acknowledgement ends a wait; it neither ticks a list nor answers a question
    (_WAITING, Acknowledged): WALKED_ON,
    **{(state, Acknowledged): frozenset({state}) for state in (_RUNNING, _ASKING, _PAUSED, _DONE, _CANCELLED)},
    # the end of the trouble ends what is pending; a plan under way goes on to its own end
    (_WAITING, RiskCleared): WALKED_ON,
    **{(state, RiskCleared): frozenset({state, _CANCELLED}) for state in (_RUNNING, _ASKING, _PAUSED, _DONE, _CANCELLED)},
    **{(state, RiskClosed): frozenset({state, _CANCELLED}) for state in (_RUNNING, _WAITING, _ASKING, _PAUSED)},
    # a call that is waited for lets the run go on; one that ends late is written down wherever the run stands
    (_WAITING, CallEnded): WALKED_ON,
    **{(state, CallEnded): frozenset({state}) for state in (_RUNNING, _ASKING, _PAUSED, _DONE, _CANCELLED)},
    (_RUNNING, Ticked): WALKED_ON,
    (_ASKING, Approved): WALKED_ON,
    (_ASKING, Declined): WALKED_ON,
    (_PAUSED, Resumed): WALKED_ON,
}  # fmt: skip


def allowed(state: RunState, event: Event) -> bool:
    """Whether the table knows ``event`` in ``state``; the step may still have its own reasons to refuse."""
    return (state, type(event)) in TRANSITIONS
