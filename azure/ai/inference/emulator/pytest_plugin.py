"""The pytest plugin under its former name, for ``-p`` and ``pytest_plugins``. If installed, it loads automatically.

The plugin is a module of its own, `pytest_azure_ai_inference`: pytest loads it in every run of anyone who has this
package installed, and importing it from here would import the package with it.
"""

pytest_plugins: list[str] = ["pytest_azure_ai_inference"]
