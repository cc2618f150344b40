from meshegress._purecolumns import Columns as Columns
