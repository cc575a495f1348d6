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

// The page's script (`ui/take_home`) saves: with title, scenario and source around the figure.
function nameSaveButtons(parent, chart) {
  const { words, name } = chart.given;
  const before = parent.querySelector(".chart-save span");
  before.textContent = words.save;
  for (const button of parent.querySelectorAll(".chart-save button")) {
    const { format } = button.dataset;
    if (format === "copy") button.textContent = words.copy;
    const label = format === "copy" ? words.copy : `${words.save} ${button.textContent}`;
    button.setAttribute("aria-label", label);
    button.onclick = async () => {
      before.textContent = await window.loraVizSave?.(chart, format, name) || words.save;
    };
  }
}
