"""The dispatcher: claims rows, has them prepared, lets them fly from one thread, saves what became of them.

All database work stays on the calling thread and outside the flights. A kill between sending and saving leaves rows in
`sending`: when their lease runs out nobody knows, and they become unsure. Asked to stop, it takes nothing up any more and
waits a few seconds for what is in the air.
"""

import logging
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from django.conf import settings

from apps.core import clock
from apps.core.http import HttpFlights, Landed
from apps.outbox import budgets, uploads
from apps.outbox.sending import claims
from apps.outbox.sending.preparing import NOT_UPLOADED, Job, hand_back, prepare
from apps.outbox.sending.saving import Done, save
from apps.outbox.sending.stopping import Stop, listening
from apps.providers.base import Reaction, SendFailed

log = logging.getLogger("recado.outbox")

RUN_SECONDS = 20.0
"""How long one run takes up new rows; then it finishes what it holds. The next nudge or sweep starts another."""
STOP_SECONDS = 8.0
"""What is in the air gets this long once somebody asked us to stop; what has no answer by then is unsure."""
SAVE_AT_LEAST_EVERY = 0.1  # seconds
SAVE_AT_MOST = 50  # messages
LOOK_EVERY = 0.05
"""Seconds between looks for new work, which is how long a page waits for a running dispatcher."""
WAKE_EVERY = 0.25
WITHOUT_BUDGETS = 0.5
KEPT_PLACES = 10
"""One of this many places is never given to lanes that do not hurry: a slow carrier must not shut pages out."""
REFILL = 3
"""The next lot is claimed when so much of it is missing (a third): a claim costs the same for one row as for many."""
FAST = 0.3
"""Mean seconds of an answer, up to which the next lot is prepared ahead."""
STALE = 1.0
"""Seconds after which what was prepared and has not left goes back and is planned afresh."""
_STANDSTILL = frozenset({Reaction.ACCOUNT, Reaction.SLOW_NUMBER})
"""Saved at once, and nothing that is prepared leaves after them."""
UPLOADS = 4


def places() -> int:
    """How many sends one dispatcher has in flight."""
    return int(settings.OUTBOX_IN_FLIGHT)


def run(*, seconds: float = RUN_SECONDS, linger: float = 0.0) -> Counter[str]:
    """Send what is due until nothing is left (and nothing came for `linger` seconds) or the time is up.

    Returns how many tries had which outcome. Ends early, in good order, on SIGTERM or when the worker shuts down.
    """
    with listening() as stop, ThreadPoolExecutor(max_workers=UPLOADS, thread_name_prefix="upload") as uploads:
        dispatcher = Dispatcher(stop, uploads)
        try:
            dispatcher.run(until=time.monotonic() + seconds, linger=linger)
        finally:
            # Whatever stops us, what was handed over is awaited and saved: only a kill leaves rows unsure.
            dispatcher.finish()
        return dispatcher.counts


