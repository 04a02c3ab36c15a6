"""Swagger UI at ``/docs``, offline: its files come from the wheel ``fastapi-swagger``, our page from here.

Owns the page and its content security policy: no inline script, no foreign host.
"""

from functools import partial
from importlib import resources

from fastapi import FastAPI, Response

from scribe.domain.errors import NotFoundError

_PACKAGE = "fastapi_swagger.resources"
_MEDIA_TYPES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""Swagger sets style attributes, hence ``unsafe-inline`` for styles only."""
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Smart Meeting Scribe: API</title>
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript; the description itself is at <a href="openapi.json">openapi.json</a>.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

_START = """\
window.onload = function () {
  SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
    validatorUrl: null,
    // Signed in with a cookie instead of a token: what changes something needs the session's CSRF token, too.
    requestInterceptor: function (request) {
      var token = window.sessionStorage.getItem("scribe-csrf");
      if (token && !request.headers["Authorization"]) request.headers["X-CSRF-Token"] = token;
      return request;
    },
    responseInterceptor: function (response) {
      if (response.ok && response.url.endsWith("/api/v1/auth/login") && response.obj && response.obj.csrf_token) {
        window.sessionStorage.setItem("scribe-csrf", response.obj.csrf_token);
      }
      return response;
    },
  });
};
"""


def install_swagger(app: FastAPI) -> None:
    """Addresses in the page are relative, so that it works behind a proxy's prefix."""

    async def page() -> Response:
        return Response(_PAGE, media_type="text/html", headers=_HEADERS)

    async def file(path: str) -> Response:
        if path == "start.js":
            return Response(_START, media_type="text/javascript", headers=_HEADERS)
        media_type = _MEDIA_TYPES.get(path)
        if media_type is None:
            raise NotFoundError("There is no such page.")
        content = (resources.files(_PACKAGE) / path).read_bytes()
        return Response(content, media_type=media_type, headers=_HEADERS)

    add = partial(app.add_api_route, methods=["GET"], include_in_schema=False)
    add("/docs", page)
    add("/docs/{path:path}", file)
