"""Quart's application: the WebSocket endpoints that another module adds.

What is asked over HTTP is answered before it (`runtime/http/api.py`).
"""

from quart import Response, websocket
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

from runtime.http.problem import Problem, for_status, problem_response
from runtime.logs import get_logger

log = get_logger(__name__)


def create_app() -> QuartTrio:
    """An application without endpoints."""
    app = QuartTrio(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    _refuse_in_one_form(app)
    return app


def _refuse_in_one_form(app: QuartTrio) -> None:
    async def refuse(error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return problem_response(for_status(error.code or 500))
        log.error("request_failed", method="GET", path=websocket.path, exc_info=error)
        return problem_response(Problem("internal"))

    app.register_error_handler(Exception, refuse)
