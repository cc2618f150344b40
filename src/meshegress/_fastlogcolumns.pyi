from meshegress._purelogcolumns import MOST_BYTES as MOST_BYTES
from meshegress._purelogcolumns import LogColumn as LogColumn
from meshegress._purelogcolumns import LogColumns as LogColumns
from meshegress._purelogcolumns import LogMember as LogMember
from meshegress._purelogcolumns import read_columns as read_columns
from meshegress._purelogcolumns import read_json_columns as read_json_columns
