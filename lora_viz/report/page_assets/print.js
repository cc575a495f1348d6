// Charts are as wide as the window was. On paper each is scaled to the width that it has there, and
// is itself again afterwards.
(() => {
  const drawn = () => document.querySelectorAll(".js-plotly-plot .svg-container");
  const scale = () => {
    for (const box of drawn()) {
      const { width, height } = box.getBoundingClientRect();
      if (!width || box.dataset.printed) continue;
      box.dataset.printed = box.getAttribute("style") || "";
      box.style.cssText += `;width:100%;height:auto;max-width:${width}px;aspect-ratio:${width}/${height}`;
      for (const layer of box.querySelectorAll(":scope > .main-svg")) {
        layer.dataset.printed = layer.getAttribute("style") || "";
        layer.setAttribute("viewBox", `0 0 ${width} ${height}`);
        layer.style.cssText += ";width:100%;height:100%";
      }
    }
  };
  const restore = () => {
    for (const one of document.querySelectorAll("[data-printed]")) {
      one.setAttribute("style", one.dataset.printed);
      one.removeAttribute("viewBox");
      delete one.dataset.printed;
    }
  };
  if (window.loraVizPrints) return;
  window.loraVizPrints = true;
  window.addEventListener("beforeprint", scale);
  window.addEventListener("afterprint", restore);
})();