class Dispatcher:
    """One run: what is prepared, what is in the air, what has landed and is not saved yet, and when to look again."""

    def __init__(self, stop: Stop, uploads: ThreadPoolExecutor) -> None:
        self.counts: Counter[str] = Counter()
        self._stop, self._uploads = stop, uploads
        self._places = places()
        self._patient_places = max(1, self._places - max(1, self._places // KEPT_PLACES))
        self._flights = HttpFlights(most=self._places)
        self._uploading: dict[Future[Done | Job], Job] = {}
        self._patient = 0
        """Messages of unhurried lanes in the air."""
        self._hurried_next: deque[Job] = deque()
        self._patient_next: deque[Job] = deque()
        self._pace = 0.0
        self._landed: deque[Done] = deque()
        self._first_landed = self._looked = self._woke = 0.0
        self._has_more = self._is_there_more = False

    def run(self, *, until: float, linger: float) -> None:
        busy_at = time.monotonic()
        while not self._stop:
            now = time.monotonic()
            found = now < until and self._take_up(now)
            is_busy = bool(found or self._in_air() or self._next())
            if is_busy:
                busy_at = now
            elif now >= until or now - busy_at >= linger:
                return
            self._move_on(LOOK_EVERY if is_busy or linger else 0.0)

    def finish(self) -> None:
        """Hand back what has not left; wait for what is in the air, when in a hurry for seconds: then nobody knows."""
        self._hand_back()
        until = time.monotonic() + claims.LEASE.total_seconds()
        while self._in_air() and time.monotonic() < until:
            if self._stop:
                until = min(until, time.monotonic() + STOP_SECONDS)
            self._move_on(LOOK_EVERY)
            self._hand_back()  # what came out of an upload meanwhile
        hand_back(list(self._uploading.values()))  # whatever became of their files, they themselves have not left
        for job in self._flights.close():
            self._land(Done(job.message_id, job.token, error=_unknown("It was stopped before an answer came.")))
        self._save()

    # --- up -----------------------------------------------------------------------------------------------------------

    def _take_up(self, now: float) -> bool:
        """Claim and prepare; whether there was, or shortly will be, anything. Looks again at once while there is, else soon."""
        limit, patient = self._wanted()
        is_soon = now < self._looked + LOOK_EVERY
        if is_soon and not (self._is_there_more and patient > 0):
            return self._has_more
        if now >= self._woke + WAKE_EVERY:
            self._woke = now
            claims.wake(clock.now())
        try:
            claimed = claims.claim(limit, patient) if limit > 0 else claims.Claimed([])
        except budgets.BudgetsLostError as error:
            log.warning("nothing leaves: %s (%s)", error, error.detail)
            self._looked, self._is_there_more = now + WITHOUT_BUDGETS, False
            return False
        for job in prepare(claimed.rows) if claimed.rows else []:
            (self._hurried_next if job.is_hurried else self._patient_next).append(job)
        self._launch()
        self._looked, self._is_there_more = now, bool(claimed.rows) and not claimed.is_held_up
        self._has_more = bool(claimed.rows) or claimed.is_held_up
        return self._has_more

    def _wanted(self) -> tuple[int, int]:
        """How many rows to claim, and how many of them may be patient.

        While answers come fast, the next lot is prepared while this one is in the air; a slow carrier gets nothing ahead:
        what is prepared must leave while its plan is true.
        """
        ahead = 2 if self._pace < FAST else 1
        patient = self._patient_places * ahead - self._patient - len(self._patient_next)
        if patient * REFILL < self._patient_places * ahead:
            patient = 0
        return self._places * ahead - self._in_air() - self._next(), min(patient, self._patient_places)

    def _launch(self) -> None:
        """Fill free places, hurried messages first. What was prepared too long ago goes back instead."""
        oldest = time.monotonic() - STALE
        late = [job for jobs in (self._hurried_next, self._patient_next) for job in _before(jobs, oldest)]
        if late:
            self._pace = max(self._pace, STALE)  # what waits for places is more than they take
        now = clock.now()
        while self._in_air() < self._places:
            if self._hurried_next:
                job = self._hurried_next.popleft()
            elif self._patient_next and self._patient < self._patient_places:
                job = self._patient_next.popleft()
            else:
                break
            if job.leaves_until > now:
                self._start(job)
            else:
                late.append(job)
        hand_back(late)
        self._flights.push()

    def _start(self, job: Job) -> None:
        self._patient += not job.is_hurried
        if job.upload is not None:
            self._uploading[self._uploads.submit(_upload, job)] = job
            return
        try:
            self._flights.start(job.request(), job)
        except Exception as error:  # a bug of ours in one message must not stop the others; it has not left
            log.exception("message %s could not be put into a request", job.message_id)
            self._down(job, Done(job.message_id, job.token, error=SendFailed(
                "Recado could not put this message into a request; see the detail.", reaction=Reaction.RETRY,
                code="internal", detail=repr(error)[:1000])))  # fmt: skip

    def _hand_back(self) -> None:
        hand_back([*self._hurried_next, *self._patient_next])
        self._hurried_next.clear()
        self._patient_next.clear()

    def _in_air(self) -> int:
        return len(self._flights) + len(self._uploading)

    def _next(self) -> int:
        return len(self._hurried_next) + len(self._patient_next)

    # --- down ---------------------------------------------------------------------------------------------------------

    def _move_on(self, seconds: float) -> None:
        if self._landed:
            seconds = min(seconds, max(0.0, self._first_landed + SAVE_AT_LEAST_EVERY - time.monotonic()))
        is_standstill = False
        for landed in self._flights.land(seconds):
            self._pace += (landed.seconds - self._pace) / 16
            done = conclude(landed)
            self._down(landed.token, done)
            is_standstill |= done.error is not None and done.error.reaction in _STANDSTILL
        if is_standstill:
            self._save()
            self._hand_back()
        for future in [future for future in self._uploading if future.done()]:
            job = self._uploading.pop(future)
            outcome = future.result()
            if isinstance(outcome, Job):
                self._uploaded(job, outcome)
            else:
                self._down(job, outcome)
        self._launch()
        is_due = time.monotonic() - self._first_landed >= SAVE_AT_LEAST_EVERY
        if len(self._landed) >= SAVE_AT_MOST or (self._landed and (is_due or not self._in_air())):
            self._save()

    def _uploaded(self, job: Job, ready: Job) -> None:
        self._patient -= not job.is_hurried  # it takes its place again
        self._hurried_next.appendleft(ready)
        if job.upload is not None and time.monotonic() - job.prepared_at > STALE:
            # It is planned afresh now, here or elsewhere, and must not need its upload again.
            uploads.remember(job.upload.key, ready.media_id, job.provider.keeps_uploads)

    def _down(self, job: Job, done: Done) -> None:
        self._patient -= not job.is_hurried
        self._land(done)

    def _land(self, done: Done) -> None:
        if not self._landed:
            self._first_landed = time.monotonic()
        self._landed.append(done)

    def _save(self) -> None:
        self.counts += save(self._landed)
        self._landed.clear()
        if not self._in_air():
            self._looked = 0.0  # what is saved may have let others through: look before leaving


def _before(jobs: deque[Job], moment: float) -> Iterator[Job]:
    """Take out those that were prepared before this moment. The oldest stand first."""
    while jobs and jobs[0].prepared_at < moment:
        yield jobs.popleft()


def conclude(landed: Landed) -> Done:
    """What a landed flight means. Never raises: whatever happened is an outcome."""
    job: Job = landed.token
    done = Done(job.message_id, job.token, media_id=job.media_id, seconds=landed.seconds)
    try:
        return replace(done, result=job.provider.conclude(landed.outcome))
    except SendFailed as error:
        return replace(done, error=error)
    except Exception as error:  # a bug of ours may strike after the carrier took it
        log.exception("the answer to message %s could not be read", job.message_id)
        return replace(done, error=_unknown(repr(error)[:1000]))


def _unknown(detail: str) -> SendFailed:
    return SendFailed("Recado failed while sending; nobody knows whether it arrived.",
                      reaction=Reaction.UNSURE, code="internal", detail=detail)  # fmt: skip


# --- uploads (in threads) ---------------------------------------------------------------------------------------------


def _upload(job: Job) -> Done | Job:
    """Hand the file over first; the job that is left, or how it ended."""
    started = time.monotonic()
    try:
        return _uploaded(job)
    except SendFailed as error:
        return Done(job.message_id, job.token, error=error, seconds=time.monotonic() - started)
    except Exception as error:  # the edge of a thread; the message itself has not left
        log.exception("the file of message %s could not be handed over", job.message_id)
        failed = SendFailed("Recado could not hand the file over; see the detail.", reaction=Reaction.RETRY,
                            code="internal", detail=repr(error)[:1000])  # fmt: skip
        return Done(job.message_id, job.token, error=failed)


def _uploaded(job: Job) -> Job:
    upload = job.upload
    if upload is None:
        return job
    try:
        number_id, provider = job.outgoing.number_id, job.provider
        return job.with_media(uploads.hand_over(
            upload.key, lambda: provider.upload_media(number_id, upload.read(), upload.mime_type, upload.filename)
        ))  # fmt: skip
    except tuple(cls for cls, _reaction in NOT_UPLOADED) as error:
        reaction = next(reaction for cls, reaction in NOT_UPLOADED if isinstance(error, cls))
        raise SendFailed(str(error), reaction=reaction, code=error.code, detail=error.detail,
                         after=getattr(error, "after", None)) from error  # fmt: skip
