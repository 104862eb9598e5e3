"""What must hold of a scenario that has been run, whatever it was."""

import re
from contextlib import suppress
from urllib.parse import urlsplit

from tests.fuzz.reading import Answered, Asked, Headers, answer_in, is_of_trailer, requests_in
from tests.fuzz.rig import Attempt, Rig
from tests.fuzz.scenario import Scenario
from turnout.proxy.paths import normal_path

HOPS = frozenset(
    b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding "
    b"content-length upgrade expect x-request-id x-gateway-destination-endpoint".split()
)
_ID = re.compile(rb"\r\nx-request-id: ([^\r]*)\r\n", re.IGNORECASE)
_STAYING = frozenset((b"", b"close", b"keep-alive", b"upgrade", b"host"))
REFUSALS = frozenset((b"bad-request", b"headers-too-large", b"body-too-large"))


class DisagreementError(AssertionError):
    """The worker and h11 read something differently."""


Outcome = tuple[tuple[Asked, ...], tuple[tuple[int, bytes, bytes], ...]]


def judge(rig: Rig) -> Outcome:
    """The requests that went on whole, and the answers that came whole; DisagreementError if h11 reads others."""
    sent = [_sent(each) for each in rig.attempts]
    originals, why = _originals(rig)
    _as_asked([each for each in sent if each is not None], originals, why)
    answers = _answers(rig, originals, sent)
    _all_answered(rig, answers)
    whole = tuple(each for each in sent if each is not None and each.whole)
    return whole, tuple((each.status, each.body, _value(each.headers, b"x-turnout-reason")) for each in answers)


def _sent(attempt: Attempt) -> Asked | None:
    """What a server was sent, which is one request or the beginning of one."""
    raw = b"".join(attempt.sent)
    read, why = requests_in(raw)
    if len(read) != 1 or why:
        if _offers(read) and b"HTTP/1.1 101" in b"".join(attempt.fed):
            return None  # the rest is another protocol
        raise DisagreementError(f"a server is sent {raw!r}, which h11 reads as {read}: {why}")
    framings = [name for name, _ in read[0].headers if name in {b"content-length", b"transfer-encoding"}]
    if len(framings) > 1:
        raise DisagreementError(f"a server is sent more than one framing: {raw!r}")
    return _plain(read[0])


def _offers(read: tuple[Asked, ...]) -> bool:
    return bool(read) and any(name == b"upgrade" for name, _ in read[0].headers)


def _originals(rig: Rig) -> tuple[list[Asked], str]:
    meant = rig.scenario.meant
    if meant is not None:
        return [_plain(Asked(*each, whole=True)) for each in meant], ""
    read, why = requests_in(rig.scenario.raw)
    return [_plain(each) for each in read], why


