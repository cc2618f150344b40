from meshegress._purelog import LogField as LogField
from meshegress._purelog import LogSpan as LogSpan
from meshegress._purelog import LogSplitter as LogSplitter
from meshegress._purelog import alphabet_of as alphabet_of
