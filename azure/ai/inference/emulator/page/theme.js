// Light or dark: as the system says, unless the user has chosen.

const KEY = "inference-emulator-theme";

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

const chosen = stored();
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;

/** Switch to the other theme, and remember it. */
export function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem(KEY, root.dataset.theme);
  } catch {
    // A browser without storage forgets it.
  }
}