def _plain(asked: Asked) -> Asked:
    """Without what ends at one hop, and with the target as it goes on."""
    hops = _named(asked.headers)
    headers = tuple(
        (name, value) for name, value in asked.headers if name not in hops and not name.startswith(b"x-turnout-")
    )
    target = asked.target
    if target[:1] != b"/" and target != b"*":
        try:
            parts = urlsplit(target)
        except ValueError:
            parts = urlsplit(b"")
        target = (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")
        headers = ((b"host", parts.netloc), *(each for each in headers if each[0] != b"host"))
    path, mark, query = target.partition(b"?")
    target = (normal_path(path) or path) + mark + query
    return Asked(asked.method, target, tuple(sorted(headers)), asked.body, asked.whole, asked.http10)


def _named(headers: Headers) -> frozenset[bytes]:
    listed = b",".join(value for name, value in headers if name == b"connection")
    tokens = frozenset(token.strip().lower() for token in listed.split(b","))
    return HOPS | (tokens - _STAYING)


def _as_asked(sent: list[Asked], originals: list[Asked], why: str) -> None:
    """Every request that went on is one of the client's, in their order."""
    at = 0
    for each in sent:
        for place in range(at, len(originals)):
            if _same(each, originals[place]):
                at = place
                break
        else:
            if is_of_trailer(why):
                return  # what stands behind it, h11 does not read
            raise DisagreementError(f"sent {each}\nasked {originals[at:]}\nh11: {why}")


def _same(sent: Asked, asked: Asked) -> bool:
    if sent.method != asked.method or sent.target != asked.target:
        return False
    if sent.headers != asked.headers:
        hosts = any(name == b"host" for name, _ in asked.headers)
        if hosts or tuple(each for each in sent.headers if each[0] != b"host") != asked.headers:
            return False
    if sent.whole:
        return asked.whole and sent.body == asked.body
    return asked.body.startswith(sent.body)


def _answers(rig: Rig, originals: list[Asked], sent: list[Asked | None]) -> list[Answered]:
    """What the client reads, each answer that a server gave as that server meant it."""
    raw = b"".join(rig.client.written)
    ended = rig.client.ended in {"eof", "closed"}
    attempts = _by_id(rig, sent)
    found: list[Answered] = []
    while raw:
        at = len(found)
        tried = attempts.get(_id(_head(raw)), [])
        method = originals[at].method if at < len(originals) else b"POST"
        methods = {asked.method for _, asked in tried if asked is not None}
        if len(methods) == 1:
            (method,) = methods
        answer, left, why = answer_in(raw, method, ended=ended)
        if method == b"HEAD" and left.startswith(b'{"error"'):  # to what could not be read
            answer, left, why = answer_in(raw, b"POST", ended=ended)
        if why and not _ends_early(why):
            raise DisagreementError(f"the client gets {raw!r}: {why}")
        if answer is None:
            break
        if answer.status == 101:
            return found
        if tried and not _value(answer.headers, b"x-turnout-reason"):
            _as_one_answered([attempt for attempt, _ in tried], method, answer)
        if not answer.whole:
            break
        found.append(answer)
        if left and _value(answer.headers, b"connection") == b"close":
            raise DisagreementError(f"behind the last answer the client gets {left!r}")
        raw = left
    return found


def _by_id(rig: Rig, sent: list[Asked | None]) -> dict[bytes, list[tuple[Attempt, Asked | None]]]:
    found: dict[bytes, list[tuple[Attempt, Asked | None]]] = {}
    for each, asked in zip(rig.attempts, sent, strict=True):
        found.setdefault(_id(b"".join(each.sent)), []).append((each, asked))
    return found


def _ends_early(why: str) -> bool:
    return "closed" in why or "without sending" in why or "type ConnectionClosed" in why


def _head(raw: bytes) -> bytes:
    """The first final head."""
    while raw.startswith(b"HTTP/1.1 1") and b"\r\n\r\n" in raw and not raw.startswith(b"HTTP/1.1 101"):
        raw = raw.partition(b"\r\n\r\n")[2]
    return raw.partition(b"\r\n\r\n")[0] + b"\r\n"


def _id(head: bytes) -> bytes:
    found = _ID.search(_head(head) if not head.startswith(b"HTTP") else head)
    return found[1] if found else b""


def _as_one_answered(tried: list[Attempt], method: bytes, answer: Answered) -> None:
    """The answer is that of the last attempt, or of another one where clients gave two requests one id."""
    for attempt in tried[:-1]:
        with suppress(DisagreementError):
            return _as_answered(attempt, method, answer)
    return _as_answered(tried[-1], method, answer)


def _as_answered(attempt: Attempt, method: bytes, answer: Answered) -> None:
    fed = b"".join(attempt.fed)
    meant, _, why = answer_in(fed, method, ended=attempt.end == "eof")
    if meant is None:
        raise DisagreementError(f"a server said {fed!r} ({why}), the client reads {answer}")
    if answer.status != meant.status or not meant.body.startswith(answer.body):
        raise DisagreementError(f"a server said {fed!r}, the client reads {answer}")
    if answer.whole and not (meant.whole and meant.body == answer.body):
        raise DisagreementError(f"a server said {fed!r} and no more ({why}), the client reads a whole {answer}")
    if _passing(meant.headers) != _passing(answer.headers):
        raise DisagreementError(f"a server said {fed!r}, the client reads {answer.headers}")


def _passing(headers: Headers) -> list[tuple[bytes, bytes]]:
    hops = _named(headers)
    return [each for each in headers if each[0] not in hops and not each[0].startswith(b"x-turnout-")]


def _value(headers: Headers, name: bytes) -> bytes:
    return next((value for each, value in headers if each == name), b"")


def _all_answered(rig: Rig, answers: list[Answered]) -> None:
    """A client that stays gets an answer to its first request or sees it cut; never more answers than requests."""
    scenario = rig.scenario
    if scenario.meant is None or scenario.leaves != "never":
        return
    if not rig.client.written and not rig.attempts:
        raise DisagreementError("the client got no answer")
    if len(answers) > len(scenario.meant):
        raise DisagreementError(f"{len(scenario.meant)} requests, {len(answers)} answers: {rig.client.written}")
    last = _value(answers[-1].headers, b"connection") if answers else b"close"
    if len(answers) < len(scenario.meant) and last != b"close" and not rig.broken:
        raise DisagreementError(f"{len(scenario.meant)} requests, {len(answers)} answers: {rig.client.written}")


def is_patient(scenario: Scenario) -> bool:
    """Whether nothing but its bytes decides what becomes of it: not when reads end, nor which server is late."""
    if scenario.early or scenario.slow or scenario.leaves != "never":
        return False
    return all(each.natural and b" 503 " not in each.head for each in scenario.replies)  # what fails is tried again


def agree(split: Outcome, whole: Outcome) -> None:
    """The same bytes were read in pieces and at once; DisagreementError unless that is the same.

    A request with two faults may be refused for the one or the other.
    """
    if split[0] != whole[0] or [_kind(each) for each in split[1]] != [_kind(each) for each in whole[1]]:
        raise DisagreementError(f"in pieces {split}\nat once {whole}")


def _kind(answer: tuple[int, bytes, bytes]) -> tuple[int, bytes, bytes]:
    return (400, b"", b"") if answer[2] in REFUSALS else answer
