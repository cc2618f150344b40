"""Envoy access logs: every operator, both directions, never a guess.

``AccessLogFormat`` writes entries as Envoy does and reads lines back; ``AccessLogEntry`` is one record.
"""

from meshegress.accesslog.entry import AccessLogEntry
from meshegress.accesslog.logformat import AccessLogFormat
from meshegress.accesslog.process import Process
from meshegress.accesslog.values import Shown

__all__ = ["AccessLogEntry", "AccessLogFormat", "Process", "Shown"]
