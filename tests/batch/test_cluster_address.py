"""Cluster addresses: which ones have a host and a port, and whether anything listens there."""

import socket

import pytest

from azure.ai.inference.batch._cluster_address import check_reachable, host_and_port


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.4:6379", ("10.0.0.4", 6379)),
        ("ray://head.example:10001", ("head.example", 10001)),
        ("ray://head.example:10001/", ("head.example", 10001)),
        ("[::1]:6379", ("::1", 6379)),
        ("", None),
        ("auto", None),
        ("local", None),
        ("head.example", None),
        ("head.example:port", None),
        ("[::1:6379", None),
        ("anyscale://my-cluster:80", None),
    ],
)
def test_host_and_port_of_an_address(address: str, expected: tuple[str, int] | None) -> None:
    assert host_and_port(address) == expected


def test_unreachable_cluster_raises() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        check_reachable(f"127.0.0.1:{port}")
    with pytest.raises(ConnectionRefusedError):
        check_reachable(f"ray://127.0.0.1:{port}")
    check_reachable("auto")
