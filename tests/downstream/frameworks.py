"""The frameworks that import ``azure.ai.inference``, at the tested releases, the most used first.

`.ci/run` tests eleven that rely on different parts of the package; with pip they take five minutes of processor time,
or half of that on two cores. The others (``--all``) are large (crewai, inspect_ai, guidance, openlit), pin a release of
the beta, or use little of this package. Their requirements are locked in ``locks/`` by ``python -m
tests.downstream.lock NAME``.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Framework:
    """A framework and the environment it runs in.

    :param name: The name of its program and lock.
    :param requirements: Its requirements; the first is the framework.
    :keyword in_ci: Whether it is tested without ``--all``.
    :keyword asks: Whether its metadata names azure-ai-inference; some look for it at run time.
    :keyword pins_the_beta: Whether it requires a release of the beta, which this one is not. It is installed despite
        that pin.
    """

    name: str
    requirements: tuple[str, ...]
    in_ci: bool = False
    asks: bool = True
    pins_the_beta: bool = False

    @property
    def lock(self) -> Path:
        """The exact versions of its requirements, without this package."""
        return HERE / "locks" / f"{self.name}.txt"

    @property
    def program(self) -> Path:
        """Its program."""
        return HERE / "programs" / f"{self.name}.py"

    @property
    def checks(self) -> list[str]:
        """The names of the program's checks, read without running it."""
        tree = ast.parse(self.program.read_text("utf-8"))
        functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
        return [node.name for node in functions if node.name.startswith("test_")]


TRACING = ("azure-core-tracing-opentelemetry", "opentelemetry-sdk")

FRAMEWORKS = (
    Framework("crewai", ("crewai[azure-ai-inference]==1.15.30",)),
    Framework("azure_projects", ("azure-ai-projects==1.0.0b11", *TRACING, "trustme"), in_ci=True, asks=False),
    Framework("inspect_ai", ("inspect-ai==0.3.285", "openai")),
    Framework("agno", ("agno==3.1.10",), in_ci=True),
    Framework("semantic_kernel", ("semantic-kernel[azure]==1.45.0", *TRACING), in_ci=True),
    Framework("langchain", ("langchain-azure-ai[v1]==1.2.12",), in_ci=True),
    Framework("openlit", ("openlit==1.45.0",), asks=False),
    Framework("autogen", ("autogen-ext[azure]==0.7.5", "autogen-agentchat==0.7.5"), in_ci=True),
    Framework(
        "agent_framework", ("agent-framework-azure-ai==1.0.0rc6", "agent-framework-core==1.0.0rc6"), pins_the_beta=True
    ),
    Framework("prompty", ("prompty[serverless]==0.1.50",)),
    Framework("any_llm", ("any-llm-sdk[azure]==1.40.2",), in_ci=True),
    Framework("mirascope", ("mirascope[azure]==1.25.7",), in_ci=True),
    Framework("guidance", ("guidance[azureai]==0.3.1",)),
    Framework(
        "llamaindex",
        ("llama-index-llms-azure-inference==0.8.0", "llama-index-embeddings-azure-inference==0.6.0"),
        in_ci=True,
    ),
    Framework("llm_github", ("llm-github-models==0.18.0",), in_ci=True),
    Framework("vcrpy", ("vcrpy==9.4.2",), in_ci=True, asks=False),
    Framework("old_opentelemetry", ("opentelemetry-sdk==1.27.0",), in_ci=True, asks=False),
    Framework("lilypad", ("lilypad-sdk[azure]==0.10.4", "mirascope<2", "wrapt<2")),
    Framework("ai_inference_plus", ("azure-ai-inference-plus==1.0.4",), pins_the_beta=True),
)
