// The page: the list on the left, the selected request on the right, the controls above.

import { call, follow } from "./api.js";
import { Controls } from "./controls.js";
import { Detail } from "./detail.js";
import { byId, copy } from "./dom.js";
import { bindKeys } from "./keyboard.js";
import { RequestList } from "./list.js";
import { askForToken } from "./sign_in.js";
import { toggleTheme } from "./theme.js";

const address = location.origin;
const detail = new Detail(address, () => close());
const list = new RequestList((id) => open(id));
const controls = new Controls((id) => list.select(id, { scroll: true }));

function open(id) {
  document.body.classList.add("reading");
  history.replaceState(null, "", `#${id}`);
  detail.show(id);
}

function close() {
  document.body.classList.remove("reading");
  history.replaceState(null, "", location.pathname);
  list.selected = null;
  list.paint(true);
  detail.show(null);
}

function setLive(state) {
  byId("live").dataset.state = state;
  byId("live").textContent = state;
}

let wanted = Number(location.hash.slice(1)) || null;

function connect() {
  const source = follow({
    onRequests(requests) {
      for (const request of requests) {
        list.update(request);
        detail.changed(request);
        if (request.id === wanted) {
          wanted = null;
          list.select(request.id, { scroll: true });
        }
      }
    },
    onReset({ kept }) {
      list.clear(kept);
      close();
    },
    onState: (state) => controls.show(state),
    onLive: setLive,
    async onRefused() {
      source.close();
      setLive("offline");
      try {
        await call("GET", "settings");
      } catch (error) {
        if (error.status === 401) await askForToken();
      }
      setTimeout(connect, 1000);
    },
  });
}

byId("address").textContent = address;
byId("address").addEventListener("click", () => copy(address, "Address"));
byId("theme").addEventListener("click", toggleTheme);
bindKeys({ list, detail, controls, close });
detail.show(null);
connect();
