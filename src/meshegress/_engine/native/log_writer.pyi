from meshegress._engine.reference.log_writer import DASHED as DASHED
from meshegress._engine.reference.log_writer import LogWriter as LogWriter
