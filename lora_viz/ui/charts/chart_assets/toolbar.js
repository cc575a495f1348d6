// What a reader can do with a chart: save it, and see it over the whole window.

const ENLARGE = "M3 3h7v2H5v5H3V3zm11 0h7v7h-2V5h-5V3zM3 14h2v5h5v2H3v-7zm16 0h2v7h-7v-2h5v-5z";

// Plotly's settings; the same object as long as the words stay, or Plotly builds the chart anew.
function toolbar(chart) {
  const { name, words } = chart.given;
  if (chart.toolbar?.modeBarButtonsToAdd[0].name === words.enlarge) return chart.toolbar;
  chart.toolbar = {
    displaylogo: false,
    showSendToCloud: false, // nothing leaves the machine
    toImageButtonOptions: { format: "svg", filename: name },
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "sendChartToCloud"],
    modeBarButtonsToAdd: [{
      name: words.enlarge,
      title: words.enlarge,
      icon: { width: 24, height: 24, path: ENLARGE },
      click: () => enlarge(chart, !isEnlarged(chart)),
    }],
  };
  return chart.toolbar;
}

function isEnlarged(chart) {
  return chart.classList.contains("enlarged");
}

function enlarge(chart, whether) {
  chart.classList.toggle("enlarged", whether);
  chart.onEscape ??= ({ key }) => key === "Escape" && enlarge(chart, false);
  if (whether) document.addEventListener("keydown", chart.onEscape);
  else document.removeEventListener("keydown", chart.onEscape);
  resize(chart);
}

function nameSaveButtons(parent, chart) {
  const { words, name } = chart.given;
  parent.querySelector(".chart-save span").textContent = words.save;
  for (const button of parent.querySelectorAll(".chart-save button")) {
    const { format } = button.dataset;
    button.setAttribute("aria-label", `${words.save} ${format.toUpperCase()}`);
    button.onclick = () => chart.library?.downloadImage(chart, {
      format, scale: format === "png" ? 2 : 1, filename: name,
    });
  }
}
