"""Lines that stand in a proxy's log and are not access records: known as such, they are not misfits."""

from __future__ import annotations

import re

_LEVEL = rb"(?:trace|debug|info|warn(?:ing)?|error|critical|fatal|none|off)"
_INSTANT = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_OTHER_LINES = re.compile(
    rb"|".join(
        (
            _INSTANT + rb"\t" + _LEVEL + rb"(?:\t|\Z)",  # istio-agent, and Envoy under it
            rb"\[" + _INSTANT + rb"\]\[[0-9]+\]\[" + _LEVEL + rb"\]",  # Envoy alone
            rb"[IWEF][0-9]{4} [0-9:]{8}\.[0-9]{6} +[0-9]+ [^ ]+:[0-9]+\] ",  # klog
            rb"time=\"[^\"]*\" level=" + _LEVEL,  # logrus
            rb"\A[+-] [^ ]+ \xe2\x80\xba [^ ]+\Z",  # stern: a container comes or goes
            rb"\A'[^']*', '.*'\Z",  # headers, one a line, in Envoy's debug log
            rb"\A-- .* --\Z",  # journalctl
            rb"\A==> .* <==\Z",  # tail, of several files
            rb"\AAttaching to |\ADefaulted container |\AFound [0-9]+ pods, using ",  # compose, kubectl
            rb"\A[0-9/]{10} [0-9:]{8} (?:https?://|Common labels: )",  # logcli
            rb"\A\s*[\[\]]\s*,?\s*\Z",  # an array over several lines
            rb"\A\{\"(?:level|severity)\":\"" + _LEVEL + rb"\",",  # istio-agent as JSON
        )
    ),
    re.DOTALL,
)
_HEAD_BYTES = 400


def is_agent_line(line: bytes) -> bool:
    r"""Whether *line* is one of the agent, of the proxy's own log, or of the tool that printed the log.

    >>> is_agent_line(b"2026-11-20T08:15:29.000001Z\tinfo\tEnvoy proxy is ready")
    True
    """
    return _OTHER_LINES.search(line[:_HEAD_BYTES]) is not None
