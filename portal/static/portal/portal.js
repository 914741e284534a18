// The little that needs a script; every page works without it.
(() => {
  const root = document.documentElement;

  const say = (button) => {
    const dark = root.getAttribute("data-bs-theme") === "dark";
    button.setAttribute("aria-label", dark ? "Use the light theme" : "Use the dark theme");
  };

  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.hidden = false;
    say(button);
    button.addEventListener("click", () => {
      const next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
      root.setAttribute("data-bs-theme", next);
      try {
        localStorage.setItem("theme", next);
      } catch {
        // Private windows may refuse storage; the choice then lasts for this page.
      }
      say(button);
    });
  }

  const menus = () => document.querySelectorAll("details[data-menu][open]");
  document.addEventListener("click", (event) => {
    for (const menu of menus()) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
    form.addEventListener("change", (event) => {
      if (event.target.matches("select")) form.requestSubmit();
    });
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button || !navigator.clipboard) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const label = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = label), 1500);
  });
})();
