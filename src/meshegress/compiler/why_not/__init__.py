"""Why not: what kept a resource from taking a request, and why a cluster does not exist or is empty.

Nothing here is compiled into a table. It is asked when somebody wants a reason, and reads what the passes have made.
"""

from meshegress.compiler.why_not.clusters import why_empty, why_missing
from meshegress.compiler.why_not.merging import why_may_be_missing, why_other_cluster
from meshegress.compiler.why_not.services import (
    overlooked_services,
    same_short_name,
    services_at,
    who_has_the_port,
    who_is_http,
)
from meshegress.compiler.why_not.virtual_services import overlooked_virtual_services

__all__ = [
    "overlooked_services",
    "overlooked_virtual_services",
    "same_short_name",
    "services_at",
    "who_has_the_port",
    "who_is_http",
    "why_empty",
    "why_may_be_missing",
    "why_missing",
    "why_other_cluster",
]
