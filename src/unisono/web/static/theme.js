// Light or dark: the system decides until somebody does. Loaded in the head, so that no page flashes.
(() => {
  const root = document.documentElement;
  const read = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const wanted = read();
  if (wanted === "light" || wanted === "dark") root.dataset.theme = wanted;
  addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* asked again next time */ }
  });
})();
