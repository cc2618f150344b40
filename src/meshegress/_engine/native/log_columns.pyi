from meshegress._engine.reference.log_columns import MOST_BYTES as MOST_BYTES
from meshegress._engine.reference.log_columns import LogColumn as LogColumn
from meshegress._engine.reference.log_columns import LogColumns as LogColumns
from meshegress._engine.reference.log_columns import LogMember as LogMember
from meshegress._engine.reference.log_columns import read_columns as read_columns
from meshegress._engine.reference.log_columns import read_json_columns as read_json_columns
