"""The command line, for anyone with a URL and a key: ``ai-inference check | chat | embed | batch | emulator``.

`_overview` lists the commands and `_arguments` parses their arguments. `_report` and `_words` produce texts and are
pure; `_failures` describes errors, and `_model_names` asks the service which models there are. `_target` finds the
endpoint, model and credential. `_check`, `_chat`, `_embedding` and `_many_rows` are the commands; `_conversation` and
`_dialogue` belong to `chat`. `_input` reads; `_console` and `_progress` write. `_main` chooses the command and returns
the exit status. Nothing else in the package imports this folder.
"""
