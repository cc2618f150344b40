"""What goes past the sidecar: decided before the sidecar is asked, and never its answer."""

from __future__ import annotations

from dataclasses import replace

from meshegress.decision import Assumption, Decision, Origin, Outcome
from meshegress.decision.assumptions import UNKNOWN_ADDRESS
from meshegress.decision.reasons import Reason, ReasonCode
from meshegress.request import Request
from meshegress.request.capture import Capture
from meshegress.uncertainty.careful import CarefulDecider

AMBIENT = "ambient"
_EVERY_PORT = b"\xff" * 8192
_ABSENT = "no sidecar"
#: Where the sidecar has no say.
BESIDE = frozenset({Outcome.NOT_CAPTURED, Outcome.UNKNOWN})


class CaptureDecider:
    """Decides the requests of a workload whose sidecar does not see all of them."""

    def __init__(self, capture: Capture, careful: CarefulDecider) -> None:
        self._capture = capture
        self._careful = careful
        #: A bit for each port, set where the table alone cannot answer.
        self.ports = _EVERY_PORT

    def decide(self, request: Request | str, *, headers_unknown: bool = False) -> Decision:
        """Return the decision on *request*, or on the request that fetching a URL sends.

        Raises RequestError for a bad URL, and TypeError for what is neither a Request nor a text.
        """
        if isinstance(request, str):
            request = Request.from_url(request)
        elif not isinstance(request, Request):
            raise TypeError(f"expected a Request or a URL, not {type(request).__name__}")
        if self._capture.absence:
            return self._decision(_ABSENT)
        first, *others = self._ways(request)
        decision = self._decision(first) if first else self._careful.decide(request, headers_unknown=headers_unknown)
        return self._with_others(request, decision, others, headers_unknown) if others else decision

    def reasons(self, request: Request) -> tuple[Reason, ...]:
        """Return why *request* goes past the sidecar; nothing where it does not, or where the decision says so."""
        capture = self._capture
        if capture.absence:
            return () if capture.is_ambient else (Reason(ReasonCode.NO_SIDECAR, capture.absence),)
        way = self._ways(request)[0]
        told = f"`{way}` keeps the request from the sidecar"
        return (Reason(ReasonCode.NOT_CAPTURED, told, self._owner(way)),) if way else ()

    def _ways(self, request: Request) -> list[str]:
        """Return what keeps *request* from the sidecar at each place where it could go, the likeliest first.

        An empty text stands for a place that the sidecar sees.
        """
        capture, port = self._capture, request.port
        if request.address is not None:
            return [capture.excluding(request.address, port)]
        answer = self._careful.addresses.resolved(request)
        sample = self._careful.addresses.on(port)[0]
        ways = dict.fromkeys(capture.excluding(address, port) for address in answer.addresses or (sample,))
        if not answer.is_certain and capture.depends_on_address(port):
            inside = [network[0] for network in (*capture.excluded_ranges, *(capture.included_ranges or ()))]
            ways |= dict.fromkeys(capture.excluding(str(address), port) for address in inside)
            ways[capture.excluding(sample, port)] = None
        return list(ways)

    def _decision(self, way: str) -> Decision:
        """Return the answer on what *way*, an annotation or the lack of a sidecar, keeps from the sidecar."""
        capture = self._capture
        if capture.is_ambient:
            return Decision(outcome=Outcome.UNKNOWN, assumptions=(Assumption(AMBIENT, capture.absence),))
        return Decision(outcome=Outcome.NOT_CAPTURED, governed_by=self._owner(way))

    def _owner(self, way: str) -> Origin | None:
        """Return the object that says so, with the place of the annotation *way* in it."""
        capture = self._capture
        if capture.owner is None or way == _ABSENT:
            return capture.owner
        return replace(capture.owner, host_path=(*capture.path, "metadata", "annotations", way))

    def _with_others(self, request: Request, decision: Decision, ways: list[str], headers_unknown: bool) -> Decision:
        """Return *decision* with what the request gets at its other addresses."""
        others = tuple(
            self._decision(way) if way else self._careful.decide(request, headers_unknown=headers_unknown)
            for way in ways
        )
        others = tuple(replace(one, assumptions=()) for one in others if one.outcome is not decision.outcome)
        if not others:
            return decision
        reason = f"the sidecar sees only some addresses, and that of `{request.name}` is not known"
        assumption = Assumption(UNKNOWN_ADDRESS, reason, others)
        return replace(decision, assumptions=(*decision.assumptions, assumption))
