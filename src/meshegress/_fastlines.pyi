from meshegress._purelines import LogKind as LogKind
from meshegress._purelines import LogLines as LogLines
from meshegress._purelines import LogRecord as LogRecord
