from meshegress._engine.reference.lines import LogKind as LogKind
from meshegress._engine.reference.lines import LogLines as LogLines
from meshegress._engine.reference.lines import LogRecord as LogRecord
