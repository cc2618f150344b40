"""Three lines of a real Istio 1.5 sidecar, before and after a ServiceEntry was applied."""

from __future__ import annotations

import pytest

from meshegress.accesslog import AccessLogFormat

PASSTHROUGH = (
    '[2020-12-03T04:15:57.157Z] "- - -" 0 - "-" "-" 781 4652 23 - "-" "-" "-" "-" "14.215.177.39:443" '
    "PassthroughCluster 10.0.1.38:59692 14.215.177.39:443 10.0.1.38:59690 www.baidu.com -"
)
DECLARED = (
    '[2020-12-03T04:17:20.514Z] "- - -" 0 - "-" "-" 781 4652 20 - "-" "-" "-" "-" "14.215.177.38:443" '
    "outbound|443||www.baidu.com 10.0.1.38:41854 14.215.177.38:443 10.0.1.38:41852 www.baidu.com -"
)


@pytest.mark.parametrize("line", [PASSTHROUGH, DECLARED])
def test_a_line_of_istio_1_5_is_written_back_byte_for_byte(line: str) -> None:
    """Reading and writing are inverse."""
    log = AccessLogFormat.preset("istio-1.5-text")
    assert log.format(log.parse(line)) == line
    assert log.format_bytes(log.parse(line)) == line.encode() + b"\n"


def test_a_line_of_istio_1_5_tells_cluster_and_server_name() -> None:
    """Fields have Istio's JSON keys and their types."""
    entry = AccessLogFormat.preset("istio-1.5-text").parse(DECLARED)
    assert entry.upstream_cluster == "outbound|443||www.baidu.com"
    assert entry.requested_server_name == "www.baidu.com"
    assert (entry.response_code, entry.response_flags, entry.method, entry.bytes_sent) == (0, (), None, 4652)
    assert str(entry.start_time) == "2020-12-03 04:17:20.514000+00:00"
