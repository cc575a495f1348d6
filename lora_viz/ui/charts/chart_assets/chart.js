// A Plotly chart that stays where it is: what changes in it is redrawn in place, and what was zoomed
// stays zoomed. `given` is what the server sent last, `shown` what is on screen.

const NARROW = 560; // pixels

export default function ({ data, parentElement, setTriggerValue }) {
  const chart = parentElement.querySelector(".chart-figure");
  chart.given = data;
  chart.setAttribute("aria-label", data.label);
  chart.style.minHeight ||= `${JSON.parse(data.figures.wide).layout.height}px`; // until it is drawn
  nameSaveButtons(parentElement, chart);
  const app = document.querySelector("[data-testid=stApp]");
  chart.themes ??= new MutationObserver(() => {
    // a reader's evening, or another theme in the menu: the server draws in the new one's ink
    const { colorScheme } = getComputedStyle(app);
    if (colorScheme !== chart.given.theme) setTriggerValue("themed", colorScheme);
  });
  chart.themes.observe(app, { attributeFilter: ["class"] });
  Promise.all([plotly(data.library), loaded(data.fonts)]).then(([library]) => {
    if (!chart.isConnected) return;
    chart.library = library;
    update(chart);
    chart.observer ??= new ResizeObserver(() => fit(chart));
    chart.observer.observe(chart);
    followHand(chart);
  });
  return () => {
    chart.observer?.disconnect();
    chart.themes.disconnect();
    document.removeEventListener("keydown", chart.onEscape);
    leaveHand(chart);
    stopEasing(chart);
    liftOff(chart);
    chart.isWatched = chart.hasPlayer = false; // what Plotly lets go of hears of nothing
    window.Plotly?.purge(chart);
  };
}

// Take what the server sent; a hand that is already further is not pulled back.
function update(chart) {
  if (!chart.clientWidth) return; // in a closed tab; drawn when it gets its width
  chart.shape = shapeFor(chart);
  const text = chart.given.figures[chart.shape];
  if (text === chart.text && chart.look === lookOf(chart)) return; // what plays goes on
  chart.text = text;
  chart.goal = JSON.parse(text);
  change(chart, ahead(chart, heldRank()) ?? chart.goal);
}

// A new width: the same picture, or the other shape.
function fit(chart) {
  if (!chart.clientWidth || chart.clientWidth === chart.drawnWidth) return;
  if (!chart.shown || shapeFor(chart) !== chart.shape) update(chart);
  else if (chart.laidOver) draw(chart, chart.shown);
  else resize(chart);
}

// What is played or zoomed stays as it is.
function resize(chart) {
  chart.drawnWidth = chart.clientWidth;
  chart.look = lookOf(chart);
  chart.library.relayout(chart, sizeOf(chart, chart.shown));
}

function sizeOf(chart, { layout: { height } }) {
  return { width: chart.clientWidth, height: isEnlarged(chart) ? window.innerHeight : height };
}

function shapeFor({ clientWidth, given }) {
  return clientWidth < NARROW && given.figures.narrow ? "narrow" : "wide";
}

// What a chart looks like besides its figure.
function lookOf({ clientWidth, given }) {
  return JSON.stringify([clientWidth, given.template]);
}

function draw(chart, figure) {
  chart.drawnWidth = chart.clientWidth;
  chart.look = lookOf(chart);
  chart.shown = figure;
  const { data, layout, frames } = figure;
  chart.library.react(chart, {
    data: data.map((trace) => ({ ...trace })), // Plotly writes into what it is given
    layout: {
      uirevision: "kept",
      ...structuredClone(layout),
      template: chart.given.template,
      ...sizeOf(chart, figure),
    },
    frames,
    config: toolbar(chart),
  }).then(() => {
    openPlayer(chart);
    watchTouches(chart);
  });
  liftOff(chart);
  chart.style.minHeight = `${layout.height}px`;
  chart.style.setProperty("--chart-height", `${layout.height}px`);
  chart.dataset.drawn = "";
}

// Plotly measures words when it draws them, and a font that comes later moves them off their bars.
function loaded(fonts) {
  const faces = fonts.flatMap((font) => [`12px ${font}`, `bold 12px ${font}`]);
  return Promise.allSettled(faces.map((face) => document.fonts.load(face)));
}

// The library comes from this application's own server, once for all charts of a visit.
function plotly(address) {
  window.plotlyLibrary ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = (event) => {
      window.plotlyLibrary = undefined; // the next chart asks again
      reject(event);
    };
    document.head.append(script);
  });
  return window.plotlyLibrary;
}
