"""Distribution metadata; the build system and the tools' settings are in pyproject.toml.

The same files produce the same archives, byte for byte, with the same release of setuptools: all times in them are
SOURCE_DATE_EPOCH, by default the earliest that a zip archive can store, and they do not depend on the builder's name or
umask.
"""

import gzip
import os
import re
import tarfile
from pathlib import Path
from typing import Any

from setuptools import find_namespace_packages, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.sdist import sdist

HERE = Path(__file__).parent
VERSION = re.search(r'^VERSION = "(.+)"$', (HERE / "azure/ai/inference/_version.py").read_text("utf-8"), re.M)
assert VERSION is not None

README = (HERE / "README.md").read_text("utf-8")
ABOUT = re.sub(r"\[([^\]]+)\]\((?!https:)[^)]+\)", r"\1", re.sub(r"<picture>.*?</picture>\n\n", "", README, flags=re.S))
"""The README on its own: links and pictures within the repository would be broken."""

PROJECT_URL = os.environ.get("PROJECT_URL") or "https://HOST/OWNER/REPO"
"""The repository's URL. Only a release sets the variable; other builds keep the placeholder."""

EPOCH = int(os.environ.setdefault("SOURCE_DATE_EPOCH", "315532800"))  # 1980-01-01; wheels read the variable

AIOHTTP = "aiohttp>=3.12"  # the first that lets a client create its own sockets


def mode_of(is_program: bool) -> int:
    """Return the mode that git uses."""
    return 0o755 if is_program else 0o644


class ReproducibleSdist(sdist):
    """Writes the archive itself: setuptools would keep times, owner and modes of the files."""

    def make_archive(self, base_name: Any, *_: Any, **options: Any) -> str:
        """Pack a folder as .tar.gz, whatever format is requested."""
        path = Path(f"{base_name}.tar.gz")
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            path.open("wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=EPOCH) as packed,
            tarfile.open(fileobj=packed, mode="w") as archive,
        ):
            archive.add(options["base_dir"], filter=self._as_anywhere)
        return str(path)

    @staticmethod
    def _as_anywhere(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.mtime, member.mode = EPOCH, mode_of(member.isdir() or bool(member.mode & 0o100))
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member


class ReproducibleWheel(bdist_wheel):
    """Writes a wheel that does not depend on the builder's umask."""

    def write_wheelfile(self, wheelfile_base: Any, *args: Any, **kwargs: Any) -> None:
        """Write the last file, then set the modes of all files."""
        super().write_wheelfile(wheelfile_base, *args, **kwargs)
        for path in Path(wheelfile_base).parent.rglob("*"):
            path.chmod(mode_of(path.is_dir()))


setup(
    name="azure-ai-inference",
    version=VERSION[1],
    description="Unofficial successor of Microsoft's retired client for AI models on Azure: chat and embeddings",
    long_description=ABOUT,
    long_description_content_type="text/markdown",
    author="The maintainers of the unofficial azure-ai-inference",
    url=PROJECT_URL,
    project_urls={
        "Changelog": f"{PROJECT_URL}/blob/main/CHANGELOG.md",
        "Documentation": f"{PROJECT_URL}/blob/main/docs/index.md",
        "Issues": f"{PROJECT_URL}/issues",
    },
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
    package_data={
        "azure.ai.inference": ["py.typed"],
        "azure.ai.inference.emulator.page": ["*.css", "*.html", "*.js", "*.svg"],
    },
    python_requires=">=3.10",
    install_requires=["azure-core>=1.35.0", "isodate>=0.6.1", "typing-extensions>=4.12"],
    extras_require={
        "aio": [AIOHTTP],
        "opentelemetry": ["azure-core-tracing-opentelemetry>=1.0.0b11", "opentelemetry-api>=1.37"],
        "prompts": ["PyYAML>=6.0", "Jinja2>=3.1.6"],
        "emulator": [AIOHTTP, "trustme>=1.1"],
        "pydantic": ["pydantic>=2.7"],
        "ray": ["ray[data]>=2.60", AIOHTTP],
        "speed": ["orjson>=3.10"],
    },
    cmdclass={"sdist": ReproducibleSdist, "bdist_wheel": ReproducibleWheel},
    py_modules=["pytest_azure_ai_inference"],
    entry_points={
        "console_scripts": ["ai-inference = azure.ai.inference.__main__:main"],
        # Under the module's own name, so that pytest does not load it twice if it is requested again.
        "pytest11": ["pytest_azure_ai_inference = pytest_azure_ai_inference"],
    },
)
