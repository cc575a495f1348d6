// Plotly takes a slow machine 30 to 100 ms a picture, which is too long under a moving hand. So the
// slider's ranks are drawn beforehand, out of sight, when the browser has nothing else to do. Under
// the hand such a picture is laid over the chart; the chart itself is drawn when the hand rests.

const RESTS_MS = 300;
const whenIdle = window.requestIdleCallback ?? ((work) => setTimeout(work, RESTS_MS)); // Safari

let movedAt = 0; // when the hand last moved, in the browser's milliseconds

// Begin to draw the ranks of a chart that knows them, those next to the hand's first.
function drawBeforehand(chart) {
  const { ranks } = chart.byRank;
  const hand = ranks.indexOf(heldRank() ?? chart.given.byRank.rank);
  const away = (rank) => Math.abs(ranks.indexOf(rank) - hand);
  chart.beforehand = {
    address: chart.asked,
    look: lookOf(chart),
    waiting: [...ranks].sort((one, other) => away(one) - away(other)),
    pictures: new Map(),
  };
  drawNext(chart, chart.beforehand);
}

function drawNext(chart, plan) {
  whenIdle(() => {
    if (!mayUse(chart, plan) || !plan.waiting.length) return;
    if (document.hidden || performance.now() - movedAt < RESTS_MS) {
      setTimeout(() => drawNext(chart, plan), RESTS_MS);
      return;
    }
    const rank = plan.waiting.shift();
    pictureOf(chart, unpacked(ahead(chart, rank) ?? chart.goal)).then((picture) => {
      plan.pictures.set(rank, picture);
      drawNext(chart, plan);
    });
  });
}

// Nothing that was zoomed or switched off by hand is drawn beforehand, nor for another width.
function mayUse(chart, plan) {
  return plan && plan === chart.beforehand && chart.isConnected && !chart.isTouched
    && plan.address === chart.given.byRank?.address && plan.look === lookOf(chart)
    && !isEnlarged(chart);
}

function pictureOf(chart, figure) {
  const picture = document.createElement("div");
  picture.className = "chart-beforehand";
  picture.setAttribute("aria-hidden", "true");
  document.body.append(picture);
  return chart.library.newPlot(picture, {
    data: figure.data,
    layout: { ...figure.layout, template: chart.given.template, ...sizeOf(chart, figure) },
    config: { staticPlot: true },
  }).then(() => {
    const drawn = [...picture.querySelectorAll(".main-svg")].map((layer) => layer.cloneNode(true));
    chart.library.purge(picture); // which empties the layers themselves
    picture.remove();
    picture.replaceChildren(...drawn);
    return picture;
  });
}

// Lay the picture of a rank over the chart; false where there is none.
function layOver(chart, rank, figure) {
  const plan = chart.beforehand;
  const picture = mayUse(chart, plan) && plan.pictures.get(rank);
  if (!picture) return false;
  chart.parentElement.append(picture); // in the chart itself Plotly would take it for its own
  if (chart.laidOver !== picture) chart.laidOver?.remove();
  chart.laidOver = picture;
  chart.shown = figure;
  clearTimeout(chart.resting);
  chart.resting = setTimeout(() => {
    if (chart.laidOver && chart.isConnected) draw(chart, chart.shown);
  }, RESTS_MS);
  return true;
}

function liftOff(chart) {
  clearTimeout(chart.resting);
  chart.laidOver?.remove();
  chart.laidOver = null;
}

// From the first zoom or click into the legend on, Plotly draws each rank: it keeps them.
function watchTouches(chart) {
  if (chart.isWatched) return;
  chart.isWatched = true;
  const touch = () => { chart.isTouched = true; };
  chart.on("plotly_restyle", touch);
  chart.on("plotly_relayout", (changes) => {
    if (Object.keys(changes).some((key) => /^[xy]axis/.test(key))) touch();
  });
}
