from meshegress._purewalk import Decider as Decider
from meshegress._purewalk import PackedRequest as PackedRequest
from meshegress._purewalk import Walk as Walk
