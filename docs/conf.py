"""Settings of the API reference: `sphinx-build -W --keep-going -n -b html docs docs/_build`.

Nothing is fetched. `_ext/reference.py` adapts autodoc to this library, and `_ext/links.py` fixes the links of pages
from outside this folder.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

from azure.ai.inference import __version__  # noqa: E402 - of this copy, not of an installed one

project = "azure-ai-inference"
release = version = __version__
copyright = ""
html_show_copyright = False

extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode", "myst_parser", "sphinx_copybutton", "reference", "links"]
exclude_patterns = ["_build", "requirements.txt"]
default_role = "py:obj"
nitpicky = True
suppress_warnings = ["myst.strikethrough"]

myst_heading_anchors = 3

add_module_names = False
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
autodoc_inherit_docstrings = False
python_maximum_signature_line_length = 160
toc_object_entries_show_parents = "hide"
smartquotes_action = "D"  # dashes only; quoted text is mostly a value

html_theme = "furo"
html_title = f"azure-ai-inference {release}"
html_static_path = ["_static"]
html_css_files = ["reference.css"]
html_copy_source = False
