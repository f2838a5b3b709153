"""A headless Chromium, driven by its DevTools protocol over a pipe, without a package."""

import json
import os
import select
import shutil
import subprocess

KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowRight": 39, "End": 35}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find():
    """Path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a headless Chromium; `events` holds what it reported."""

    def __init__(self, profile):
        reads, child_writes = os.pipe()
        child_reads, writes = os.pipe()
        self.process = subprocess.Popen(
            [
                *("bash", "-c", f'exec "$@" 3<&{child_reads} 4>&{child_writes}', "-", find()),
                *("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
                f"--user-data-dir={profile}",
            ],
            pass_fds=(child_reads, child_writes),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(child_reads)
        os.close(child_writes)
        self.reads, self.writes = os.fdopen(reads, "rb"), os.fdopen(writes, "wb")
        self.buffer, self.number, self.events, self.session = b"", 0, [], {}
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self.session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method, **params):
        """Call a method of the protocol and return its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params, **self.session}
        self.writes.write(json.dumps(message).encode() + b"\0")
        self.writes.flush()
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def open(self, path, *, width, height=800, scheme="light"):
        """Load a local page on a screen of this size; return the events that it reported."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.send("Emulation.setEmulatedMedia", media="", features=[feature])
        self.events = []
        self.send("Page.navigate", url=f"file://{path}")
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())
        return self.events

    def run(self, script):
        """Value of a JavaScript expression, promises awaited."""
        done = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def press(self, key):
        """Press a key: one of `KEYS`, or a printable one."""
        text = {} if key in KEYS and key != "Enter" else {"text": "\r" if key == "Enter" else key}
        code = KEYS.get(key, ord(key[0]))
        for kind, typed in (("keyDown", text), ("keyUp", {})):
            event = {"type": kind, "key": key, "windowsVirtualKeyCode": code, **typed}
            self.send("Input.dispatchKeyEvent", **event)

    def printed(self, width):
        """Show the page as it is printed, on paper of this width in pixels."""
        self.send("Emulation.setEmulatedMedia", media="print", features=[])
        self.send(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False},
        )

    def close(self):
        self.process.kill()
        self.process.wait()
        self.reads.close()
        self.writes.close()

    def _next(self):
        while b"\0" not in self.buffer:
            assert select.select([self.reads], [], [], 120)[0], "the browser does not answer"
            data = os.read(self.reads.fileno(), 2**20)
            assert data, "the browser has exited"
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)
