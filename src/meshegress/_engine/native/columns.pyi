from meshegress._engine.reference.columns import Columns as Columns
from meshegress._engine.reference.columns import text_at as text_at
