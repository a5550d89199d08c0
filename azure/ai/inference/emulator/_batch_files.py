"""Files, as the services' Batch APIs keep them: uploaded, listed, read, deleted."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import uuid4

from ._multipart import parse_multipart
from ._problems import ServiceError
from ._request import RecordedRequest
from ._response import Response, json_response

Provider = Literal["azure", "openai", "mistral"]
"""Whose Batch API is played."""

_LARGEST: Final[Mapping[Provider, int]] = {"azure": 200_000_000, "openai": 200_000_000, "mistral": 512_000_000}


@dataclass(frozen=True)
class StoredFile:
    """A file.

    :param data: its bytes.
    :param name: its name.
    :param purpose: what it is for: ``batch``, ``batch_output``.
    :keyword id: made by itself.
    :keyword created: when, in seconds since 1970.
    :keyword stored_at: when, by the session's clock.
    """

    data: bytes
    name: str
    purpose: str
    stored_at: float
    id: str = field(default_factory=lambda: f"file-{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def shown(self, provider: Provider, *, ready: bool) -> dict[str, Any]:
        """Describe the file as the provider does."""
        told = {"id": self.id, "object": "file", "bytes": len(self.data), "created_at": self.created}
        told |= {"filename": self.name, "purpose": self.purpose}
        if provider == "mistral":
            source = "upload" if self.purpose == "batch" else "mistral"
            lines = self.data.count(b"\n")
            return {**told, "sample_type": "batch_request", "source": source, "num_lines": lines, "deleted": False}
        status = "processed" if ready or provider == "openai" else "pending"
        return {**told, "status": status}


class FileStore:
    """The files of a session.

    :param lag: for how many seconds an upload is ``pending`` at Azure.
    """

    def __init__(self, lag: float) -> None:
        self._lag = lag
        self._files: dict[str, StoredFile] = {}

    def add(self, file: StoredFile) -> StoredFile:
        """Keep a file."""
        self._files[file.id] = file
        return file

    def get(self, identifier: str) -> StoredFile:
        """Return a file.

        :raises ServiceError: 404 if there is none.
        """
        if identifier not in self._files:
            raise ServiceError(404, "not_found", f"No such File object: {identifier}", param="id")
        return self._files[identifier]

    def is_ready(self, file: StoredFile, provider: Provider, now: float) -> bool:
        """Return whether a file may be used already."""
        return provider != "azure" or now >= file.stored_at + self._lag

    def respond(self, request: RecordedRequest, provider: Provider, rest: str, now: float) -> Response:
        """Answer a request for ``/files``.

        :param rest: what the path has behind ``files``.
        :raises ServiceError: for what cannot be.
        """
        identifier, _, tail = rest.strip("/").partition("/")
        if not identifier:
            return self._upload(request, provider, now) if request.method == "POST" else self._list(provider, now)
        file = self.get(identifier)
        if request.method == "DELETE":
            del self._files[identifier]
            return json_response({"id": identifier, "object": "file", "deleted": True})
        if tail == "content":
            return Response(200, {"Content-Type": "application/octet-stream"}, file.data)
        return json_response(file.shown(provider, ready=self.is_ready(file, provider, now)))

    def _upload(self, request: RecordedRequest, provider: Provider, now: float) -> Response:
        parts = parse_multipart(request.raw, request.headers.get("content-type", ""))
        if "file" not in parts:
            raise ServiceError(400, "invalid_request", "'file' is a required property", param="file")
        purpose = parts["purpose"].text if "purpose" in parts else "fine-tune" if provider == "mistral" else ""
        if purpose != "batch":
            raise ServiceError(
                400, "invalid_request", f"'{purpose}' is not one of ['batch'] - 'purpose'", param="purpose"
            )
        data = parts["file"].value
        if len(data) > _LARGEST[provider]:
            raise ServiceError(
                413, "file_too_large", f"The file has {len(data)} bytes; {_LARGEST[provider]} are allowed."
            )
        file = self.add(StoredFile(data, parts["file"].filename or "file.jsonl", "batch", now))
        ready = self.is_ready(file, provider, now)
        return json_response(file.shown(provider, ready=ready), 201 if provider == "azure" else 200)

    def _list(self, provider: Provider, now: float) -> Response:
        shown = [file.shown(provider, ready=self.is_ready(file, provider, now)) for file in self._files.values()]
        return json_response({"object": "list", "data": shown, "total": len(shown), "has_more": False})
