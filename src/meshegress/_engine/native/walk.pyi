from meshegress._engine.reference.walk import Decider as Decider
from meshegress._engine.reference.walk import PackedRequest as PackedRequest
from meshegress._engine.reference.walk import Walk as Walk
