"""`ServiceForecast`: what the sliders' service does, estimated at once and then exactly."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from perflab.callbacks import Cancelled
from perflab.panels.latest import Latest
from perflab.panels.service.answers import Answers
from perflab.panels.status import Mood, StatusLine
from perflab.service import Service, ServicePrediction
from perflab.units import band, percent

_REST_SECONDS = 0.15
"""A whole long workload is gone through once moves rest for so long, to leave the next estimate the
processors."""
_LOOK_SECONDS = 0.02


class _Wanted(NamedTuple):
    """A service to predict exactly, and whether an estimate of it is shown already."""

    service: Service
    estimated: bool


class ServiceForecast:
    """Predicts the newest service alone; `ask` returns at once.

    Estimates and exact answers have a thread each, so that a move is answered by an estimate while
    an exact answer that it overtook is still being computed.

    Args:
        status: Where it says what it does.
        show: Called with each prediction that is still wanted, one at a time.
        exact: Called with a service and its exact prediction when that is shown.
        failed: Called with what went wrong.
    """

    def __init__(
        self,
        status: StatusLine,
        show: Callable[[ServicePrediction], object],
        exact: Callable[[Service, ServicePrediction], object],
        failed: Callable[[Exception], object],
    ) -> None:
        self._status, self._show, self._exact, self._failed = status, show, exact, failed
        self._wanted: Service | None = None
        # What is shown and what is said of it are of one service, though two threads show.
        self._showing = threading.Lock()
        self.answers: Answers | None = None
        self._first: Latest[Service] = Latest(self._estimate, self._fail, "perflab-estimate")
        self._whole: Latest[_Wanted] = Latest(self._predict, self._fail, "perflab-service")

    def use(self, answers: Answers) -> None:
        """Answer from another workload from now on."""
        self.answers = answers

    def ask(self, service: Service) -> None:
        """Predict a service, in the place of those that were asked for before."""
        self._wanted = service
        self._whole.cancel()
        self._first.post(service)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until what was asked for is shown."""
        self._first.wait(timeout)
        self._whole.wait(timeout)

    def close(self) -> None:
        """End it."""
        self._wanted = None
        self._first.close()
        self._whole.close()

    def _estimate(self, service: Service, cancelled: Cancelled) -> None:
        answers = self.answers
        if answers is None:
            return
        with self._showing:
            if self._is_over(service, cancelled):
                return
            self._status.say("what-if", "predicting", "busy")
        found = answers.preview(service)
        if found is not None and not self._put(service, found, cancelled, _sampled(found), "busy"):
            return
        if not self._is_over(service, cancelled):
            self._whole.post(_Wanted(service, found is not None))

    def _predict(self, wanted: _Wanted, cancelled: Cancelled) -> None:
        answers, service = self.answers, wanted.service
        end = time.monotonic() + (_REST_SECONDS if wanted.estimated else 0.0)
        while time.monotonic() < end:
            if self._is_over(service, cancelled):
                return
            time.sleep(_LOOK_SECONDS)
        if answers is None or self._is_over(service, cancelled):
            return
        found = answers.predict(service)
        if self._put(service, found, cancelled, "what-if exact", "exact"):
            self._exact(service, found)

    def _put(
        self,
        service: Service,
        found: ServicePrediction,
        cancelled: Cancelled,
        said: str,
        mood: Mood,
    ) -> bool:
        """Show a prediction and say what it is; say whether it is wanted until the end."""
        with self._showing:
            if self._is_over(service, cancelled):
                return False
            self._show(found)
            if self._is_over(service, cancelled):
                return False
            self._status.say("what-if", said, mood)
            return True

    def _is_over(self, service: Service, cancelled: Cancelled) -> bool:
        return cancelled() or service is not self._wanted

    def _fail(self, error: Exception) -> None:
        self._status.say("what-if", "")
        self._failed(error)


def _sampled(found: ServicePrediction) -> str:
    """Return how exact an estimate is."""
    about = f"from {percent(found.sampled)} of the keys, hit rate {band(found.error, 'ratio')}"
    return f"{about}; refining"
