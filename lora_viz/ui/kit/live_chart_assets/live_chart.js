// A Plotly chart that is redrawn in place: nothing flickers, and what was zoomed stays zoomed.

const NARROW = 560;

export default function ({ data, parentElement }) {
  const chart = parentElement.querySelector(".live-chart");
  chart.shown = data;
  plotly(data.library).then((library) => {
    draw(library, chart);
    chart.observer ??= new ResizeObserver(() => {
      const shape = shapeFor(chart);
      if (shape !== chart.shape) draw(library, chart);
      else library.Plots.resize(chart);
    });
    chart.observer.observe(chart);
    for (const button of parentElement.querySelectorAll(".live-save button")) {
      const { format } = button.dataset;
      const scale = format === "png" ? 2 : 1;
      button.onclick = () => library.downloadImage(chart, { format, scale, filename: data.name });
      button.setAttribute("aria-label", `${data.words} ${format.toUpperCase()}`);
    }
  });
  parentElement.querySelector(".live-save span").textContent = data.words;
  return () => {
    chart.observer?.disconnect();
    window.Plotly?.purge(chart);
  };
}

function shapeFor(chart) {
  return chart.clientWidth < NARROW ? "narrow" : "wide";
}

function draw(library, chart) {
  if (!chart.clientWidth) return; // in a closed tab
  chart.shape = shapeFor(chart);
  const { data, layout } = JSON.parse(chart.shown.figures[chart.shape]);
  library.react(chart, data, layout, {
    displaylogo: false,
    displayModeBar: "hover",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "toImage"],
  });
}

// The library comes from this app's own server, once for all charts of a visit.
function plotly(address) {
  window.liveChartLibrary ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
  return window.liveChartLibrary;
}
