// Of a page's tabs only the open one is in it. On paper all stand below each other, each under its
// name: before printing they are opened in turn. A browser lets React draw what was clicked between
// two listeners of one event, so there is a listener for each tab.
(() => {
  if (window.loraVizPrintsTabs) return;
  window.loraVizPrintsTabs = true;
  const MOST = 8;
  let groups = [];

  const begin = () => {
    if (groups.length) return; // some browsers say twice that they are about to print
    groups = [...document.querySelectorAll('[data-testid="stTabs"]')].map((place) => {
      const tabs = [...place.querySelectorAll('[role="tab"]')];
      const written = document.createElement("div");
      written.className = "printed-tabs";
      return { place, tabs, written, first: tabs.findIndex(isOpen) };
    });
  };
  const open = (number) => groups.forEach(({ tabs }) => {
    if (tabs[number] && !isOpen(tabs[number])) tabs[number].click();
  });
  const write = (number) => groups.forEach(({ place, tabs, written }) => {
    const tab = tabs[number];
    const panel = place.querySelector('[role="tabpanel"]');
    if (!tab || !panel || !isOpen(tab)) return;
    const heading = document.createElement("h3");
    heading.textContent = tab.textContent;
    const copy = panel.cloneNode(true);
    for (const one of [copy, ...copy.querySelectorAll("[id], [role=tabpanel]")]) {
      one.removeAttribute("id");
      one.removeAttribute("role");
    }
    written.append(heading, copy);
  });
  const end = () => groups.forEach(({ place, tabs, written, first }) => {
    tabs[first]?.click();
    place.after(written);
    place.classList.add("is-printed-whole");
  });
  const restore = () => {
    for (const { place, written } of groups) {
      written.remove();
      place.classList.remove("is-printed-whole");
    }
    groups = [];
  };
  const isOpen = (tab) => tab.getAttribute("aria-selected") === "true";

  window.addEventListener("beforeprint", begin);
  for (let number = 0; number < MOST; number += 1) {
    window.addEventListener("beforeprint", () => open(number));
    window.addEventListener("beforeprint", () => write(number));
  }
  window.addEventListener("beforeprint", end);
  window.addEventListener("afterprint", restore);
})();
