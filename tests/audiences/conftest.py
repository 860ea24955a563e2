from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audiences.workspace import Project
from tests.servers import ceph, openssh
from tests.servers.process import ServerAbsent


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(scope="session")
def sftp_server() -> Iterator[openssh.SftpServer]:
    try:
        with openssh.running() as server:
            yield server
    except ServerAbsent as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[ceph.S3Server]:
    try:
        with ceph.running() as server:
            yield server
    except ServerAbsent as absent:
        pytest.skip(str(absent))
