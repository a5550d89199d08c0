"""The public class: a template with its settings, read from a file or a string, that creates messages."""

import inspect
import os
import re
import secrets
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from typing_extensions import Self

from . import _files, _inputs, _message_parser, _mustache, _prompty
from ._inputs import PropertySettings
from ._prompt_error import PromptError, nearest
from ._utils import remove_leading_empty_space

_T = TypeVar("_T")

# A statement or a filter, neither of which exists in mustache.
_JINJA = re.compile(
    r"\{%[-+]?\s*(?:for|if|set|block|macro|include|extends|import|from|filter|call|with|raw)\b[^%{}]*%\}"
    r"|\{\{(?![{#^/!&>=])[^{}|\n]*\|[^{}\n]*\}\}"
)


class PromptTemplate:
    """A prompt with variables. Create one with :meth:`from_prompty` or :meth:`from_string`.

    A line that only contains ``role:`` starts a message. Roles are assistant, developer, function, system, tool and
    user, in any case, optionally after ``#``, and optionally with attributes, as in ``tool[tool_call_id="call_1"]:``.
    Text before the first role is a system message. ``![alt](target)`` is an image.

    Only the template defines messages and images. The text of a variable cannot start a message, change a role or read
    a file. If a template uses a variable called `role` as a role, as in ``{{role}}:``, its value must be a role; and a
    variable in the target of an image must make the target an ``http:``, ``https:`` or ``data:`` URL.

    Threads and tasks may share a template.
    """

    model_name: str | None
    """The model: the `azure_deployment` of the configuration, else the model's name in the file, else None."""
    parameters: dict[str, Any]
    """Options for ``complete(**template.parameters)``, including tools."""
    prompty: _prompty.Prompty | None
    """The prompty file that the template was read from."""

    def __init__(
        self,
        *,
        api: str = "chat",
        prompty: _prompty.Prompty | None = None,
        prompt_template: str | None = None,
        model_name: str | None = None,
        strict: bool = False,
        use_sample: bool = False,
        trust_variables: bool = False,
        root: Path | None = None,
    ) -> None:
        if (prompty is None) == (prompt_template is None):
            raise ValueError("use PromptTemplate.from_prompty(file) or PromptTemplate.from_string(text)")
        if api not in _prompty.APIS:
            raise ValueError(f"api is {api!r}; {nearest(api, _prompty.APIS)}")
        self.prompty = prompty
        self.model_name = model_name
        self.parameters = {}
        self._config: dict[str, Any] = {}
        self._api, self._engine, self._source = api, "mustache", prompt_template or ""
        self._strict, self._use_sample, self._trust_variables, self._root = strict, use_sample, trust_variables, root
        if prompty is None:
            self._config = {"api": api, "prompt_template": prompt_template}
        else:
            settings = prompty.model
            configuration = settings.configuration
            self.model_name = configuration.get("azure_deployment") or settings.id or configuration.get("model") or None
            self.parameters = settings.parameters
            self._api, self._engine, self._source = settings.api, prompty.template.type, prompty.content
            if self._api == "responses":
                self.parameters = {"api": "responses", **settings.parameters}
        # Parse now, so that an invalid template fails here and not with the first message.
        self._located(self._check)

    def _warn(self) -> None:
        """Emit one warning, with all remarks, at the line that called the public method."""
        remarks = [*(self.prompty.remarks if self.prompty else ()), *map(self._at, self._remarks)]
        if remarks:
            warnings.warn("\n".join(remarks), stacklevel=3)

    def _at(self, remark: tuple[int, str]) -> str:
        line, text = remark
        return f"line {line}: {text}" if self.prompty is None else f"{self.prompty.file}:{self._line(line)}: {text}"

    @classmethod
    def from_prompty(
        cls,
        file_path: str | os.PathLike[str],
        *,
        strict: bool = False,
        use_sample: bool = False,
        trust_variables: bool = False,
        root: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Read a prompty file.

        ``${env:NAME}``, ``${env:NAME:default}`` and ``${file:path}`` are replaced in the front matter only. The
        template language is mustache, unless the file says ``template: jinja2`` or uses the newest schema, whose
        default is jinja2. Jinja2 runs in its sandbox.

        A warning lists what has no effect, such as an unknown key or a tool that chat completions cannot call.

        :param file_path: The file. A relative path starts at the folder of the source file that calls this.
        :keyword strict: Whether a variable that the template prints must be passed. Default: False, which renders a
            missing variable as nothing.
        :keyword use_sample: Whether to use the file's `sample` for variables that are not passed. Default: False, which
            uses only the `default` of an input.
        :keyword trust_variables: Whether variables are as trustworthy as the template. If so, role lines and images in
            their text count, and files outside of the prompt's folder may be read, as in the beta releases. Default:
            False.
        :keyword root: The folder that file references, images and bases may not leave, after symbolic links are
            resolved. Default: the folder of the prompty file.
        :return: The template.
        :raises ValueError: The file is invalid; the message names the file, the line and the key.
        :raises FileNotFoundError: The file, or one that it refers to, does not exist.
        :raises ImportError: PyYAML is not installed, or Jinja2 for a Jinja2 template.
        """
        if not file_path:
            raise ValueError("file_path is empty; pass the path of a prompty file")
        frame = inspect.currentframe()
        caller = frame.f_back if frame else None
        # In an interactive session the name is not a file but "<stdin>"; the path then starts at the working directory.
        folder = os.path.dirname(os.path.abspath(caller.f_code.co_filename)) if caller else os.getcwd()
        path = Path(os.path.abspath(os.path.join(folder, file_path)))
        if not path.is_file():
            raise FileNotFoundError(f"No prompty file {str(path)!r}; relative paths start at {folder!r}")
        # If the file itself is a link, its references still start at the folder that contains the link.
        path = Path(os.path.realpath(path.parent)) / path.name
        limit = None if trust_variables and root is None else Path(os.path.realpath(root or path.parent))
        template = cls(
            prompty=_prompty.load(path, root=limit),
            strict=strict,
            use_sample=use_sample,
            trust_variables=trust_variables,
            root=limit,
        )
        template._warn()
        return template

    @classmethod
    def from_string(
        cls,
        prompt_template: str,
        api: str = "chat",
        model_name: str | None = None,
        *,
        strict: bool = False,
        trust_variables: bool = False,
    ) -> Self:
        """Create a template from a string in mustache.

        Leading blank lines and the common indentation are removed.

        :param prompt_template: The template.
        :param api: "chat" for messages; "completion", "embedding" or "image" for a text.
        :param model_name: The model.
        :keyword strict: Whether a variable that the template prints must be passed. Default: False, which renders a
            missing variable as nothing.
        :keyword trust_variables: Whether role lines and images in the text of a variable count, as in the beta
            releases. Default: False.
        :return: The template.
        :raises ValueError: The template is empty or invalid; the message names the line.
        """
        template = cls(
            api=api,
            prompt_template=remove_leading_empty_space(prompt_template),
            model_name=model_name,
            strict=strict,
            trust_variables=trust_variables,
        )
        template._warn()
        return template

    def create_messages(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Render the template.

        :param data: The variables by name. If passed, keywords are ignored.
        :keyword kwargs: The variables.
        :return: The messages for ``complete(messages=...)``, as new dictionaries; or the text as a `str`, if the
            template is for another api than "chat".
        :raises ValueError: A variable is missing, has the wrong type or does not fit its place in the template, or the
            template renders to nothing.
        :raises FileNotFoundError: An image of the template does not exist.
        """
        return self._located(lambda: self._create(kwargs if data is None else data))

    def _create(self, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        declared: Mapping[str, PropertySettings] = self.prompty.inputs if self.prompty else {}
        samples = self.prompty.sample if self.prompty and self._use_sample else {}
        values = _inputs.complete(declared, variables, samples)
        if self._api not in ("chat", "responses", "agent"):
            return cast("list[dict[str, Any]]", self._render(self._source, values))
        # The token is drawn after the variables were made, so no variable can contain it.
        token = f"\x02{secrets.token_hex(16)}"
        texts, rich = _inputs.replace_by_marks(declared, values, token)
        if self._trust_variables:
            marked = _message_parser.mark(self._render(self._source, texts), token, template=False)
        else:
            marked = _message_parser.mark(self._source, token, template=True)
            marked = marked._replace(text=self._render(marked.text, texts))
        messages = _message_parser.split(marked, token, rich=rich, load_image=self._load_image)
        if not messages:
            raise PromptError("the template rendered no messages; pass the variables that its sections depend on")
        return messages

    def _check(self) -> None:
        if not self._source.strip():
            raise PromptError("the template is empty; write a prompt, such as 'user:\\n{{question}}'")
        self._remarks = [*_message_parser.mark(self._source, "", template=True).remarks]
        if self._engine == "mustache":
            _mustache.parse(self._source)
            self._remarks += self._jinja_remarks()
        else:
            from . import _jinja

            _jinja.parse(self._source)

    def _jinja_remarks(self) -> list[tuple[int, str]]:
        found = _JINJA.search(self._source)
        if not found:
            return []
        line = self._source.count("\n", 0, found.start()) + 1
        way_out = "add `template: jinja2` to the front matter"
        if self.prompty is None:
            way_out = "put the template into a prompty file that says `template: jinja2`"
        return [(line, f"{found[0][:60]!r} is Jinja2, but the template is rendered as mustache: {way_out}")]

    def _render(self, source: str, variables: Mapping[str, Any]) -> str:
        if self._engine == "mustache":
            return _mustache.render(_mustache.parse(source), variables, strict=self._strict)
        from . import _jinja

        return _jinja.render(_jinja.parse(source, strict=self._strict), variables)

    def _load_image(self, target: str, literal: bool) -> str:
        if self.prompty is None or _inputs.is_remote(target):
            return target
        if not literal:
            raise PromptError(
                f"the image target {target[:60]!r} comes from a variable and is not an http:, https: or data: URL; "
                f"variables cannot read files. Pass ImageUrl.load(...).url, or trust the variables: "
                f"from_prompty(..., trust_variables=True)"
            )
        return _files.image_url(_files.resolve(target, self.prompty.file.parent, self._root))

    def _located(self, work: Callable[[], _T]) -> _T:
        """Call a function; an error in the body of a prompty file gets the file's name and line."""
        try:
            return work()
        except PromptError as error:
            if self.prompty is None:
                raise
            line = "" if error.line is None else f":{self._line(error.line)}"
            remarks = [text for _, text in self._jinja_remarks()] if self._engine == "mustache" else []
            raise PromptError("; ".join([f"{self.prompty.file}{line}: {error.problem}", *remarks])) from error

    def _line(self, line: int) -> int:
        """Return the line of the file that contains a line of the template."""
        return line if self.prompty is None else self.prompty.content_line + line - 1

    def __repr__(self) -> str:
        name = self.prompty.name if self.prompty else None
        return f"PromptTemplate(name={name!r}, model_name={self.model_name!r}, engine={self._engine!r})"
