"""A headless Chromium for the tests of the page, and their common actions."""

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.keys import Keys
except ImportError:  # the tests report this when they are skipped
    webdriver = None  # type: ignore[assignment]

TIMEOUT = 20.0


def missing() -> str | None:
    """Describe what is missing, and how to install it; None if nothing is."""
    if webdriver is None:
        return "there is no selenium: pip install selenium"
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        return "there is no Chromium: apt-get install chromium chromium-driver"
    return None


class Browser:
    """A single window, whose scripts run under the page's own policy."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        # As root in a container, Chromium has no sandbox and little shared memory.
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        self.driver.set_script_timeout(TIMEOUT)
        self.size(1280, 800)

    def size(self, width: int, height: int, scheme: str = "light", scale: float = 1) -> None:
        """Set the window's size and the colour scheme."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def open(self, url: str) -> None:
        """Open a page with an empty state."""
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.get_log("browser")
        self.driver.get(url)

    def run(self, script: str, *arguments: Any) -> Any:
        """Return the result of a script."""
        return self.driver.execute_script(script, *arguments)

    def module(self, name: str, expression: str, *arguments: Any) -> Any:
        """Return an expression's value, in which ``m`` is one of the page's modules and ``a`` the arguments."""
        script = (
            "const done = arguments[arguments.length - 1]; const a = [...arguments].slice(0, -1);"
            f"import('/_emulator/page/{name}').then((m) => done([true, {expression}]))"
            ".catch((error) => done([false, String(error)]))"
        )
        fine, value = self.driver.execute_async_script(script, *arguments)
        assert fine, value
        return value

    def wait(self, condition: Callable[[], Any], what: str = "") -> Any:
        """Wait until a condition holds, and return what it returned."""
        until = time.monotonic() + TIMEOUT
        while True:
            with suppress(Exception):
                if found := condition():
                    return found
            if time.monotonic() > until:
                pytest.fail(f"never came: {what or condition.__code__.co_consts}; the page has:\n{self.text()[:2000]}")
            time.sleep(0.02)

    def wait_for(self, text: str, within: str = "body") -> None:
        """Wait until a text is on the page."""
        self.wait(lambda: text in self.text(within), text)

    def text(self, selector: str = "body") -> str:
        """Return the text that an element shows; empty if the element does not exist."""
        return str(self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all elements that match a selector."""
        found: list[str] = self.run(
            "return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", selector
        )
        return found

    def count(self, selector: str) -> int:
        """Return the number of elements that match a selector."""
        return int(self.run("return document.querySelectorAll(arguments[0]).length", selector))

    def click(self, selector: str) -> None:
        """Click on an element as soon as it exists."""
        self.wait(lambda: self.count(selector), selector)
        self.driver.find_element("css selector", selector).click()

    def keys(self, *keys: str) -> None:
        """Press keys in the focused element."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def fill(self, selector: str, text: str) -> None:
        """Type into a field."""
        field = self.driver.find_element("css selector", selector)
        field.clear()
        field.send_keys(text)

    def ids(self) -> list[int]:
        """Return the numbers of the requests whose rows are in the document, from top to bottom."""
        script = (
            "return [...document.querySelectorAll('.row')].map((row) => [row.getBoundingClientRect().top, "
            "Number(row.dataset.id)]).sort((a, b) => a[0] - b[0]).map((pair) => pair[1])"
        )
        found: list[int] = self.run(script)
        return found

    def open_request(self, number: int) -> None:
        """Click on a request's row, and wait until it is shown."""
        self.click(f'[data-id="{number}"]')
        self.wait(lambda: self.count(f'#detail[data-id="{number}"]'), f"request {number}")

    def tabs(self) -> list[str]:
        """Return the names of the selected request's tabs, once they exist."""
        script = "return [...document.querySelectorAll('.tab:not([hidden])')].map((tab) => tab.dataset.tab)"
        found: list[str] = self.wait(lambda: self.run(script), "tabs")
        return found

    def problems(self) -> list[str]:
        """Return the browser's complaints, except for those that tests provoke."""
        log = self.driver.get_log("browser")
        expected = ("net::ERR_CONNECTION", "net::ERR_INCOMPLETE", "net::ERR_EMPTY_RESPONSE", "400 (Bad", "401 (Un")
        lines = [entry["message"] for entry in log if entry["level"] in ("SEVERE", "WARNING")]
        return [line for line in lines if not any(words in line for words in expected)]

    def close(self) -> None:
        """Close the browser."""
        self.driver.quit()


ESCAPE = "\ue00c" if webdriver is None else Keys.ESCAPE


class Relay:
    """Forwards connections to an emulator, and can interrupt them like an unreliable network."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self.target = (host, int(port))
        self.is_up = True
        self.sockets: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                if not self.is_up:
                    near.close()
                    continue
                far = socket.create_connection(self.target)
                self.sockets += [near, far]
                for one, other in ((near, far), (far, near)):
                    self.threads.append(threading.Thread(target=self._pump, args=(one, other), daemon=True))
                    self.threads[-1].start()

    @staticmethod
    def _pump(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    def down(self) -> None:
        """Cut every connection, and accept no new one."""
        self.is_up = False
        for one in self.sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def up(self) -> None:
        """Accept connections again."""
        self.is_up = True

    def close(self) -> None:
        """Stop."""
        self.down()
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join()
        for one in self.sockets:
            one.close()


def chat(text: str, **members: Any) -> bytes:
    """Return the body of a chat request."""
    return json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **members}).encode()
