"""The parts of the command line that verbs share: ``meshegress VERB [MESH...] [who] [what] [how it is printed]``.

Each module declares the options of one part and reads them; a verb takes the parts that make sense for it.

| part | module | declares | reads |
|---|---|---|---|
| MESH | `mesh` | `add_mesh_options` | `open_mesh` |
| who asks | `workload` | `add_workload_options` | `read_workload` |
| what is asked | `questions` | `add_question_options` | `read_questions` |
| how it is printed | `printing` | `add_printing_options` | `Printer` |
"""
