from meshegress._engine.reference.log import LogField as LogField
from meshegress._engine.reference.log import LogSpan as LogSpan
from meshegress._engine.reference.log import LogSplitter as LogSplitter
from meshegress._engine.reference.log import alphabet_of as alphabet_of
