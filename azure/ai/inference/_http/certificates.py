"""Check the settings for server and client certificates before anything is sent."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard, cast


def check_certificates(options: Mapping[str, Any]) -> None:
    """Check the paths in `connection_verify` and `connection_cert`: a wrong one would fail every request.

    :param options: The keyword arguments of a client or of a call.
    :raises ValueError: A path does not exist.
    """
    verify, cert = options.get("connection_verify"), options.get("connection_cert")
    if _is_path(verify) and not os.path.exists(verify):
        raise ValueError(f"connection_verify={verify!r} is not the path of a file or folder of certificates.")
    for path in cast("Sequence[Any]", cert) if isinstance(cert, (tuple, list)) else [cert]:
        if _is_path(path) and not os.path.exists(path):
            raise ValueError(f"connection_cert={cert!r} names {path!r}, which is not a file.")


def trusted_files(verify: Any) -> dict[str, Any]:
    """Return arguments for `ssl.create_default_context`: a file of certificates, or a folder.

    :param verify: The path of a file, or of a folder made by `openssl rehash`; anything else means the system's own.
    """
    if not _is_path(verify):
        return {}
    return {"capath" if os.path.isdir(verify) else "cafile": verify}


def _is_path(value: Any) -> "TypeGuard[str | os.PathLike[str]]":
    return isinstance(value, (str, os.PathLike))
