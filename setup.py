"""Distribution metadata; the build system and the tools' settings are in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_namespace_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'^VERSION = "(.+)"$', (HERE / "azure/ai/inference/_version.py").read_text("utf-8"), re.M)
assert VERSION is not None

README = (HERE / "README.md").read_text("utf-8")
ABOUT = re.sub(r"\[([^\]]+)\]\((?!https:)[^)]+\)", r"\1", README)
"""The README where it stands alone: a link within the repository would lead nowhere."""

AIOHTTP = "aiohttp>=3.10"

setup(
    name="azure-ai-inference",
    version=VERSION[1],
    description="Client library for AI models on Azure: chat completions and embeddings, synchronous and asynchronous",
    long_description=ABOUT,
    long_description_content_type="text/markdown",
    license_expression="MIT",
    license_files=["LICENSE"],
    keywords="azure, azure sdk, ai, inference, chat completions, embeddings",
    classifiers=[
        "Development Status :: 5 - Production/Stable",
        "Intended Audience :: Developers",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 15)),
        "Typing :: Typed",
    ],
    packages=find_namespace_packages(include=["azure.ai.inference*"]),
    package_data={"azure.ai.inference": ["py.typed"]},
    python_requires=">=3.10",
    install_requires=["azure-core>=1.35.0", "isodate>=0.6.1", "typing-extensions>=4.12"],
    extras_require={
        "aio": [AIOHTTP],
        "opentelemetry": ["azure-core-tracing-opentelemetry>=1.0.0b11", "opentelemetry-api>=1.37"],
        "prompts": ["PyYAML>=6.0", "Jinja2>=3.1.6"],
        "emulator": [AIOHTTP, "trustme>=1.1"],
        "pydantic": ["pydantic>=2.7"],
    },
    entry_points={"pytest11": ["azure-ai-inference = azure.ai.inference.emulator.pytest_plugin"]},
)
