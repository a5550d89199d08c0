"""Prompts as templates: prompty files and template strings become the messages of a chat completion.

.. code-block:: python

    template = PromptTemplate.from_prompty("hotel.prompty")
    messages = template.create_messages(question="When is breakfast?")
    response = client.complete(messages=messages, model=template.model_name, **template.parameters)

Template strings need nothing beyond this package; prompty files need the extra ``prompts``. Nothing here does I/O over
the network, so asynchronous code uses the same class. The text of a variable is never more than text: see
:class:`PromptTemplate`.
"""

from ._template import PromptTemplate

__all__ = ["PromptTemplate"]

PromptTemplate.__module__ = __name__  # for pickles and `repr`, which must survive a move of the files
