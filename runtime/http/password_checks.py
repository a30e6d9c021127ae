"""Whether a password is somebody's: at a log-in, and where the owner of an account shows it once more."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from chatproto.operations import FindLogin, ListSessions, LoginFound, Refused, RenewHash, SessionsFound
from chatproto.wire.text import fold, normalize
from runtime.http.fields import MAX_LOGIN
from runtime.http.logins import Attempt, Caller, Unsure
from runtime.http.problem import Problem, refusal
from runtime.http.profile import own_user
from runtime.http.recovery import busy_problem
from runtime.http.routes import Call, Result
from storage.password_lanes import Busy

LIMITED: Final = ("invalid_credentials", "rate_limited", "busy", "store_unavailable")
"""Refusals of a route that checks a password."""


async def with_password(
    call: Call[Any, None],
    login_key: str,
    given: str,
    caller: Caller,
    act: Callable[[LoginFound], Awaitable[Result]],
) -> Result:
    """What `act` does for whoever shows the password. Where that is not theirs any more by then, it is checked once
    more: another log-in may have hashed the same one anew."""
    for _ in range(2):
        checked = await _check_password(call, login_key, given, caller)
        if isinstance(checked, Problem):
            return checked
        result = await act(checked)
        if not isinstance(result, Problem) or result.code != "invalid_credentials":
            break
    return result


async def as_owner(call: Call[Any, None], given: str, act: Callable[[LoginFound], Awaitable[Result]]) -> Result:
    """What somebody does who is logged in and shows their password. A stranger who guesses at the log-in keeps nobody
    from this."""
    user = await own_user(call)
    if isinstance(user, Problem):
        return user
    caller = Caller.logged_in(call.me.session_id, call.address)
    return await with_password(call, fold(user.username), given, caller, act)


async def _check_password(call: Call[object, None], login_key: str, given: str, caller: Caller) -> LoginFound | Problem:
    """The account if the password is right. Wrong ones are counted, see LoginLimiter."""
    services = call.services
    logins = services.guards.logins
    attempt = logins.begin(caller, services.clock())
    if isinstance(attempt, Unsure):
        asked = await _look(call, login_key, caller)
        if isinstance(asked, Problem):
            return asked
        attempt = logins.begin(caller, services.clock())
    if not isinstance(attempt, Attempt):
        wait = attempt if isinstance(attempt, float) else 1.0
        return Problem("rate_limited", "Too many failed log-ins.", retry_after=wait)
    found = await _look(call, login_key, caller)
    if isinstance(found, Problem):
        logins.take_back(attempt, services.clock())
        return found
    lane = logins.lane(caller, services.clock())
    right = await services.passwords.verify(found.password_hash if found else None, given, lane)
    if isinstance(right, Busy):
        logins.take_back(attempt, services.clock())
        return busy_problem(right)
    if found is None or not right:
        logins.failed(attempt, services.clock())
        return Problem("invalid_credentials")
    logins.got_in(attempt, services.clock())
    return found


async def _look(call: Call[object, None], login_key: str, caller: Caller) -> LoginFound | Problem | None:
    """Whose name this is, and on which devices they are known; the same questions where it is nobody's."""
    services = call.services
    logins = services.guards.logins
    found: LoginFound | None = None
    if len(login_key) <= MAX_LOGIN:
        outcome = await call.ask(FindLogin(login_key))
        if isinstance(outcome, LoginFound):
            found = outcome
        elif not isinstance(outcome, Refused):
            return refusal(outcome)
    if caller.device is not None and logins.must_ask(caller, services.clock()):
        listed = await call.ask(ListSessions(found.user_id if found else 0, 0))
        if not isinstance(listed, SessionsFound):
            return refusal(listed)
        labels = [(one.device, one.address) for one in listed.sessions]
        logins.learn(caller, labels, call.address, services.clock())
    return found


async def renew_hash(call: Call[object, None], found: LoginFound, given: str) -> None:
    """Hash a right password anew where the cost of hashing was changed; where that fails, the next log-in does it."""
    passwords = call.services.passwords
    if not passwords.is_outdated(found.password_hash):
        return
    renewed = await passwords.hash(normalize(given))
    if not isinstance(renewed, Busy):
        await call.ask(RenewHash(found.user_id, found.password_hash, renewed))
