// The control API, and its feed of changes.

/** An error response. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Call the API and return the JSON of its answer. */
export async function call(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  const response = await fetch(path, options);
  const value = await response.json();
  if (!response.ok) throw new ApiError(response.status, value.error?.message ?? response.statusText);
  return value;
}

/**
 * Follow what changes. The browser comes back by itself after a break, and says what it saw last, so nothing is missed.
 * Where it gives up, because the emulator refuses, `onRefused` is called.
 */
export function follow({ onRequests, onReset, onState, onLive, onRefused }) {
  const source = new EventSource("events");
  const on = (name, handler) => source.addEventListener(name, (event) => handler(JSON.parse(event.data)));
  on("requests", onRequests);
  on("reset", onReset);
  on("state", onState);
  source.addEventListener("open", () => onLive("live"));
  source.addEventListener("error", () => {
    onLive("reconnecting");
    if (source.readyState === EventSource.CLOSED) onRefused();
  });
  return source;
}
