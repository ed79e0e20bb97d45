// Keys: whatever has data-key is pressed by that key, as long as nobody is writing. A button that was pressed is not pressed twice.
(() => {
  const writing = (target) => target.closest("input, textarea, select, [contenteditable]");
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
    const wanted = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!wanted) return;
    event.preventDefault();
    wanted.click();
  });
  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }));
  addEventListener("click", (event) => document.querySelectorAll("details.chooser[open]").forEach((one) => {
    if (!one.contains(event.target)) one.open = false;
  }));
})();
