"""The API's description, and Swagger at ``/docs`` from files on this machine (no CDN)."""

from fastapi import FastAPI


def install_documentation(app: FastAPI) -> None:
    app.openapi_tags = []
