"""Lists that are read page by page.

Usage::

    return Response(body, headers=link_to_next(request, page.next))
"""

from urllib.parse import parse_qsl, urlencode

from fastapi import Request

from scribe.api.context import Context
from scribe.domain.errors import OptionError


def check_limit(ctx: Context, limit: int) -> None:
    """Raises: OptionError when this installation allows less."""
    if limit > ctx.settings.api.max_page:
        raise OptionError(f"`limit` may be at most {ctx.settings.api.max_page}.")


def link_to_next(request: Request, cursor: str | None) -> dict[str, str]:
    """``Link`` (RFC 8288): the same address with the cursor of the next page; nothing on the last one."""
    if cursor is None:
        return {}
    kept = [(name, value) for name, value in parse_qsl(request.url.query) if name != "cursor"]
    return {"Link": f'<{request.url.path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'}
