from meshegress._purelogwriter import DASHED as DASHED
from meshegress._purelogwriter import LogWriter as LogWriter
