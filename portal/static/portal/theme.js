// Sets light or dark before the first paint: the person's choice, else what the system prefers.
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  };
  const show = () => root.setAttribute("data-bs-theme", chosen() ?? (system.matches ? "dark" : "light"));
  show();
  system.addEventListener("change", show);
})();
