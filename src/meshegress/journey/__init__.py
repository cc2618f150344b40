"""The journey of a request: from the sidecar over an egress gateway to what leaves the last proxy known."""

from meshegress.journey.rows import TROUBLES as TROUBLES
from meshegress.journey.rows import End as End
from meshegress.journey.rows import Sent as Sent
from meshegress.journey.rows import WireTransport as WireTransport
from meshegress.journey.whole import Journey as Journey
