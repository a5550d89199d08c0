// Elements are built by hand and text is set as text: nothing that came over the wire is ever read as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Return an element: `el("p.note", {title: "x"}, "text", child)`. Falsy children are left out. */
export function el(kind, attributes, ...children) {
  const [name, ...classes] = kind.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (/^(aria|data)-/.test(key)) {
      element.setAttribute(key, value);
      continue;
    }
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false && child !== ""));
  return element;
}

/** Return a line icon of 16 by 16, from the path of its strokes. */
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const stroke = document.createElementNS(SVG, "path");
  stroke.setAttribute("d", path);
  svg.append(stroke);
  return svg;
}

export const ICONS = {
  back: "M10 3 5 8l5 5",
  copy: "M6 6h7v7H6zM3 10V3h7",
  leave: "M6 3H3v10h3M7 8h6M10.5 5.5 13 8l-2.5 2.5",
  stream: "M2 5h8M2 8h12M2 11h6",
  retry: "M3.5 5.5a5.2 5.2 0 1 1-.6 4M3 2.5v3.3h3.3",
  bolt: "M9 2 4 9h4l-1 5 5-7H8z",
};

export const byId = (id) => document.getElementById(id);

let toastTimer;

/** Show a short message for a moment. */
export function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  box.dataset.shown = "true";
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => delete box.dataset.shown, 2200);
}

/** Copy text; pages that a browser does not trust, such as http on a container's name, have no clipboard. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea.offscreen", { readonly: true });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(`${what} copied`);
}
