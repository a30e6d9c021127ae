"""Quart's application: the messenger's pages, and the WebSocket endpoints that another module adds.

The API stands before it (`runtime/http/api.py`), with what all answers have in common.
"""

from quart import Response, has_request_context, request, websocket
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

from runtime.http import web
from runtime.http.problem import Problem, for_status, problem_response
from runtime.logs import get_logger

log = get_logger(__name__)


def create_app(pages: dict[str, web.WebFile]) -> QuartTrio:
    """An application that serves `pages`, by path."""
    app = QuartTrio(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    app.register_blueprint(web.blueprint(pages))
    _refuse_in_one_form(app)
    return app


def _refuse_in_one_form(app: QuartTrio) -> None:
    async def refuse(error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return problem_response(for_status(error.code or 500))
        asked = request if has_request_context() else websocket
        log.error("request_failed", method=asked.method, path=asked.path, exc_info=error)
        return problem_response(Problem("internal"))

    app.register_error_handler(Exception, refuse)
