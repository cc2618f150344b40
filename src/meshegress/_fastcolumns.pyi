from meshegress._purecolumns import Columns as Columns
from meshegress._purecolumns import text_at as text_at
