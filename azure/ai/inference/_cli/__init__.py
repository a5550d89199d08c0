"""The command line, for somebody with a URL and a key: ``python -m azure.ai.inference check | chat | embed``.

`_arguments` is its grammar and `_report` its words: functions on values. `_target` finds out whom to talk to and as
whom; `_check`, `_chat` and `_embed` do the talking, `_console` the writing. `_main` chooses between them and gives the
exit status: 0 for an answer, 1 where the service or the network refused, 2 for arguments that cannot be. Nothing else
of the package imports this one.
"""
